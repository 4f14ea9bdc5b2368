"""Of each pollutant the newest reading, in canonical units; what is no reading is counted."""

import json
from datetime import UTC, datetime

import pytest

from aqfusion.air.readings import Reading
from aqfusion.stations.openaq import Latest, LeftOut, Sensor, latest
from tests.stations.openaq_server import row

NOW = datetime(2026, 9, 24, 17, 30, tzinfo=UTC)
AT_17, AT_16 = NOW.replace(minute=0), NOW.replace(hour=16, minute=0)
YEARS_AGO, DAY_BEFORE = "2018-02-22T04:00:00Z", "2026-09-23T16:59:59Z"


def rows(*entries: dict) -> list[object]:
    return json.loads(json.dumps(entries))


def one(name: str, unit: str, value: object, utc: object = "2026-09-24T17:00:00Z") -> Latest:
    return latest(rows(row(1, value, utc)), {1: Sensor(name, unit)}, NOW)


@pytest.mark.parametrize(
    ("name", "unit", "value", "canonical"),
    [
        ("pm25", "µg/m³", 80.5, 80.5),
        ("pm25", "μg/m³", 80, 80.0),  # the Greek letter, not the micro sign
        ("pm10", "mg/m³", 0.25, 250.0),
        ("o3", "ppm", 0.07, 137.34),
        ("no2", "ppb", 10, 18.8),
        ("so2", "ppm", 0.01, 26.19),
        ("co", "ppm", 2, 2.29),
        ("co", "µg/m³", 900, 0.9),
        ("pm25", "ug/m3", 0, 0.0),
    ],
)
def test_units_become_canonical(name, unit, value, canonical):
    assert one(name, unit, value) == Latest(Reading(**{name: canonical}), AT_17, LeftOut())


@pytest.mark.parametrize("unit", ["particles/cm³", "%", "", "ppm/ppb", "ppt", "\x00"])
def test_an_unknown_unit_is_left_out_and_counted(unit):
    assert one("o3", unit, 1) == Latest(Reading(), None, LeftOut(unknown_units=1))


def test_particles_have_no_ppm():
    assert one("pm25", "ppm", 1).left_out == LeftOut(unknown_units=1)


@pytest.mark.parametrize(
    "value", [-1, -999, -9999.0, 5000.1, 10**400, None, "80", True, [80], {}, 1e308]
)
def test_an_impossible_value_is_left_out_and_counted(value):
    assert one("pm25", "µg/m³", value) == Latest(Reading(), None, LeftOut(impossible=1))


@pytest.mark.parametrize(
    "utc",
    [
        *("2026-09-24T18:30:01Z", "2099-01-01T00:00:00Z", "yesterday", "", 17, None),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_a_time_to_come_or_none_at_all_is_impossible(utc):
    assert one("pm25", "µg/m³", 80, utc) == Latest(Reading(), None, LeftOut(impossible=1))


def test_of_two_sensors_the_newer_reading_counts_whatever_their_order_and_units():
    sensors = {1: Sensor("o3", "µg/m³"), 2: Sensor("o3", "ppb")}
    older, newer = row(1, 50, "2026-09-24T16:00:00Z"), row(2, 10)
    for order in ((older, newer), (newer, older)):
        assert latest(rows(*order), sensors, NOW) == Latest(Reading(o3=19.62), AT_17, LeftOut())


def test_an_impossible_newer_value_leaves_the_older_one():
    sensors = {1: Sensor("pm25", "µg/m³"), 2: Sensor("pm25", "µg/m³")}
    found = latest(rows(row(1, 70, "2026-09-24T16:00:00Z"), row(2, -999)), sensors, NOW)
    assert found == Latest(Reading(pm25=70), AT_16, LeftOut(impossible=1))


def test_a_reading_a_day_older_than_the_newest_is_not_mixed_with_it():
    sensors = {1: Sensor("pm25", "µg/m³"), 2: Sensor("no2", "µg/m³"), 3: Sensor("co", "ppm")}
    found = latest(rows(row(1, 80), row(2, 40, DAY_BEFORE), row(3, 1, YEARS_AGO)), sensors, NOW)
    assert found == Latest(Reading(pm25=80), AT_17, LeftOut(older=2))


def test_a_sensor_that_was_replaced_years_ago_is_not_counted():
    sensors = {1: Sensor("pm25", "µg/m³"), 2: Sensor("pm25", "µg/m³")}
    found = latest(rows(row(1, -999, YEARS_AGO), row(2, 80)), sensors, NOW)
    assert found == Latest(Reading(pm25=80), AT_17, LeftOut())


def test_a_station_that_is_silent_for_a_day_says_nothing():
    assert one("pm25", "µg/m³", 80, DAY_BEFORE) == Latest(Reading(), None, LeftOut(older=1))


def test_other_quantities_and_sensors_are_ignored():
    sensors = {1: Sensor("temperature", "c")}
    assert latest(rows(row(1, 31), row(2, 7)), sensors, NOW) == Latest(Reading(), None, LeftOut())
