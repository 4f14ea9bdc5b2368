"""The index: golden values of both standards, and what must hold for every reading."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqfusion.air.aqi import STANDARDS, AqiError, IndexResult, round_half_up, standard
from aqfusion.air.readings import POLLUTANTS, Reading, ReadingError, convert, pollutant

US, INDIA = standard("us"), standard("india")
BOTH = pytest.mark.parametrize("rules", [US, INDIA], ids=["us", "india"])

US_GOLDEN = {
    ("pm25", "24h"): "0 0, 5 28, 9.0 50, 9.05 50, 9.1 51, 12 56, 35.4 100, 35.5 101, 55.4 150, "
    "55.5 151, 60 154, 100 182, 125.4 200, 125.5 201, 225.4 300, 225.5 301, 250 350, 325.4 500",
    ("pm10", "24h"): "0 0, 54 50, 154.9 100, 155 101, 604 500",
    ("o3", "8h"): "0 0, 0.054 50, 0.0559 51, 0.070 100, 0.078 126, 0.2 300, 0.201 None",
    ("o3", "1h"): "0.1249 None, 0.125 101, 0.404 300, 0.405 301, 0.604 500, 0.7 500",
    ("co", "8h"): "8.4 90, 9.4 100, 9.5 101, 50.4 500",
    ("so2", "1h"): "75 100, 75.9 100, 304 200, 305 None",
    ("so2", "24h"): "304 None, 305 201, 604 300, 605 301, 1004 500",
    ("no2", "1h"): "53.9 50, 54 51, 100 100, 2049 500",
}
INDIA_GOLDEN = {
    ("pm25", "24h"): "0 0, 12 20, 30 50, 31 51, 45 75, 60 100, 61 101, 90 200, 100 232, 120 300, "
    "121 301, 250 400, 315 450, 380 500",
    ("pm10", "24h"): "100 100, 250 200, 430 400, 510 500",
    ("o3", "8h"): "50 50, 168 200, 208 300, 748 400, 1287 500",
    ("co", "8h"): "1 50, 1.1 51, 2 100, 10 200, 17 300, 34 400, 51 500",
    ("so2", "24h"): "40 50, 380 200, 800 300, 1600 400, 2400 500",
    ("no2", "24h"): "40 50, 80 100, 180 200, 280 300, 400 400, 520 500",
}


def _rows(golden):
    for (name, averaging), pairs in golden.items():
        for pair in pairs.split(", "):
            value, index = pair.split()
            yield name, averaging, float(value), None if index == "None" else int(index)


@pytest.mark.parametrize(("name", "averaging", "value", "index"), list(_rows(US_GOLDEN)))
def test_us_golden_values(name, averaging, value, index):
    assert US.sub_index(name, value, averaging) == index


@pytest.mark.parametrize(("name", "averaging", "value", "index"), list(_rows(INDIA_GOLDEN)))
def test_india_golden_values(name, averaging, value, index):
    assert INDIA.sub_index(name, value, averaging) == index


@pytest.mark.parametrize(
    ("ppm", "index"),
    [(0.125, 221), (0.2, 300), (0.201, 300), (0.4049, 300), (0.405, 301), (0.604, 500)],
)
def test_us_ozone_goes_from_the_8_hour_to_the_1_hour_table_and_never_falls(ppm, index):
    reading = Reading.from_values({"o3": ppm}, {"o3": "ppm"})
    assert US.index(reading).aqi == US.sub_index("o3", ppm) == index


@pytest.mark.parametrize(("ppb", "index"), [(304, 200), (304.9, 200), (305, 201), (1004, 500)])
def test_us_sulphur_dioxide_goes_on_in_the_24_hour_rows(ppb, index):
    assert US.index(Reading.from_values({"so2": ppb}, {"so2": "ppb"})).aqi == index


@pytest.mark.parametrize("name", POLLUTANTS)
def test_every_printed_us_concentration_survives_the_canonical_unit(name):
    tables = US.pollutants[name]
    for table in tables.tables:
        for concentration, index in table.points:
            value = convert(name, float(concentration), tables.unit, pollutant(name).unit)
            assert US.sub_index(name, value, table.averaging, pollutant(name).unit) == index


def test_a_last_binary_digit_does_not_decide_the_truncation():
    just_below = 0.07 * 1962 - 3e-14
    assert just_below < 137.34
    assert US.sub_index("o3", just_below, "8h", "ug/m3") == 100


def test_an_index_is_told_whole():
    reading = Reading(pm25=100, pm10=100, no2=40)
    assert INDIA.index(reading) == IndexResult(
        aqi=232,
        category=INDIA.category_of(232),
        dominant="pm25",
        sub_indices={"pm25": 232, "pm10": 100, "no2": 50},
        incomplete=None,
        beyond=False,
    )
    assert US.index(reading).category.name == "Unhealthy"


def test_of_equal_sub_indices_the_first_pollutant_dominates():
    assert INDIA.index(Reading(no2=40, pm10=50, o3=50)).dominant == "pm10"


@pytest.mark.parametrize(
    ("rules", "reading", "incomplete"),
    [
        (US, Reading(), "The US AQI needs one pollutant; this reading has none."),
        (
            INDIA,
            Reading(pm25=40, no2=40),
            "The India AQI needs three pollutants, one of them PM2.5 or PM10; "
            "this reading has two (PM2.5, NO2).",
        ),
        (
            INDIA,
            Reading(o3=40, co=1, no2=40),
            "The India AQI needs three pollutants, one of them PM2.5 or PM10; "
            "this reading has three (O3, CO, NO2).",
        ),
    ],
)
def test_too_few_pollutants_give_sub_indices_and_a_reason(rules, reading, incomplete):
    index = rules.index(reading)
    assert (index.aqi, index.category, index.dominant, index.beyond) == (None, None, None, False)
    assert index.incomplete == incomplete
    assert tuple(index.sub_indices) == reading.present


@pytest.mark.parametrize(
    ("rules", "pm25", "beyond"),
    [(US, 325.49, False), (US, 325.5, True), (INDIA, 380, False), (INDIA, 380.5, True)],
)
def test_above_the_table_the_index_stays_500_and_says_beyond(rules, pm25, beyond):
    index = rules.index(Reading(pm25=pm25, pm10=20, no2=20))
    assert (index.aqi, index.category, index.beyond) == (500, rules.categories[-1], beyond)


@BOTH
@given(
    st.sampled_from(POLLUTANTS),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 400),
    st.floats(0, 600),
    st.floats(0, 600),
)
def test_more_of_a_pollutant_never_lowers_the_index(rules, name, a, b, pm25, pm10, no2):
    base, limit = Reading(pm25=pm25, pm10=pm10, no2=no2), pollutant(name).limit
    low, high = (
        rules.index(replace(base, **{name: share * limit})) for share in (min(a, b), max(a, b))
    )
    assert low.aqi <= high.aqi
    assert low.sub_indices[name] <= high.sub_indices[name]


@BOTH
@pytest.mark.parametrize("name", POLLUTANTS)
def test_a_fine_grid_finds_no_hole_and_no_fall(rules, name):
    top = float(rules.pollutants[name].tables[-1].points[-1][0])
    indices = [rules.sub_index(name, top * step / 4000) for step in range(4001)]
    assert (indices[0], indices[-1]) == (0, 500)
    assert indices == sorted(indices)


@given(
    st.fixed_dictionaries({}, optional={n: st.floats(0, pollutant(n).limit) for n in POLLUTANTS})
)
def test_the_worst_sub_index_is_the_index(values):
    index = US.index(Reading(**values))
    assert set(index.sub_indices) == set(values)
    if values:
        assert index.aqi == max(index.sub_indices.values()) == index.sub_indices[index.dominant]
        assert index.category.i_low <= index.aqi <= index.category.i_high


@BOTH
@given(st.floats(-0.5, 600))
def test_every_index_whole_or_not_has_the_category_of_its_rounding(rules, aqi):
    category = rules.category_of(aqi)
    assert category == rules.category_of(round_half_up(aqi))
    assert category.i_low <= min(500, round_half_up(aqi)) <= category.i_high


@BOTH
@pytest.mark.parametrize("aqi", [-1, -0.51, float("nan"), float("-inf")])
def test_no_category_below_nothing(rules, aqi):
    with pytest.raises(AqiError, match="aqi must be >= 0, got"):
        rules.category_of(aqi)


def test_a_category_goes_by_the_rounded_index():
    names = [US.category_of(aqi).name for aqi in (0, 50.4, 50.5, 100.5, 501, float("inf"))]
    sensitive = "Unhealthy for Sensitive Groups"
    assert names == ["Good", "Good", "Moderate", sensitive, "Hazardous", "Hazardous"]


def test_halves_are_rounded_up():
    halves = (0.5, 2.5, Decimal("2.5"), Fraction(5, 2), 0.49999999999999994, -0.5, 3)
    assert [round_half_up(value) for value in halves] == [1, 3, 3, 3, 0, 0, 3]


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda: standard("uk"), AqiError, "standard must be one of us, india, got 'uk'"),
        (
            lambda: US.sub_index("o3", 0.1, "24h"),
            AqiError,
            "averaging of o3 must be one of 8h, 1h, got '24h'",
        ),
        (lambda: US.sub_index("pb", 1), ReadingError, "pollutant must be one of pm25"),
        (lambda: US.sub_index("pm25", -1), ReadingError, "pm25 must be >= 0 ug/m3, got -1"),
    ],
)
def test_what_does_not_exist_is_refused(ask, error, message):
    with pytest.raises(error) as refused:
        ask()
    assert str(refused.value).startswith(message)


def test_the_standards_are_the_shipped_ones_and_read_once():
    assert [standard(key).key for key in STANDARDS] == ["us", "india"]
    assert standard("us") is standard("us")
