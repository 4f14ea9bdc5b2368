"""The HTML of results, from plain values."""

import re
from dataclasses import replace

import pytest

from aqfusion.air.aqi import standard
from aqfusion.air.sensors import Reading
from aqfusion.model.predict import Result
from aqfusion.model.prediction import Prediction
from aqfusion.ui import formula_view, result_view

US = standard("us")
PREDICTION = Prediction(
    aqi=160,
    low=90,
    high=260,
    category=US.category_of(160),
    probabilities=dict(
        zip((c.name for c in US.categories), (0, 0.1, 0.2, 0.4, 0.2, 0.1), strict=True)
    ),
)
RESULT = Result(PREDICTION, PREDICTION, PREDICTION, 0.25, ("pm25", "o3"))


def text(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_headline_says_number_interval_category_and_advice():
    said = text(result_view.headline(RESULT))
    assert "160 Unhealthy AQI, in nine cases of ten between 90 to 260" in said
    assert "Based on the photo (25 % of the weight) and 2 readings." in said
    assert PREDICTION.category.advice in said
    assert PREDICTION.category.advice_sensitive in said


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (replace(RESULT, image_only=None, readings_used=("o3",)), "1 reading, without a photo"),
        (replace(RESULT, sensors_only=None, readings_used=()), "on the photo alone"),
    ],
)
def test_headline_says_what_the_prediction_rests_on(result, sentence):
    assert sentence in text(result_view.headline(result))


def test_every_category_is_named_beside_its_colour():
    html = result_view.probabilities(PREDICTION)
    for category in US.categories:
        assert category.name in html
        assert category.colour in html
    assert "40 %" in html


def test_absent_modality_keeps_its_row():
    html = result_view.modalities(replace(RESULT, image_only=None))
    assert "no photo" in html
    assert html.count('class="aq-line"') == 3


def test_formulas_show_both_standards_and_missing_readings_as_missing():
    said = text(formula_view.formulas(Reading(pm25=100, pm10=100, no2=40)))
    assert "182 Unhealthy worst: PM₂.₅" in said
    assert "232 Poor worst: PM₂.₅" in said
    assert "O₃ &ndash; &ndash;" in said


def test_incomplete_index_says_what_it_needs():
    said = text(formula_view.formulas(Reading(pm25=100)))
    assert "needs three pollutants" in said


def test_beyond_the_index_is_said():
    assert "beyond the index" in text(formula_view.formulas(Reading(pm25=900)))
