"""The Review page in a real browser: fast fingers, hostile names, both screens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import SCREENS, Visitor, serve
from tests.labels.planted import PIN
from tests.planted_review import Planted, plant

pytestmark = [pytest.mark.browser, pytest.mark.long]

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def planted(home) -> Iterator[Planted]:
    """What the server's label store holds; the tests look into it beside the server."""
    planted = plant(home)
    yield planted
    planted.store.close()


@pytest.fixture(scope="module")
def server(home, planted) -> Iterator[str]:
    with serve(home, "-m", "streamlit") as address:
        yield address


def sign_in(visitor: Visitor, path: str, until: str) -> None:
    """Follow a link without an account, and sign in where it leads."""
    visitor.open(path, until=".st-key-account_card")
    visitor.page.locator(".st-key-account_name input").click()
    visitor.page.get_by_role("option", name="Eva", exact=True).click()
    visitor.page.locator(".st-key-account_pin input").fill(PIN)
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()
    visitor.page.wait_for_selector(until)
    visitor.settle()


def kinds(planted: Planted, name: str) -> list[str]:
    view = planted.store.review.view(planted.expert, planted.items[name])
    return [event.kind for event in view.history]


def test_a_double_click_accepts_once_and_leaves_the_next_item_alone(visitor, planted):
    page, items = visitor.page, planted.items
    sign_in(visitor, f"/review?item={items['newest']}", ".st-key-review_history")
    page.get_by_role("button", name="Accept Ana's answer").dblclick()
    page.wait_for_selector(f".st-key-review_back_{items['newest']}")
    visitor.settle()
    assert page.url.endswith(f"?item={items['middle']}")
    assert kinds(planted, "newest") == ["answer", "answer", "accept"]
    assert kinds(planted, "middle") == ["answer", "answer"]
    page.get_by_role("radio", name="Exact AQI").click()
    visitor.settle()
    page.get_by_role("spinbutton", name="US AQI").fill("250")
    page.locator(f".st-key-review_reason_{items['middle']} textarea").fill("the tower is gone")
    page.locator(f".st-key-review_overrule_{items['middle']} button").click()
    visitor.settle()
    page.wait_for_selector(f".st-key-review_back_{items['middle']}")
    decision = planted.store.review.view(planted.expert, items["middle"]).decision
    assert (decision.kind, decision.answer.aqi) == ("overrule", 250)
    assert decision.reason == "the tower is gone"
    assert visitor.outside == []


@pytest.mark.parametrize("visitor", SCREENS[1:], indirect=True)
def test_a_phone_shows_all_of_it_and_names_are_text(visitor, planted):
    alerts = []
    visitor.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    sign_in(visitor, f"/review?item={planted.items['oldest']}", ".st-key-review_history")
    assert visitor.page.evaluate(WIDER) <= 0
    visitor.keep_screenshot("review-item")
    visitor.page.locator(".st-key-review_close button").click()
    visitor.page.wait_for_selector(".st-key-review_ways")
    visitor.settle()
    visitor.page.get_by_role("radio", name="Agreement", exact=True).click()
    visitor.page.wait_for_selector(".st-key-chart_against_model .main-svg")
    visitor.settle()
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Pairs as CSV").click()
    assert "onerror" in download.value.path().read_text(encoding="utf-8")
    visitor.keep_screenshot("review-agreement")
    assert visitor.page.evaluate(WIDER) <= 0
    assert visitor.page.locator("img[src='x'], a[href*='x.y']").count() == 0
    assert alerts == visitor.outside == []


SLOT = "#aq-slot-overrule"


def place_of(visitor: Visitor, selector: str) -> dict[str, float]:
    """Where a button stands, to the pixel, from the top of the page."""
    page = visitor.page
    box = page.locator(selector).bounding_box()
    scrolled = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    return {"x": round(box["x"]), "y": round(box["y"] + scrolled)}


@pytest.mark.parametrize(
    "visitor", [{"viewport": {"width": 1440, "height": 900}}], ids=["wide"], indirect=True
)
def test_all_is_in_one_view_and_an_error_moves_no_button(visitor, planted):
    item, page = planted.items["flagged"], visitor.page
    sign_in(visitor, f"/review?item={item}", ".st-key-review_history")
    buttons = [
        *(f".st-key-review_accept_{item}_{planted.ana.id} button",),
        *(f".st-key-review_overrule_{item} button", f".st-key-review_send_back_{item} button"),
    ]
    for seen in (".st-key-review_photo img", ".aq-readings", *buttons):
        box = page.locator(seen).first.bounding_box()
        assert box["y"] >= 0, seen
        assert box["y"] + box["height"] <= 900, seen
    before = [place_of(visitor, button) for button in buttons]
    for _ in range(2):
        page.keyboard.press("o")
        page.wait_for_selector(f"{SLOT} p:has-text('must be given')")
        visitor.settle()
        page.keyboard.press("b")
        page.wait_for_selector(
            "#aq-slot-send_back p:has-text('Reason must have at least 1 character')"
        )
        visitor.settle()
        assert [place_of(visitor, button) for button in buttons] == before
    assert kinds(planted, "flagged") == ["answer"]


def test_keys_decide_and_never_fire_while_somebody_types(visitor, planted):
    item, page = planted.items["oldest"], visitor.page
    sign_in(visitor, f"/review?item={item}", ".st-key-review_history")
    before = kinds(planted, "oldest")
    page.keyboard.press("e")
    page.keyboard.type("boats and pansies, 4 of 6? usual")
    visitor.settle()
    assert page.locator(f".st-key-review_reason_{item} textarea").input_value() == (
        "boats and pansies, 4 of 6? usual"
    )
    assert kinds(planted, "oldest") == before
    assert page.url.endswith(f"?item={item}")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector(".aq-keys")
    page.keyboard.press("Escape")
    page.wait_for_timeout(400)
    page.keyboard.press("5")
    page.keyboard.press("o")
    page.wait_for_selector(f".st-key-review_back_{item}")
    visitor.settle()
    decision = planted.store.review.view(planted.expert, item).decision
    assert (decision.kind, decision.answer.category) == ("overrule", 4)
    assert decision.reason == "boats and pansies, 4 of 6? usual"
    page.keyboard.press("u")
    page.wait_for_url(f"**/review?item={item}")
    visitor.settle()
    page.keyboard.press("l")
    page.wait_for_selector(".st-key-review_ways")


def test_a_row_opens_wherever_it_is_clicked_and_by_enter(visitor, planted):
    page, item = visitor.page, planted.items["agreed"]
    sign_in(visitor, "/review", ".st-key-review_ways")
    for how in ("photo", "right edge", "enter"):
        page.get_by_role("radio", name="All", exact=True).click()
        visitor.settle()
        row = page.locator(f".st-key-review_row_{item}")
        row.scroll_into_view_if_needed()
        box = row.bounding_box()
        if how == "enter":
            page.get_by_role("button", name=f"Open item {item}, answered").focus()
            page.keyboard.press("Enter")
        else:
            x = box["x"] + (40 if how == "photo" else box["width"] - 6)
            page.mouse.click(x, box["y"] + box["height"] / 2)
        page.wait_for_selector(".st-key-review_history")
        visitor.settle()
        assert page.url.endswith(f"?item={item}")
        page.keyboard.press("l")
        page.wait_for_selector(".st-key-review_ways")
        visitor.settle()


@pytest.mark.parametrize("visitor", SCREENS[1:], indirect=True)
def test_on_a_phone_an_error_is_scrolled_into_view(visitor, planted):
    item, page = planted.items["flagged"], visitor.page
    sign_in(visitor, f"/review?item={item}", ".st-key-review_history")
    page.evaluate(f"document.querySelector('.st-key-review_send_back_{item} button').click()")
    page.wait_for_selector("#aq-slot-send_back p:has-text('Reason must have at least 1 character')")
    page.wait_for_timeout(600)
    box = page.locator("#aq-slot-send_back").bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= page.viewport_size["height"]
