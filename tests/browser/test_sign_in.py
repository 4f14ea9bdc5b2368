"""A sign-in outlives a reload and a new tab, and ends when and where it should."""

import json
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from aqfusion.labels.store import LabelStore
from tests.browser.conftest import serve
from tests.browser.test_label import AT_REST, HEAD, press, sign_in
from tests.planted_labels import NOW, PIN, planted_store

pytestmark = pytest.mark.browser

ITEMS = 40
MESSAGE = ".st-key-label_card .aq-message"
INSIDE, OUTSIDE = ".st-key-account_out button", ".st-key-account_card"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    planted_store(home, ITEMS).close()
    return home


@pytest.fixture(scope="module")
def server(home):
    with serve(home, "-m", "streamlit") as address:
        yield address


@pytest.fixture
def browser(chromium, server):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


def opened(context: BrowserContext, address: str, until: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(until, timeout=60_000)
    page.wait_for_selector(AT_REST)
    return page


def with_cookie(context: BrowserContext) -> dict:
    """The sign-in cookie, once the browser has fetched it."""
    page = context.pages[0]
    for _ in range(50):
        for cookie in context.cookies():
            if cookie["name"].startswith("aqfusion_"):
                return cookie
        page.wait_for_timeout(100)
    raise AssertionError("no cookie came")


def store_of(home) -> LabelStore:
    return LabelStore.open(str(home / "labels" / "labels.db"), str(home / "labels" / "photos"))


def test_a_sign_in_survives_reload_new_tab_and_link_and_ends_everywhere(browser, server, home):
    page = browser.new_page()
    sign_in(page, server, "Asha")
    cookie = with_cookie(browser)
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["value"] not in page.content()
    page.reload()
    page.wait_for_selector(INSIDE, timeout=60_000)
    second = opened(browser, f"{server}/label?item=7", ".aq-zoom img")
    assert second.locator(HEAD).inner_text().endswith("item 7")
    assert "item" not in second.url.partition("?")[2]
    page.locator(INSIDE).click()
    page.wait_for_selector(OUTSIDE)
    before = said_of_item(home, 7)
    second.keyboard.press("3")
    second.wait_for_selector(OUTSIDE)
    assert said_of_item(home, 7) == before == {}
    opened(browser, f"{server}/label", OUTSIDE)


def said_of_item(home, item: int) -> dict[str, int | None]:
    store = store_of(home)
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    view = store.review.view(eva, item)
    store.close()
    return {answer.name: answer.answer.band for answer in view.answers}


def test_note_doubt_mode_way_back_and_count_survive_a_reload(browser, server, home):
    page = browser.new_page()
    sign_in(page, server, "Asha")
    with_cookie(browser)
    answered = press(page, "3")
    item = page.locator(HEAD).inner_text()
    page.keyboard.press("v")
    page.get_by_role("switch", name="Assisted").and_(page.locator("[aria-checked=true]")).wait_for()
    page.keyboard.press("d")
    page.keyboard.press("t")
    page.get_by_label("Note", exact=True).fill("smoke or fog?")
    page.wait_for_timeout(1500)
    page.wait_for_selector(AT_REST)
    page.reload()
    page.wait_for_selector(".aq-zoom img", timeout=60_000)
    page.wait_for_selector(AT_REST)
    assert page.locator(HEAD).inner_text() == item
    assert page.get_by_role("switch", name="Assisted").get_attribute("aria-checked") == "true"
    assert page.get_by_role("button", name="I am unsure").get_attribute("aria-pressed") == "true"
    page.keyboard.press("t")
    expect(page.get_by_label("Note", exact=True)).to_have_value("smoke or fog?")
    page.keyboard.press("Escape")
    press(page, "b")
    assert page.locator(HEAD).inner_text().endswith(f"item {answered}")


@pytest.mark.parametrize("change", ["disabled", "another PIN"])
def test_a_disabled_account_and_another_pin_end_it_at_the_next_click(browser, server, home, change):
    page = browser.new_page()
    sign_in(page, server, "Bina")
    with_cookie(browser)
    store = store_of(home)
    ada = store.sign_in.by_pin("Ada", PIN, NOW)
    bina = next(user for user in store.accounts.users(ada) if user.name == "Bina")
    if change == "disabled":
        store.accounts.set_disabled(ada, bina.id, True)
    else:
        store.accounts.reset_pin(ada, bina.id, PIN)
    page.keyboard.press("2")
    page.wait_for_selector(OUTSIDE)
    opened(browser, f"{server}/label", OUTSIDE)
    store.accounts.set_disabled(ada, bina.id, False)
    store.close()
    opened(browser, f"{server}/label", OUTSIDE)


def test_one_person_in_two_tabs_labels_in_each_what_is_shown(browser, server, home):
    first = browser.new_page()
    sign_in(first, server, "Asha")
    with_cookie(browser)
    second = opened(browser, f"{server}/label", ".aq-zoom img")
    told: dict[int, int] = {}
    for turn in range(10):
        page = (first, second)[turn % 2]
        page.bring_to_front()
        category = turn % 6
        item = int(press(page, str(category + 1)))
        assert item not in told
        told[item] = category
        assert "another tab" not in page.locator(MESSAGE).inner_text()
    assert {item: said_of_item(home, item)["Asha"] for item in told} == told


def test_an_answer_given_in_another_tab_stays_and_the_next_key_leads_on(browser, server, home):
    first = browser.new_page()
    sign_in(first, server, "Asha")
    with_cookie(browser)
    item = int(first.locator(HEAD).inner_text().rsplit(" ", 1)[1])
    second = opened(browser, f"{server}/label?item={item}", ".aq-zoom img")
    assert second.locator(HEAD).inner_text().endswith(f"item {item}")
    second.bring_to_front()
    press(second, "2")
    first.bring_to_front()
    press(first, "5")
    assert "in another tab" in first.locator(MESSAGE).inner_text()
    assert said_of_item(home, item) == {"Asha": 1}
    assert said_of_item(home, int(press(first, "6")))["Asha"] == 5


def test_a_strange_code_gets_no_cookie_and_another_site_is_refused(server):
    own = {"Content-Type": "application/json", "Origin": server}
    for headers, body, status in (
        (own, {"code": "guessed"}, 403),
        (own, {}, 400),
        (own, {"code": "x" * 600}, 400),
        ({**own, "Origin": "http://evil.example"}, {"code": "guessed"}, 403),
        ({**own, "Sec-Fetch-Site": "cross-site"}, {"code": "guessed"}, 403),
        ({**own, "Content-Type": "text/plain"}, {"code": "guessed"}, 403),
    ):
        request = urllib.request.Request(
            f"{server}/sign-in/cookie", json.dumps(body).encode(), headers
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code == status
        assert "set-cookie" not in refused.value.headers
