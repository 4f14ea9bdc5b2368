"""The Evaluation page in a real browser, with no internet and planted figures."""

import csv
import io

import pytest

from tests.browser.conftest import SCREENS, serve
from tests.planted_metrics import planted_metrics, write_metrics

pytestmark = pytest.mark.browser

PHONE = {"width": 375, "height": 812}
CHARTS = (
    "sessions",
    "confusion",
    "reliability",
    "coverage-by-place",
    "coverage-by-readings",
    "missing-readings",
)
LAST = ".st-key-exhibit_catches table"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    metrics = planted_metrics()
    del metrics["protocols"]["place"]["backbones"]["resnet18"]
    path = write_metrics(home / "metrics.json", metrics)
    with serve(home, "-m", "tests.browser.serve_planted", str(path)) as address:
        yield address


def open_page(visitor):
    visitor.open("/evaluation", LAST)


def choose(visitor, name):
    visitor.page.get_by_role("radio", name=name, exact=True).click()
    visitor.settle()


@pytest.mark.parametrize("visitor", SCREENS, indirect=True)
def test_every_chart_is_drawn_and_nobody_outside_is_asked(visitor, request):
    open_page(visitor)
    for noun in CHARTS:
        visitor.page.wait_for_selector(f".st-key-chart_{noun} .main-svg .xtick text")
    visitor.settle()
    visitor.keep_screenshot(f"evaluation-{request.node.callspec.id}")
    assert visitor.page.evaluate(WIDER) <= 0
    assert visitor.outside == []
    assert visitor.page.locator("[data-testid='stAlert']").count() == 0


@pytest.mark.long
def test_tables_scroll_inside_on_a_phone(visitor):
    visitor.page.set_viewport_size(PHONE)
    open_page(visitor)
    box = visitor.page.locator(".st-key-exhibit_scores .aq-scroll")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert visitor.page.evaluate(WIDER) <= 0


@pytest.mark.long
def test_csv_downloads(visitor):
    open_page(visitor)
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Scores as CSV").click()
    assert download.value.suggested_filename == "aqfusion-scores-leak-safe-mobilenetv2_100.csv"
    rows = list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    run = planted_metrics()["protocols"]["leak-safe"]["backbones"]["mobilenetv2_100"]
    accuracy = run["kinds"]["fused"]["scores"]["photos"]["accuracy"]
    assert rows[1][:5] == ["Ours: photo and readings", "both", *map(str, accuracy)]


@pytest.mark.long
def test_camera_saves_the_chart(visitor):
    open_page(visitor)
    chart = visitor.page.locator(".st-key-chart_sessions")
    chart.hover()
    with visitor.page.expect_download() as download:
        chart.locator("[data-title='Download plot as a PNG']").click()
    name = "aqfusion-sessions-leak-safe-mobilenetv2_100-fused.png"
    assert download.value.suggested_filename == name
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


@pytest.mark.long
def test_absent_run_is_said_in_its_place(visitor):
    open_page(visitor)
    choose(visitor, "Leave one place out")
    choose(visitor, "ResNet18")
    visitor.page.wait_for_selector("text=Leave one place out, ResNet18")
    assert visitor.page.locator(".st-key-exhibit_backbones").count() == 1
    choose(visitor, "EfficientNet-B0")
    visitor.page.wait_for_selector(LAST)


@pytest.mark.long
@pytest.mark.parametrize("visitor", SCREENS, indirect=True)
def test_what_days_of_a_place_are_worth_is_drawn_and_written(visitor, request):
    open_page(visitor)
    visitor.page.wait_for_selector(".aq-wide >> text=At a place that the model has never seen")
    visitor.page.wait_for_selector(".st-key-exhibit_known-places table")
    choose(visitor, "Leave one place out")
    visitor.page.wait_for_selector(".st-key-chart_history .main-svg .xtick text")
    ticks = visitor.page.locator(".st-key-chart_history .main-svg .xtick text").all_text_contents()
    assert ticks == ["0", "1", "2", "4", "8"]
    assert visitor.page.locator(".st-key-exhibit_history-steps tbody tr").count() == 20
    assert visitor.page.evaluate(WIDER) <= 0
    visitor.keep_screenshot(f"evaluation-history-{request.node.callspec.id}")


@pytest.mark.long
def test_keyboard_reaches_and_moves_the_selectors(visitor):
    open_page(visitor)
    for _ in range(20):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("!!document.activeElement.closest('.st-key-evaluation_protocol')"):
            break
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("Space")
    visitor.settle()
    chosen = visitor.page.locator(".st-key-evaluation_protocol [aria-checked='true']")
    assert chosen.inner_text() == "Leave one place out"


@pytest.mark.long
def test_nothing_jumps_when_the_kind_of_input_changes(visitor):
    open_page(visitor)

    def boxes():
        found = [visitor.page.locator(f".st-key-exhibit_{noun}").bounding_box() for noun in CHARTS]
        top = found[0]["y"]
        return [(round(box["y"] - top), round(box["height"])) for box in found]

    before = boxes()
    for kind in ("Photo only", "Readings only", "Photo and readings"):
        choose(visitor, kind)
        assert boxes() == before, kind
