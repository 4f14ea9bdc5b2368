"""The Explain page's charts and words, of planted figures."""

import numpy as np
import pytest

from aqfusion.air.aqi import standard
from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.explain.attribution import INPUTS, AblatedPrediction, Attribution
from aqfusion.metric_values import Estimate
from aqfusion.metrics import MapMethod, SaliencyMetrics
from aqfusion.model.prediction import Prediction, PredictionBatch
from aqfusion.ui.explain import text
from aqfusion.ui.explain.attribution_view import bars, contribution_bars
from aqfusion.ui.explain.charts import (
    ablation_chart,
    grid_chart,
    name_of,
    sweep_chart,
    waterfall_chart,
)

US = standard("us")
READING = Reading(pm25=80, no2=40)
POINTS = dict(zip(INPUTS, (23.0, -60.0, 0.0, 0.0, 0.0, 0.0, 7.0, 0.0, 0.0), strict=True))
FOUND = Attribution(base=160.0, aqi=130.0, points=POINTS)
GIVEN = ("photo", "pm25", "no2")


def prediction(aqi: int) -> Prediction:
    return Prediction(aqi, aqi - 30, aqi + 50, US.category_of(aqi), {})


def test_the_waterfall_leads_from_nothing_to_the_prediction_over_what_was_given():
    (trace,) = waterfall_chart(FOUND, GIVEN, READING).data
    assert list(trace.x) == [160.0, 23.0, -60.0, 7.0, 130.0]
    assert list(trace.measure) == ["absolute", "relative", "relative", "relative", "total"]
    assert list(trace.y) == [
        "No input",
        "Photo",
        "PM₂.₅ 80 µg/m³",
        "NO₂ 40 µg/m³",
        "All together",
    ]
    assert list(trace.text) == ["160", "+23", "-60", "+7", "130"]


def test_the_waterfalls_axis_holds_its_furthest_step():
    reach = waterfall_chart(FOUND, GIVEN, READING).layout.xaxis.range
    assert reach[0] == 0
    assert reach[1] > 183


def test_each_ablated_row_has_its_number_interval_and_colour():
    rows = [
        AblatedPrediction(("photo", "pm25"), (), prediction(180)),
        AblatedPrediction(("pm25",), ("photo",), prediction(40)),
    ]
    bar, text = ablation_chart(rows).data
    assert list(bar.x) == [180, 40]
    assert list(bar.y) == list(text.y) == ["All inputs", "Readings only"]
    assert list(bar.error_x.array) == [50, 50]
    assert list(bar.error_x.arrayminus) == [30, 30]
    assert list(bar.marker.color) == [US.category_of(180).colour, US.category_of(40).colour]
    assert list(text.text) == ["<b>180</b>", "<b>40</b>"]


@pytest.mark.parametrize(
    ("left", "without", "name"),
    [
        (("photo", "pm25", "no2"), (), "All inputs"),
        (("photo",), ("pm25", "no2"), "Photo only"),
        (("photo",), (), "Photo only"),
        (("pm25", "no2"), ("photo",), "Readings only"),
        (("pm25", "no2"), ("photo", "site"), "Readings only"),
        (("photo", "pm25"), ("no2",), "Without NO₂"),
        (("photo", "pm25", "site"), ("no2",), "Without NO₂"),
        (("site",), ("photo", "pm25"), "This place only"),
        (("site",), (), "This place only"),
        (("photo", "pm25"), ("site",), "Without this place's history"),
        (("pm25",), ("site",), "Without this place's history"),
        (("photo", "site"), ("pm25", "no2"), "Without the readings"),
        (("pm25", "site"), ("photo",), "Without the photo"),
        (("photo", "pm25", "no2", "site"), (), "All inputs"),
    ],
)
def test_a_row_is_called_by_what_it_leaves_out(left, without, name):
    assert name_of(AblatedPrediction(left, without, prediction(100))) == name


def test_the_sweep_draws_line_band_and_todays_point():
    values = np.array([0.0, 50.0, 100.0])
    told = PredictionBatch(
        *(np.array(row, float) for row in ([60, 90, 120], [30, 50, 70], [100, 150, 200])),
        values,
        values,
        values,
    )
    low, high, line, point = sweep_chart("pm25", values, told, (50.0, 90.0)).data
    assert (list(low.y), list(high.y), list(line.y)) == (
        [30, 50, 70],
        [100, 150, 200],
        [60, 90, 120],
    )
    assert (list(point.x), list(point.y)) == ([50.0], [90.0])
    assert len(sweep_chart("pm25", values, told, None).data) == 3


def test_the_sweep_stands_before_the_categories():
    values = np.array([0.0, 1.0])
    told = PredictionBatch(values, values, values, values, values, values)
    bands = [
        shape
        for shape in sweep_chart("co", values, told, None).layout.shapes
        if shape.type == "rect"
    ]
    assert [(band.y0, band.y1, band.fillcolor) for band in bands] == [
        (max(0, category.i_low - 1), category.i_high, category.colour) for category in US.categories
    ]


def test_the_grid_has_the_first_reading_across_and_the_colours_of_the_categories():
    across, up = ("pm25", np.array([0.0, 10.0, 20.0])), ("no2", np.array([0.0, 5.0]))
    aqi = np.arange(6.0).reshape(2, 3)
    heat, point = grid_chart(across, up, aqi, (10.0, 5.0)).data
    assert np.array_equal(heat.z, aqi)
    assert (list(heat.x), list(heat.y)) == ([0, 10, 20], [0, 5])
    steps = heat.colorscale
    assert steps[0][0] == 0
    assert steps[-1][0] == 1
    for value in (25, 75, 125, 175, 250, 400):
        below = [colour for at, colour in steps if at * 500 <= value][-1]
        assert below.lower() == US.category_of(value).colour.lower()
    assert (list(point.x), list(point.y)) == ([10.0], [5.0])


def test_a_bar_that_raises_goes_to_the_right_and_one_that_lowers_to_the_left():
    html = bars({"up": 60.0, "down": -30.0, "none": None})
    up, down, none = (
        html.split("<span>up")[1].split("down</span>")[0],
        html.split("down</span>")[1],
        html,
    )
    assert 'class="aq-up" style="left:50%;width:50.0%"' in up
    assert 'class="aq-down" style="right:50%;width:25.0%"' in down
    assert "not given" in none


def test_a_site_has_its_step_in_the_waterfall_and_its_bar():
    found = Attribution(130.0, 100.0, {**dict.fromkeys(INPUTS, 0.0), "pm25": 20.0, "site": -50.0})
    (trace,) = waterfall_chart(found, ("pm25", "site"), READING).data
    assert list(trace.x) == [130.0, 20.0, -50.0, 100.0]
    assert trace.y[2] == "This place"
    html = contribution_bars(found, ("pm25", "site"), READING)
    assert "<span>This place</span>" in html
    assert "lowered it by 50" in html


def test_a_model_that_knows_no_places_has_no_row_for_one():
    assert "This place" in contribution_bars(FOUND, GIVEN, READING)
    assert "This place" not in contribution_bars(FOUND, GIVEN, READING, knows_places=False)


def test_every_input_has_a_row_whether_given_or_not():
    html = contribution_bars(FOUND, GIVEN, READING)
    assert html.count("not given") == len(POLLUTANTS) - 2 + 1  # and the place
    for phrase in (
        "raised it by 23",
        "lowered it by 60",
        "raised it by 7",
        "predicts 160",
        "change this to 130",
    ):
        assert phrase in html


def test_names_are_text():
    assert "<img" not in bars({"<img src=x onerror=alert(1)>": 1.0})


def test_a_photo_of_little_weight_is_said_to_explain_little():
    assert text.share(0.05).endswith("so the map explains little of it.")
    assert text.share(0.5) == "The photo has 50\u00a0% of the weight in this result."


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.5, 5.0, "better than chance (+2.0 AQI points, 0.5 to 5.0)."),
        (-1.0, 5.0, "no better than chance (+2.0 AQI points, -1.0 to 5.0): do not rely on it."),
        (-9.0, -0.1, "worse than chance (+2.0 AQI points, -9.0 to -0.1): do not rely on it."),
    ],
)
def test_a_method_is_trusted_as_far_as_it_was_measured(low, high, said):
    estimate = Estimate(2.0, low, high)
    method = MapMethod(estimate, estimate, 0.5, 0.1)
    found = SaliencyMetrics(9, (10, 20), estimate, {"GradCAM": method})
    assert text.trust("GradCAM", found).endswith(said)
    assert "not been measured" in text.trust("LayerCAM", found)
    assert "not been measured" in text.trust("GradCAM", None)
