"""The HTML of results, from plain values."""

import re
from dataclasses import replace

import pytest

from aqfusion.air.aqi import standard
from aqfusion.air.readings import Reading
from aqfusion.model.prediction import Prediction
from aqfusion.model.predictor import Result
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


def test_headline_says_number_interval_and_category_of_the_model_alone():
    said = text(result_view.headline(RESULT))
    assert "Model, US AQI 160 Unhealthy in nine cases out of ten between 90 to 260" in said
    assert "Based on the photo (25 % of the weight) and 2 readings." in said
    assert "formula" not in said


def test_headline_has_the_formula_beside_the_model_and_one_reason():
    formula = formula_view.beside(Reading(pm25=300), US)
    html = result_view.headline(RESULT, formula, "One & only reason.")
    said = text(html)
    assert "US AQI by formula 449 Hazardous dominant pollutant: PM₂.₅" in said
    assert said.count("One &amp; only reason.") == 1
    assert "aq-mark-second" in html
    india = formula_view.beside(Reading(pm25=300, pm10=300, no2=10), standard("india"))
    assert "India AQI by formula" in text(result_view.headline(RESULT, india))
    assert "aq-mark-second" not in result_view.headline(RESULT, india)  # another scale


def test_a_formula_that_readings_do_not_define_is_not_there():
    assert formula_view.beside(Reading(), US) is None
    assert formula_view.beside(Reading(pm25=30), standard("india")) is None
    assert formula_view.beside(Reading(pm25=30, co=100), US, ("co",)) is None
    beyond = formula_view.beside(Reading(pm25=900), US)
    assert (beyond.number, beyond.detail) == (
        *("500+", "above 500, beyond the index; dominant pollutant: PM₂.₅"),
    )


def test_advice_is_for_everyone_and_for_sensitive_groups():
    said = text(result_view.advice(PREDICTION.category))
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
    assert html.count('class="aq-line"') == 4


def test_formulas_show_both_standards_and_missing_readings_as_missing():
    said = text(formula_view.formulas(Reading(pm25=100, pm10=100, no2=40)))
    assert "182 Unhealthy dominant pollutant: PM₂.₅" in said
    assert "232 Poor dominant pollutant: PM₂.₅" in said
    assert "O₃ &ndash; &ndash;" in said


def test_readings_without_units_have_no_index():
    said = text(formula_view.formulas(Reading(pm25=20, co=100), ("pm25", "co")))
    assert said.count("not usable: no units") == 2
    assert "500" not in said
    assert "Hazardous" not in said
    assert "CO &ndash; &ndash;" in said


def test_incomplete_index_says_what_it_needs():
    said = text(formula_view.formulas(Reading(pm25=100)))
    assert "needs three pollutants" in said


def test_beyond_the_index_is_said():
    assert "beyond the index" in text(formula_view.formulas(Reading(pm25=900)))
