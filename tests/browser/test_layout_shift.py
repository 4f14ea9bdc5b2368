"""Nothing on a page moves while it loads: cumulative layout shift, as browsers report it.

https://web.dev/articles/cls: the shifts of the worst window of at most five seconds, in which no
second passes without one. Below 0.1 is good.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Visitor, serve
from tests.browser.test_label import enter
from tests.planted_labels import planted_store

pytestmark = [pytest.mark.browser, pytest.mark.long]

GOOD = 0.1
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
PAGES = {
    None: {
        "predict": ".st-key-why_map img",
        "explain": ".st-key-exhibit_take_away",
        "places": ".stExpander",
        "stations": ".st-key-stations_choice_source",
        "evaluation": ".aq-headline",
        "label": ".st-key-account_card",
        "review": ".st-key-account_card",
        "models": ".st-key-account_card",
        "admin": ".st-key-account_card",
    },
    "Asha": {"label": ".aq-zoom img"},
    "Eva": {"review": ".st-key-review_choice_part", "models": ".st-key-card_gain"},
    "Ada": {"admin": ".st-key-card_invite"},
}
OBSERVE = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const {startTime, value, hadRecentInput} of list.getEntries())
    if (!hadRecentInput) window.shifts.push([startTime, value]);
}).observe({type: 'layout-shift', buffered: true});
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    """A server whose store has people and items."""
    home = tmp_path_factory.mktemp("home")
    planted_store(home, 12).close()
    with serve(home, "-m", "streamlit") as address:
        yield address


def layout_shift(shifts: list[tuple[float, float]]) -> float:
    """The worst window; `shifts` are milliseconds and scores.

    >>> layout_shift([(0, 0.1), (900, 0.1), (2000, 0.15)])
    0.2
    """
    worst = window = first = last = 0.0
    for at, score in shifts:
        if window and at - last < 1000 and at - first < 5000:
            window += score
        else:
            window, first = score, at
        last, worst = at, max(worst, window)
    return worst


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_while_a_page_loads(chromium: Browser, server: str, size: str):
    width, height = SIZES[size]
    moved = {}
    for person, pages in PAGES.items():
        context = chromium.new_context(viewport={"width": width, "height": height})
        context.add_init_script(OBSERVE)
        visitor = Visitor(context.new_page(), server)
        if person:
            visitor.page.goto(f"{server}/label")
            enter(visitor.page, person, ".aq-desk")
        for name, until in pages.items():
            visitor.open(f"/{name}", until)
            moved[person, name] = layout_shift(visitor.page.evaluate("window.shifts"))
        context.close()
    assert {page: score for page, score in moved.items() if score >= GOOD} == {}
