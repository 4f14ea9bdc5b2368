"""Readings: what is taken, what is refused in which words, and exact units."""

import json
import math
import time
from dataclasses import FrozenInstanceError
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqfusion.air.pollutants import POLLUTANT_FILE, convert_exactly, load_pollutants
from aqfusion.air.readings import POLLUTANTS, Reading, ReadingError, convert, pollutant
from aqfusion.io.json_models import TableError


def test_a_reading_knows_what_is_present_in_the_order_of_the_pollutants():
    assert POLLUTANTS == ("pm25", "pm10", "o3", "co", "so2", "no2")
    assert Reading(no2=0, pm25=12).present == ("pm25", "no2")
    assert Reading().present == ()


def test_a_reading_keeps_plain_floats_and_cannot_be_changed():
    reading = Reading(pm25=np.float32(12), co=1)
    assert (type(reading.pm25), type(reading.co)) == (float, float)
    with pytest.raises(FrozenInstanceError):
        reading.pm25 = 3.0


def test_masked_keeps_only_what_is_named():
    reading = Reading(pm25=1, o3=2, no2=3)
    assert reading.masked(["o3", "so2"]) == Reading(o3=2)
    assert reading == Reading(pm25=1, o3=2, no2=3)
    with pytest.raises(ReadingError, match=r"must be one of pm25, .*, got 'ozone'"):
        reading.masked(["ozone"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1, "pm25 must be >= 0 ug/m3, got -1"),
        (-1e-9, "pm25 must be >= 0 ug/m3, got -1e-09"),
        (math.nan, "pm25 must be a finite number, got nan"),
        (math.inf, "pm25 must be a finite number, got inf"),
        (True, "pm25 must be a number, got True"),
        ("12", "pm25 must be a number, got '12'"),
        ([1], "pm25 must be a number, got [1]"),
        (5000.1, "pm25 must be <= 5000 ug/m3, got 5000.1"),
        (10**400, f"pm25 must be a finite number, got 1{'0' * 36}..."),
    ],
)
def test_a_bad_value_is_refused_with_its_rule(value, message):
    with pytest.raises(ReadingError) as error:
        Reading(pm25=value)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("values", "units", "message"),
    [
        ({"pm25": "-1"}, None, "pm25 must be >= 0 ug/m3, got -1"),
        ({"pm25": "12,5"}, None, "pm25 must have a point, not a comma, got '12,5'"),
        ({"pm25": "abc"}, None, "pm25 must be a number, got 'abc'"),
        ({"pm25": "1_000"}, None, "pm25 must be a number, got '1_000'"),
        ({"pm25": "٣"}, None, "pm25 must be a number, got '٣'"),
        ({"pm25": "x" * 99}, None, f"pm25 must be a number, got '{'x' * 37}...'"),
        ({"pm25": " nan "}, None, "pm25 must be a finite number, got nan"),
        ({"pm25": "-inf"}, None, "pm25 must be a finite number, got -inf"),
        ({"pm25": "1e999"}, None, "pm25 must be a finite number, got 1e999"),
        ({"co": "1e9"}, None, "co must be <= 1000 mg/m3, got 1e9"),
        ({"o3": "2000"}, {"o3": "ppb"}, "o3 must be <= 2000 ug/m3, got 2000 ppb"),
        ({"o3": 1e308}, {"o3": "ppm"}, "o3 must be a finite number, got 1e+308 ppm"),
        ({"o3": math.nan}, {"o3": "ppm"}, "o3 must be a finite number, got nan ppm"),
        ({"o3": True}, {"o3": "ppm"}, "o3 must be a number, got True"),
        (
            {"pb": "1"},
            None,
            "pollutant must be one of pm25, pm10, o3, co, so2, no2, got 'pb'",
        ),
        (
            {"pm25": "1"},
            {"pb": "ppb"},
            "pollutant must be one of pm25, pm10, o3, co, so2, no2, got 'pb'",
        ),
        ({"pm25": "1"}, {"pm25": "ppb"}, "unit of pm25 must be one of ug/m3, mg/m3, got 'ppb'"),
        ({}, {"co": ""}, "unit of co must be one of mg/m3, ug/m3, ppb, ppm, got ''"),
    ],
)
def test_bad_text_is_refused_with_its_rule(values, units, message):
    with pytest.raises(ReadingError) as error:
        Reading.from_values(values, units)
    assert str(error.value) == message


def test_text_is_read_and_nothing_is_missing_rather_than_zero():
    values = {"pm25": " 12.5\t", "pm10": " ", "o3": "", "co": ".5", "so2": "+1e1"}
    assert Reading.from_values({"so2": None, "no2": 0}) == Reading(no2=0)
    assert Reading.from_values(values) == Reading(pm25=12.5, co=0.5, so2=10)


@pytest.mark.parametrize("unit", ["ug/m3", "µg/m³", "μg/m³", "UG/M3", "ug / m^3", " μg/m3"])
def test_a_unit_may_be_spelled_in_its_usual_ways(unit):
    assert Reading.from_values({"co": "1500"}, {"co": unit}) == Reading(co=1.5)


@pytest.mark.parametrize(
    ("name", "value", "from_unit", "to_unit", "converted"),
    [
        ("o3", 1, "ppb", "ug/m3", 1.962),
        ("no2", 1, "ppb", "ug/m3", 1.88),
        ("so2", 1, "ppb", "ug/m3", 2.619),
        ("co", 1, "ppm", "mg/m3", 1.145),
        ("co", 1, "ppb", "mg/m3", 0.001145),
        ("o3", 0.07, "ppm", "ppb", 70.0),
        ("pm10", 0.15, "mg/m3", "ug/m3", 150.0),
        ("co", 9.4, "ppm", "ug/m3", 10763.0),
    ],
)
def test_units_convert_at_25_degrees(name, value, from_unit, to_unit, converted):
    assert convert(name, value, from_unit, to_unit) == converted


def test_the_largest_published_co_is_accepted():
    assert Reading(co=410).co == 410.0


@given(
    st.sampled_from([(n, u) for n in POLLUTANTS for u in pollutant(n).units]),
    st.integers(0, 999_999),
    st.integers(0, 4),
)
def test_a_decimal_number_survives_the_way_there_and_back(unit_of, digits, places):
    (name, unit), value = unit_of, float(Decimal(digits).scaleb(-places))
    there = convert(name, value, unit, pollutant(name).unit)
    assert convert(name, there, pollutant(name).unit, unit) == value


def test_exact_conversion_keeps_every_digit():
    assert convert_exactly("o3", Decimal("0.070"), "ppm", "ug/m3") == Decimal("137.34")


@pytest.mark.parametrize("name", POLLUTANTS)
def test_every_pollutant_is_described(name):
    entry = pollutant(name)
    assert (entry.name, entry.units[0]) == (name, entry.unit)
    assert entry.label.isascii()
    assert entry.description.endswith(".")
    assert entry.limit_reason.endswith(".")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: t["o3"]["units"].update(ppb=0),
            "broken.json: pollutants.o3.units.ppb must be a number > 0, got 0",
        ),
        (
            lambda t: t["co"].update(limit=-5),
            "broken.json: pollutants.co.limit must be a number > 0, got -5",
        ),
        (
            lambda t: t["co"].update(limit=True),
            "broken.json: pollutants.co.limit must be a number > 0, got true",
        ),
        (
            lambda t: t["so2"].update(label=" "),
            'broken.json: pollutants.so2.label must be a text that is not empty, got " "',
        ),
        (lambda t: t["no2"].pop("description"), "broken.json: pollutants.no2 must have"),
        (lambda t: t.pop("no2"), "broken.json: pollutants must name pm25"),
        (
            lambda t: t["pm25"]["units"].update({"ug/m3": 2}),
            "broken.json: pollutants.pm25.units must begin with the canonical ug/m3 as 1",
        ),
        (
            lambda t: t["pm25"].update(units={"mg/m3": 1000, "ug/m3": 1}),
            "broken.json: pollutants.pm25.units must begin with the canonical ug/m3 as 1",
        ),
        (
            lambda t: t["pm25"].update(unit="ppm"),
            "broken.json: pollutants.pm25.units must begin with the canonical ppm as 1",
        ),
    ],
)
def test_a_broken_pollutant_table_names_file_field_rule_and_value(tmp_path, change, message):
    table = json.loads(POLLUTANT_FILE.read_text(encoding="utf-8"))
    change(table["pollutants"])
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(TableError) as error:
        load_pollutants(broken)
    assert str(error.value).startswith(message)


def test_a_table_that_is_no_json_or_not_there_is_a_sentence(tmp_path):
    (tmp_path / "cut.json").write_text('{"pollutants": ', encoding="utf-8")
    for name in ("cut.json", "absent.json"):
        with pytest.raises(TableError, match=f"{name} must be a readable"):
            load_pollutants(tmp_path / name)


def test_a_long_row_of_digits_is_refused_at_once():
    start = time.perf_counter()
    with pytest.raises(ReadingError, match="pm25 must be a number"):
        Reading.from_values({"pm25": "1" * 20_000 + "x"})
    assert time.perf_counter() - start < 1
