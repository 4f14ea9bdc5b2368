"""Two people label at once, each in a browser of their own, by keyboard alone."""

import os
from itertools import cycle

import pytest
from playwright.sync_api import Page

from aqfusion.labels.store import LabelStore
from tests.browser.conftest import SCREENS, Visitor, serve
from tests.planted_labels import NOW, PIN, planted_store

pytestmark = pytest.mark.browser

# The real thing is 100: LABELS=100 python -m pytest tests/browser/test_label.py
LABELS = int(os.environ.get("LABELS", "10"))
HEAD = ".st-key-label_card h3"
GONE = "head => { const now = document.querySelector('.st-key-label_card h3, \
.st-key-label_end'); return now && now.innerText !== head }"
# The heading comes before the buttons that listen for keys.
AT_REST = "[data-test-script-state='notRunning']"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    planted_store(home, LABELS).close()
    return home


@pytest.fixture(scope="module")
def server(home):
    with serve(home, "-m", "streamlit") as address:
        yield address


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/label")
    page.get_by_role("combobox", name="Your name").click(timeout=90_000)
    page.get_by_role("option", name=name, exact=True).click()
    page.get_by_label("Your PIN").fill(PIN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".aq-zoom img")


def press(page: Page, key: str) -> str:
    """Press a key, wait for another item, and return the item that was answered."""
    head = page.locator(HEAD).inner_text()
    page.keyboard.press(key)
    page.wait_for_function(GONE, arg=head)
    page.wait_for_selector(AT_REST)
    return head.rsplit(" ", 1)[1]


def said_of(home) -> dict[str, tuple[str, int | None]]:
    store = LabelStore.open(str(home / "labels" / "labels.db"), str(home / "labels" / "photos"))
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    views = [store.review.view(eva, item) for item in range(1, LABELS + 1)]
    store.close()
    return {
        str(view.item.task.id): [(one.name, one.answer.band) for one in view.answers]
        for view in views
    }


@pytest.mark.parametrize("visitor", SCREENS[1:], indirect=True)
def test_the_page_fits_a_phone(visitor: Visitor):
    sign_in(visitor.page, visitor.address, "Asha")
    visitor.settle()
    visitor.keep_screenshot("label-phone-dark")
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visitor.page.evaluate(wider) <= 0


def test_two_people_label_everything_once_with_undo_and_back(visitor, chromium, home):
    other = chromium.new_context().new_page()
    pages = {"Asha": visitor.page, "Bina": other}
    told: dict[str, list[tuple[str, int]]] = {}
    for name, page in pages.items():
        sign_in(page, visitor.address, name)
    for turn, name in zip(range(LABELS), cycle(pages)):
        page, category = pages[name], turn % 6
        item = press(page, str(category + 1))
        assert item not in told, "an item was served twice"
        told[item] = [(name, category)]
    other.wait_for_selector(".st-key-label_end")
    assert said_of(home) == told
    last = press_back(other, "u")
    assert said_of(home)[last] == []
    press_end(other, "6")
    assert said_of(home)[last] == [("Bina", 5)]
    other.context.close()
    assert visitor.outside == []


def press_back(page: Page, key: str) -> str:
    page.keyboard.press(key)
    page.wait_for_selector(HEAD)
    page.wait_for_selector(AT_REST)
    return page.locator(HEAD).inner_text().rsplit(" ", 1)[1]


def press_end(page: Page, key: str) -> None:
    page.keyboard.press(key)
    page.wait_for_selector(".st-key-label_end")
