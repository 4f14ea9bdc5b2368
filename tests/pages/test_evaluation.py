"""The Evaluation page in Streamlit's own test runner, with planted figures."""

import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.settings import ROOT
from aqfusion.ui import cached_metrics
from tests.planted_metrics import planted_metrics, write_metrics

SECONDS = 60
CHARTS = 6


@pytest.fixture
def open_page(monkeypatch, tmp_path):
    def open_it(metrics=None, script="pages/evaluation.py"):
        path = tmp_path / "metrics.json"
        monkeypatch.setattr(cached_metrics, "METRICS", path)
        if isinstance(metrics, bytes):
            path.write_bytes(metrics)
        elif metrics:
            write_metrics(path, metrics)
        return AppTest.from_file(str(ROOT / script), default_timeout=SECONDS).run()

    return open_it


def test_page_shows_all_of_a_full_file(open_page):
    page = open_page(planted_metrics())
    assert not page.exception
    assert not page.info
    assert len(page.get("plotly_chart")) == CHARTS
    assert len(page.get("download_button")) == CHARTS + 7


def test_app_leads_to_it_too(open_page):
    app = open_page(planted_metrics(), "app.py")
    app.switch_page("pages/evaluation.py").run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == CHARTS


@pytest.mark.parametrize("protocol", ["leak-safe", "place", "paper"])
@pytest.mark.parametrize("kind", ["image_only", "sensors_only"])
def test_every_choice_can_be_shown(open_page, protocol, kind):
    page = open_page(planted_metrics())
    page.segmented_control(key="evaluation_protocol").set_value(protocol)
    page.segmented_control(key="evaluation_backbone").set_value("resnet18")
    page.toggle(key="evaluation_weighing").set_value(True)
    page.segmented_control(key="evaluation_kind").set_value(kind).run()
    assert not page.exception
    assert not page.info
    assert len(page.get("plotly_chart")) == CHARTS + (protocol == "place")


def said(page):
    return [info.value for info in page.info]


def test_absent_protocol_is_said(open_page):
    metrics = planted_metrics()
    del metrics["protocols"]["place"]
    page = open_page(metrics)
    page.segmented_control(key="evaluation_protocol").set_value("place").run()
    assert not page.exception
    assert said(page) == ["Leave one place out, MobileNetV2: not computed yet."]


@pytest.mark.parametrize("protocol", ["leak-safe", "place", "paper"])
def test_a_file_of_before_the_history_is_shown_and_the_gap_is_said(open_page, protocol):
    metrics = planted_metrics()
    for one in metrics["protocols"].values():
        del one["history_baselines"]
        for run in one["backbones"].values():
            del run["history"]
    page = open_page(metrics)
    page.segmented_control(key="evaluation_protocol").set_value(protocol).run()
    assert not page.exception
    title = {"leak-safe": "Leak-safe", "place": "Leave one place out"}.get(protocol)
    gap = f"Benefit of the measured days of a place, {title}, MobileNetV2: not computed yet."
    assert said(page) == ([gap] if title else [])
    assert len(page.get("plotly_chart")) == CHARTS


def test_simpler_methods_that_are_absent_leave_the_history(open_page):
    metrics = planted_metrics()
    del metrics["protocols"]["place"]["history_baselines"]
    page = open_page(metrics)
    page.segmented_control(key="evaluation_protocol").set_value("place").run()
    assert not page.exception
    assert len(page.get("plotly_chart")) == CHARTS + 1


def test_absent_parts_of_a_run_are_said_in_their_places(open_page):
    metrics = planted_metrics()
    run = metrics["protocols"]["leak-safe"]["backbones"]["mobilenetv2_100"]
    del run["guard"], run["heat_maps"], run["partial_sensors"], run["late_fusion"]
    page = open_page(metrics)
    assert not page.exception
    assert said(page) == [
        "Not computed yet.",
        "Photo screening, Leak-safe, MobileNetV2: not computed yet.",
        "Saliency maps, Leak-safe, MobileNetV2: not computed yet.",
    ]
    assert len(page.get("plotly_chart")) == CHARTS - 1


def test_absent_kind_and_backbone_are_said(open_page):
    metrics = planted_metrics()
    backbones = metrics["protocols"]["leak-safe"]["backbones"]
    del backbones["resnet18"], backbones["mobilenetv2_100"]["kinds"]["image_only"]
    page = open_page(metrics)
    page.segmented_control(key="evaluation_kind").set_value("image_only").run()
    assert said(page) == ["Leak-safe, MobileNetV2, photo only: not computed yet."]
    page.segmented_control(key="evaluation_backbone").set_value("resnet18").run()
    assert not page.exception
    assert said(page) == [
        "Benefit of the measured days of a place, Leak-safe, ResNet18: not computed yet.",
        "Leak-safe, ResNet18, photo only: not computed yet.",
        "Photo screening, Leak-safe, ResNet18: not computed yet.",
        "Saliency maps, Leak-safe, ResNet18: not computed yet.",
    ]


def test_empty_run_is_said_and_breaks_nothing(open_page):
    metrics = planted_metrics()
    run = metrics["protocols"]["leak-safe"]["backbones"]["mobilenetv2_100"]
    run["sessions"] = []
    run["kinds"]["fused"] |= {"per_place": {}, "interval_by_readings": []}
    run["kinds"]["fused"]["calibration"]["reliability"] = []
    run["partial_sensors"]["by_readings"] = []
    page = open_page(metrics)
    assert not page.exception
    assert len(page.get("plotly_chart")) == CHARTS


@pytest.mark.parametrize(
    ("metrics", "sentence"),
    [
        (None, "metrics.json must lie in assets, got no such file"),
        (b"{", "metrics.json must be a readable JSON table"),
        ({**planted_metrics(), "format": 9}, "metrics.json: format must be 1, got 9"),
    ],
    ids=["absent", "damaged", "later"],
)
def test_unusable_file_gets_one_sentence(open_page, metrics, sentence):
    page = open_page(metrics)
    assert not page.exception
    assert sentence in page.error[0].value
    assert not page.get("plotly_chart")


def test_new_figures_are_shown_without_a_restart(open_page):
    metrics = planted_metrics()
    page = open_page(metrics)
    metrics["data"]["licence"] = "another licence"
    write_metrics(cached_metrics.METRICS, metrics)
    page.run()
    assert "another licence" in page.caption[0].value


@pytest.mark.long
def test_the_other_pages_do_without_plotly():
    # Streamlit itself imports plotly where it is installed; so take it away.
    program = (
        "import sys; sys.modules['plotly'] = None\n"
        "from streamlit.testing.v1 import AppTest\n"
        "for script in ('app.py', 'pages/predict.py'):\n"
        "    assert not AppTest.from_file(script, default_timeout=60).run().exception"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True)
