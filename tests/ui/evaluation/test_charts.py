"""Planted figures arrive in the charts and tables, whole and in their place."""

import re

from aqfusion.air.aqi import standard
from aqfusion.metric_values import (
    CalibrationMetrics,
    ConfidenceBin,
    Estimate,
    Interval,
    MaskedRmse,
    PlaceFigures,
    Trust,
)
from aqfusion.metrics import Catch, MapMethod, PhotoScreenMetrics, SaliencyMetrics, SessionMetrics
from aqfusion.ui.chart_style import marks, png_button
from aqfusion.ui.evaluation import calibration_charts, metric_tables, prediction_charts
from aqfusion.ui.evaluation.text import BASELINES, KINDS, NOT_YET

SESSIONS = (
    SessionMetrics("b7", "B", 7, 100, {"fused": Estimate(120, 90, 180), "sensors_only": None}),
    SessionMetrics(
        "a8", "A", 8, 300, {"fused": Estimate(250, 200, 310), "sensors_only": Estimate(1, 0, 2)}
    ),
    SessionMetrics("b9", "B", 9, 50, {"fused": Estimate(40, 10, 60), "sensors_only": None}),
)


def test_sessions_stand_where_they_were_measured_with_their_intervals():
    traces = {
        trace.name: trace for trace in prediction_charts.session_chart(SESSIONS, "fused").data
    }
    assert list(traces) == ["A", "B"]
    b = traces["B"]
    assert (b.x, b.y) == ((100, 50), (120, 40))
    assert (b.error_y.array, b.error_y.arrayminus) == ((60, 20), (30, 30))


def test_session_without_that_kind_is_left_out_and_places_keep_their_colours():
    fused, readings = (
        prediction_charts.session_chart(SESSIONS, k) for k in ("fused", "sensors_only")
    )
    assert [(t.name, t.x) for t in readings.data] == [("A", (300,)), ("B", ())]
    assert [t.marker.color for t in fused.data] == [t.marker.color for t in readings.data]


def test_bands_are_those_of_the_standard_and_strong_where_the_category_is_right():
    shapes = prediction_charts.session_chart((), "fused").layout.shapes
    bands = [(s.x0, s.x1, s.y0, s.y1, s.fillcolor) for s in shapes if s.type == "rect"]
    colours = [category.colour for category in standard("us").categories]
    ends = [0, 50, 100, 150, 200, 300, 500]
    spans = list(zip(ends, ends[1:], colours, strict=False))
    expected = [
        band
        for low, high, colour in spans
        for band in ((0, 500, low, high, colour), (low, high, low, high, colour))
    ]
    assert bands == expected


def test_eight_places_differ_in_colour_and_in_shape():
    found = marks("abcdefgh").values()
    assert len({mark["color"] for mark in found}) == 8
    assert len({mark["symbol"] for mark in found}) == 8


def test_confusion_shows_share_of_the_row_and_count():
    counts = ((3, 1, 0, 0, 0, 0), *(((0,) * 6,) * 4), (0, 0, 0, 0, 0, 2))
    heat, text = prediction_charts.confusion_chart(counts).data
    assert list(heat.z[0]) == [0.75, 0.25, 0, 0, 0, 0]
    assert list(heat.z[1]) == [None] * 6
    shown = {(x, y): said for x, y, said in zip(text.x, text.y, text.text, strict=True) if said}
    assert shown == {(0, 0): "75 %<br>3", (1, 0): "25 %<br>1", (5, 5): "100 %<br>2"}
    assert prediction_charts.confusion_table(counts).rows[0] == ("Good", 3, 1, 0, 0, 0, 0)


def test_reliability_has_its_bins_and_the_scores_before_and_after():
    bins = (ConfidenceBin(0.5, 0.4, 100), ConfidenceBin(0.9, 0.95, 25))
    calibration = CalibrationMetrics(Trust(0.2, 0.6), Trust(0.1, 0.5), bins)
    (trace,) = calibration_charts.reliability_chart(calibration).data
    assert (trace.x, trace.y, trace.marker.size) == ((0.5, 0.9), (0.4, 0.95), (30, 15))
    assert [row[1:] for row in calibration_charts.trust_table(calibration).rows] == [
        (0.2, 0.1),
        (0.6, 0.5),
    ]


def test_coverage_has_a_mark_per_place_the_target_and_its_band():
    places = {"A, b": PlaceFigures(9, 2, 0.5, 1, 1, 0.8, 99)}
    figure = calibration_charts.place_coverage_chart(places)
    assert [(t.x, t.y) for t in figure.data] == [((0.8,), ("A,<br>b",))]
    assert [(s.x0, s.x1) for s in figure.layout.shapes] == [(0.87, 0.93), (0.9, 0.9)]
    figure = calibration_charts.readings_coverage_chart({1: Interval(0.2, 9), 0: Interval(0.95, 8)})
    assert [(t.x, t.y) for t in figure.data] == [((0, 1), (0.95, 0.2))]
    assert figure.layout.yaxis.range[0] == 0  # low figures are not cut off


def test_partial_curve_has_three_lines():
    masked = (MaskedRmse(0, 1, 90.5, 60.5, 70), MaskedRmse(1, 6, 80, 50, 55))
    traces = prediction_charts.partial_chart(masked).data
    assert {trace.name: trace.y for trace in traces} == {
        "readings only": (90.5, 80),
        "the better of the two alone": (70, 55),
        "photo and readings": (60.5, 50),
    }
    assert prediction_charts.partial_table(masked).rows == (
        (0, 1, 90.5, 70, 60.5),
        (1, 6, 80, 55, 50),
    )


def test_scores_list_ours_then_all_baselines_weighed_as_asked(metrics):
    def change(whole):
        scores = whole["protocols"]["leak-safe"]["baselines"]["ridge"]
        scores["sessions"] = {**scores["sessions"], "accuracy": [0.123, 0.1, 0.2]}

    found = metrics(change)
    protocol, run = found.protocols["leak-safe"], found.run("leak-safe", "resnet18")
    tables = [metric_tables.score_table(protocol, run, weighing) for weighing in (False, True)]
    assert len(tables[0].rows) == len(KINDS) + 1 + len(BASELINES)
    ridge = [next(r for r in table.rows if r[0] == "Ridge regression") for table in tables]
    assert ridge[0][2] == protocol.baselines["ridge"].photos["accuracy"]
    assert ridge[1][2] == Estimate(0.123, 0.1, 0.2)
    assert ridge[0][-1] == ridge[1][-1] == protocol.baselines["ridge"].session_rmse


def test_absent_run_and_baseline_keep_their_rows(metrics):
    found = metrics(lambda whole: whole["protocols"]["paper"]["baselines"].pop("ridge"))
    rows = metric_tables.score_table(found.protocols["paper"], None, False).rows
    assert [row[0] for row in rows if row[-1] == NOT_YET] == [
        "Ours: photo and readings",
        "Late fusion of the two answers",
        "Ours: photo only",
        "Ours: readings only",
        "Ridge regression",
    ]


def test_backbones_are_three_whether_computed_or_not(metrics):
    def change(whole):
        del whole["protocols"]["paper"]["backbones"]["resnet18"], whole["models"]["resnet18"]

    rows = metric_tables.backbone_table(metrics(change), "paper").rows
    assert [row[0] for row in rows] == ["MobileNetV2", "ResNet18", "EfficientNet-B0"]
    assert rows[0][1:5] == (4.987108, 2.3, 17.1, 0.8)
    assert rows[1] == ("ResNet18", None, None, None, None, NOT_YET)


def test_guard_tables_lead_with_the_whole():
    guard = PhotoScreenMetrics(9, 0.1, {"A": 0.2}, {"blank": Catch(1, 2), "none": Catch(0, 0)}, 0.5)
    assert metric_tables.alarm_table(guard).rows == (("All photos", 0.1), ("A", 0.2))
    assert metric_tables.catch_table(guard).rows == (
        ("All sets", 1, 2, 0.5),
        ("blank", 1, 2, 0.5),
        ("none", 0, 0, None),
    )


def test_heat_maps_stand_below_a_random_one_and_say_what_they_stand_on():
    near, far = Estimate(0.5, -1, 2), Estimate(8, 6, 10)
    methods = {"GradCAM": MapMethod(far, Estimate(7.5, 5, 9), 0.9, 0.1)}
    methods["EigenCAM"] = MapMethod(near, Estimate(0, -1, 1), 0.5, None)
    found = SaliencyMetrics(94, (10, 30), near, methods)
    table = metric_tables.heat_map_table(found)
    assert table.rows == (
        ("Random map", near, None, None, None),
        ("GradCAM", far, Estimate(7.5, 5, 9), 0.9, 0.1),
        ("EigenCAM", near, Estimate(0, -1, 1), 0.5, None),
    )
    said = metric_tables.heat_map_sentence(found).replace("\u00a0", " ")
    assert "on 94 photos of sessions that the network had not seen" in said
    assert "Of the pixels, 10 % and 30 % were painted over" in said


def test_headline_has_three_cards_of_which_the_last_counts(metrics):
    html = metric_tables.headline(metrics())
    said = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    numbers = re.findall(r'class="aq-number">([^<]+)<', html)
    assert numbers == ["92.02\u00a0%", "7.70", "97.2\u00a0%", "2.3", "56.3\u00a0%", "46.0"]
    assert html.count("aq-counts") == 1
    assert html.index("aq-counts") > html.index("split as in the paper")
    assert "Ours, leak-safe Realistic result MobileNetV2" in said


def test_headline_names_the_backbone_that_there_is(metrics):
    def change(whole):
        del whole["protocols"]["leak-safe"]["backbones"]["mobilenetv2_100"]
        del whole["protocols"]["paper"]

    found = metrics(change)
    assert metric_tables.headline_backbone(found, "leak-safe") == "efficientnet_b0"
    assert metric_tables.headline_backbone(found, "paper") is None
    assert "Not computed yet." in metric_tables.headline(found)


def test_camera_saves_a_named_png_of_double_size():
    options = png_button("name")
    assert options["toImageButtonOptions"] == {"format": "png", "filename": "name", "scale": 2}
    assert (options["displayModeBar"], options["displaylogo"]) == (True, False)
