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
        "PM2.5 of 900 µg/m³ is beyond the US AQI, which ends at 500: the formula says no more than "
        "that, and the model knows nothing above it.",
    ),
    "agree": (SIX, US, sides(140), 'Formula and model agree on "Unhealthy for Sensitive Groups".'),
    "agree over scales": (
        *(SIX, INDIA, sides(90)),
        'Formula and model agree: "Satisfactory" is the second category of the India AQI, and '
        '"Moderate" of the US AQI, in which the model answers.',
    ),
    "a moment for a day": (
        *(SIX, US, sides(90)),
        "One category apart: the formula takes PM2.5 of this moment for a mean of 24 hours, "
        "the model knows what was published at such moments.",
    ),
    "an hour": (
        *(Reading(no2=250), US, sides(90)),
        "One category apart: the formula knows NO2 of this hour alone, the model what was "
        "published for the whole day at such readings.",
    ),
    "lines elsewhere": (
        *(SIX, INDIA, sides(140)),
        "One category apart, because the two scales draw their lines at other values: the US "
        "formula, 132, is in the model's category.",
    ),
    "another scale": (
        *(Reading(pm25=56, pm10=60, no2=20), INDIA, sides(210)),
        "The India AQI is another scale than the US AQI, in which the model answers: "
        "by the US formula these readings give 151, beside its 210.",
    ),
    "photo looks clearer": (
        *(Reading(pm25=260, pm10=380), US, sides(140, photo=60, readings=280)),
        "The photo looks clearer than these readings say: alone it suggests 60, the readings "
        "alone 280, and the model weighs both.",
    ),
    "photo looks hazier": (
        *(Reading(pm25=8, pm10=18), US, sides(140, photo=260, readings=45)),
        "The photo looks hazier than these readings say: alone it suggests 260, the readings "
        "alone 45, and the model weighs both.",
    ),
    "carbon monoxide": (
        *(Reading(pm25=20, co=30), US, sides(70)),
        "The formula goes by CO, and there the model cannot follow: the stations that it learned "
        "from state no unit of their CO.",
    ),
    "the worst alone": (
        *(Reading(pm25=40, pm10=520), US, sides(120, readings=120)),
        "The formula goes by PM10 alone; PM2.5, the next of the 2 readings that the model weighs, "
        "would give 112.",
    ),
    "the place": (
        *(Reading(pm25=8), US, sides(160, site=170)),
        "These readings are not as this place usually is: its days are at 170, the formula makes "
        "44 of them, and the model weighs both.",
    ),
    "one reading": (
        *(Reading(pm25=8), US, sides(160)),
        "The formula takes PM2.5, the only reading, for a mean of 24 hours; the model, which knows "
        "what stations published at such moments, expects 120 to 220.",
    ),
    "several readings": (
        *(Reading(pm25=8, no2=3), US, sides(160)),
        "The formula takes PM2.5 of this moment for a mean of 24 hours; the model, which knows "
        "what stations published at such moments, expects 120 to 220.",
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
            "CO 100, taken as mg/m³, would make it 500."
        )
        assert not usable(of.index(reading), names)
    assert usable(US.index(reading), ())


def test_far_above_what_the_model_learned_from_is_said_only_where_they_differ():
    reading, highest = Reading(pm25=190), {"pm25": 150.0}
    assert formula_words(reading, US, sides(170), (), highest) == (
        "PM2.5 of 190 µg/m³ is far above what the model learned from, which was 150 at most, so "
        "that only the formula can follow it."
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
