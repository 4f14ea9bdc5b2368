"""Two people label at once, each in a browser of their own, by keyboard; an expert decides."""

import csv
import os
from itertools import cycle
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from aqfusion.air.aqi import standard
from aqfusion.cli import main
from aqfusion.labels.store import LabelStore
from tests.browser.conftest import SCREENS, Visitor, serve
from tests.planted_labels import NOW, PIN, planted_store

pytestmark = pytest.mark.browser

# The real thing is 100: LABELS=100 python -m pytest tests/browser/test_label.py
LABELS = int(os.environ.get("LABELS", "10"))
TWICE = {"1", "2"}  # are asked of both
HEAD, END = ".st-key-label_card h3", ".st-key-label_end"
GONE = "head => { const now = document.querySelector('.st-key-label_card h3, \
.st-key-label_end'); return now && now.innerText !== head }"
# The heading comes before the buttons that listen for keys.
AT_REST = "[data-test-script-state='notRunning']"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    planted_store(home, LABELS, twice=len(TWICE)).close()
    return home


@pytest.fixture(scope="module")
def server(home):
    with serve(home, "-m", "streamlit") as address:
        yield address


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/label")
    enter(page, name, ".aq-zoom img")


def enter(page: Page, name: str, until: str) -> None:
    page.get_by_role("combobox", name="Your name").click(timeout=90_000)
    page.get_by_role("option", name=name, exact=True).click()
    page.get_by_label("Your PIN").fill(PIN)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_selector(until)
    page.wait_for_selector(AT_REST)


def press(page: Page, key: str) -> str:
    """Press a key, wait for another item, and return the item that was answered."""
    head = page.locator(HEAD).inner_text()
    page.keyboard.press(key)
    page.wait_for_function(GONE, arg=head)
    page.wait_for_selector(AT_REST)
    return head.rsplit(" ", 1)[1]


def said_of(home: Path) -> dict[str, dict[str, int | None]]:
    """The category of each item's answers, by who gave them."""
    store = LabelStore.open(str(home / "labels" / "labels.db"), str(home / "labels" / "photos"))
    eva = store.sign_in.by_pin("Eva", PIN, NOW)
    views = [store.review.view(eva, item) for item in range(1, LABELS + 1)]
    store.close()
    return {
        str(view.item.task.id): {event.name: event.answer.band for event in view.answers}
        for view in views
    }


@pytest.mark.parametrize("visitor", SCREENS[1:], indirect=True)
def test_the_page_fits_a_phone(visitor: Visitor):
    sign_in(visitor.page, visitor.address, "Asha")
    visitor.settle()
    visitor.keep_screenshot("label-phone-dark")
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visitor.page.evaluate(wider) <= 0


def test_two_people_label_an_expert_decides_and_the_export_holds_that(
    visitor, chromium, home, monkeypatch
):
    monkeypatch.setenv("AQFUSION_HOME", str(home))
    other = chromium.new_context().new_page()
    pages = {"Asha": visitor.page, "Bina": other}
    answers_by_item: dict[str, dict[str, int]] = {}
    for name, page in pages.items():
        sign_in(page, visitor.address, name)
    for turn, name in zip(range(LABELS + len(TWICE)), cycle(pages)):
        category = (turn // 2 + (name == "Bina")) % 6
        answers_of_item = answers_by_item.setdefault(press(pages[name], str(category + 1)), {})
        assert name not in answers_of_item, "an item was served again"
        answers_of_item[name] = category
    assert {item for item, answers in answers_by_item.items() if len(answers) == 2} == TWICE
    for page in pages.values():
        page.wait_for_selector(END)
    assert said_of(home) == answers_by_item
    last = press_back(other, "u")
    assert "Bina" not in said_of(home)[last]
    press_end(other, "6")
    answers_by_item[last] = {**answers_by_item[last], "Bina": 5}
    assert said_of(home) == answers_by_item
    holds = {
        item: answers.popitem()[1] for item, answers in answers_by_item.items() if len(answers) == 1
    }
    assert exported(home) == {**holds, **dict.fromkeys(TWICE, "")}
    other.context.close()
    holds |= decide(chromium, visitor.address, {item: answers_by_item[item] for item in TWICE})
    assert exported(home) == holds
    assert visitor.outside == []


def decide(chromium: Browser, address: str, conflicts: dict[str, dict[str, int]]) -> dict[str, int]:
    """Let the expert accept Bina's answer to the first, and overrule the others; what holds now."""
    page = chromium.new_context().new_page()
    accepted, *overruled = sorted(conflicts)
    page.goto(f"{address}/review?item={accepted}")
    enter(page, "Eva", ".st-key-review_history")
    page.get_by_role("button", name="Accept Bina's answer").click()
    page.wait_for_selector(f".st-key-review_back_{accepted}")
    for item in overruled:
        page.goto(f"{address}/review?item={item}")  # the sign-in outlives the page
        page.wait_for_selector(".st-key-review_history")
        page.get_by_role("radio", name="6 Hazardous", exact=True).click()
        page.locator(f".st-key-review_reason_{item} textarea").fill("smoke over all of it")
        page.locator(f".st-key-review_overrule_{item} button").click()
        page.wait_for_selector(f".st-key-review_back_{item}")
    page.context.close()
    return {accepted: conflicts[accepted]["Bina"], **dict.fromkeys(overruled, 5)}


def exported(home: Path) -> dict[str, int | str]:
    """The category of each item in the export, as a number; empty where nothing is settled."""
    out = home / "export.csv"
    out.unlink(missing_ok=True)
    assert main(["labels", "export", "--format", "csv", "--out", str(out)]) == 0
    names = [category.name for category in standard("us").categories]
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["item"]: names.index(row["category"]) if row["category"] else "" for row in rows}


def press_back(page: Page, key: str) -> str:
    page.keyboard.press(key)
    page.wait_for_selector(HEAD)
    page.wait_for_selector(AT_REST)
    return page.locator(HEAD).inner_text().rsplit(" ", 1)[1]


def press_end(page: Page, key: str) -> None:
    page.keyboard.press(key)
    page.wait_for_selector(END)
