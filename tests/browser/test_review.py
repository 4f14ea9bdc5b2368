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
    visitor.press("Overrule")
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
