"""What formula and model say of the same readings: the one sentence that fits each case."""

from dataclasses import replace

import pytest

from aqfusion.air.aqi import standard
from aqfusion.air.readings import Reading
from aqfusion.explain.formula_text import Sides, formula_words, usable

US, INDIA = standard("us"), standard("india")
SIX = Reading(pm25=48, pm10=95, o3=40, co=0.9, so2=9, no2=32)  # US 132 by PM2.5, India 95


def sides(aqi: float, **alone: float) -> Sides:
    return Sides(aqi, aqi - 40, aqi + 60, **alone)


CASES = {
    "no reading": (Reading(), US, sides(100), ""),
    "a missing pollutant": (
        *(Reading(pm25=75), INDIA, sides(150)),
        "The India AQI needs three pollutants, one of them PM2.5 or PM10; "
        "this reading has one (PM2.5).",
    ),
    "beyond the index": (
        *(Reading(pm25=900), US, sides(320)),
        "PM2.5 of 900 µg/m³ is beyond the US AQI, which ends at 500: the formula gives no higher "
        "value, and the model was not trained on higher values.",
    ),
    "agree": (SIX, US, sides(140), 'Formula and model agree on "Unhealthy for Sensitive Groups".'),
    "agree over scales": (
        *(SIX, INDIA, sides(90)),
        'Formula and model agree: "Satisfactory" is the second category of the India AQI, and '
        '"Moderate" of the US AQI, which the model predicts.',
    ),
    "a moment for a day": (
        *(SIX, US, sides(90)),
        "The results are one category apart: the formula treats the current PM2.5 as a mean over "
        "24 hours, while the model was trained on the AQI published at such moments.",
    ),
    "an hour": (
        *(Reading(no2=250), US, sides(90)),
        "The results are one category apart: the formula uses NO2 of this hour only, while the "
        "model was trained on the AQI published for the whole day with such readings.",
    ),
    "lines elsewhere": (
        *(SIX, INDIA, sides(140)),
        "The results are one category apart, because the two scales have different category "
        "limits: the US formula, 132, is in the model's category.",
    ),
    "another scale": (
        *(Reading(pm25=56, pm10=60, no2=20), INDIA, sides(210)),
        "The India AQI is a different scale from the US AQI, which the model predicts: by the US "
        "formula, these readings give 151; the model predicts 210.",
    ),
    "photo looks clearer": (
        *(Reading(pm25=260, pm10=380), US, sides(140, photo=60, readings=280)),
        "The photo looks clearer than these readings suggest: the photo alone gives 60, the "
        "readings alone 280, and the model combines both.",
    ),
    "photo looks hazier": (
        *(Reading(pm25=8, pm10=18), US, sides(140, photo=260, readings=45)),
        "The photo looks hazier than these readings suggest: the photo alone gives 260, the "
        "readings alone 45, and the model combines both.",
    ),
    "carbon monoxide": (
        *(Reading(pm25=20, co=30), US, sides(70)),
        "The formula depends on CO, which the model cannot interpret: the stations in the "
        "training data do not state the unit of their CO.",
    ),
    "the worst alone": (
        *(Reading(pm25=40, pm10=520), US, sides(120, readings=120)),
        "The formula depends on PM10 only; PM2.5, the next of the 2 readings that the model uses, "
        "would give 112.",
    ),
    "the place": (
        *(Reading(pm25=8), US, sides(160, site=170)),
        "These readings are unusual for this place: the AQI of its days is 170, the formula "
        "gives 44, and the model combines both.",
    ),
    "one reading": (
        *(Reading(pm25=8), US, sides(160)),
        "The formula treats PM2.5, the only reading, as a mean over 24 hours; the model, which was "
        "trained on the AQI that stations published at such moments, expects 120 to 220.",
    ),
    "several readings": (
        *(Reading(pm25=8, no2=3), US, sides(160)),
        "The formula treats the current PM2.5 as a mean over 24 hours; the model, which was "
        "trained on the AQI that stations published at such moments, expects 120 to 220.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_case_has_its_sentence(case):
    reading, of, beside, sentence = CASES[case]
    assert formula_words(reading, of, beside) == sentence


def test_readings_without_units_come_first_and_name_the_worst():
    names = ("pm25", "pm10", "co")
    reading = Reading(pm25=20, pm10=30, co=100)
    for of in (US, INDIA):
        assert formula_words(reading, of, sides(90), names) == (
            "These readings come without units, so the formula cannot be used: "
            "CO 100, taken as mg/m³, would give 500."
        )
        assert not usable(of.index(reading), names)
    assert usable(US.index(reading), ())


def test_far_above_what_the_model_learned_from_is_said_only_where_they_differ():
    reading, highest = Reading(pm25=190), {"pm25": 150.0}
    assert formula_words(reading, US, sides(170), (), highest) == (
        "PM2.5 of 190 µg/m³ is far above the highest value in the training data, 150, so only the "
        "formula can be used."
    )
    assert "far above" not in formula_words(reading, US, sides(260), (), highest)
    assert "far above" not in formula_words(reading, US, sides(170), (), {"pm25": 170.0})


def test_a_photo_that_agrees_with_the_readings_is_not_blamed():
    reading = Reading(pm25=260, pm10=380)
    alone = sides(140, photo=150, readings=135)
    assert "photo" not in formula_words(reading, US, alone)
    assert "photo" not in formula_words(reading, US, replace(alone, photo=None))


@pytest.mark.parametrize("aqi", range(0, 501, 25))
@pytest.mark.parametrize("of", [US, INDIA], ids=["us", "india"])
def test_every_difference_gets_exactly_one_short_sentence(aqi, of):
    for pm25 in (0, 8, 30, 60, 120, 250, 400, 900):
        for photo in (None, 20, 400):
            reading = Reading(pm25=pm25, pm10=2 * pm25, no2=20)
            beside = Sides(aqi, max(0, aqi - 60), aqi + 90, photo, 150)
            said = formula_words(reading, of, beside)
            assert said.endswith(".")
            assert ". " not in said
            assert len(said) <= 200
