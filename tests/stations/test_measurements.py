"""What a map says of measurements, with planted ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from aqfusion.air.aqi import standard
from aqfusion.air.readings import Reading
from aqfusion.stations.measurements import (
    Station,
    StationMeasurement,
    age_in_words,
    is_old,
    latest,
    summarise,
    time_steps,
)
from aqfusion.stations.sample_stations import sample_measurements

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
US, INDIA = standard("us"), standard("india")


def measured(
    id: str, time: datetime, aqi: int | None = None, **reading: float
) -> StationMeasurement:
    return StationMeasurement(
        Station(id, id, 1, 2, False, "planted"), time, Reading(**reading), aqi
    )


def test_the_latest_measurement_of_each_station_is_at_the_time_or_before():
    late, soon = measured("b", NOON, pm25=1), measured("b", NOON + HOUR, pm25=2)
    early, other = measured("b", NOON - HOUR, pm25=3), measured("a", NOON - HOUR, pm25=4)
    everything = (soon, late, early, other)
    assert latest(everything, NOON) == (other, late)
    assert latest(everything, NOON + HOUR - timedelta(seconds=1)) == (other, late)
    assert latest(everything, NOON + HOUR) == (other, soon)
    assert latest(everything, NOON - 2 * HOUR) == ()


def test_two_sources_may_use_one_id():
    ours = measured("a", NOON, pm25=1)
    theirs = StationMeasurement(Station("a", "A", 5, 6, False, "else"), NOON, Reading(pm25=1), None)
    assert set(latest((ours, theirs), NOON)) == {ours, theirs}


def test_the_formula_judges_where_no_aqi_is_stated():
    said = summarise(measured("a", NOON, pm25=80, pm10=100), US)
    assert (said.aqi, said.category.name, said.dominant) == (168, "Unhealthy", "pm25")
    assert (said.stated, said.why) == (False, "US AQI by formula, from PM2.5, PM10")


def test_the_stated_aqi_wins_and_the_pollutant_that_explains_it_is_dominant():
    said = summarise(measured("a", NOON, aqi=90, pm25=30, pm10=300, co=244), US)
    assert (said.aqi, said.category.name, said.dominant) == (90, "Moderate", "pm25")
    assert (said.stated, said.why) == (True, "AQI as stated by its source")


def test_a_stated_aqi_is_a_us_aqi():
    readings = {"pm25": 20, "pm10": 300, "no2": 40}
    said = summarise(measured("a", NOON, aqi=90, **readings), INDIA)
    assert (said.aqi, said.stated) == (250, False)
    assert summarise(measured("a", NOON, aqi=90, no2=400), INDIA).aqi is None
    assert summarise(measured("a", NOON, aqi=0), US).dominant is None
    assert summarise(measured("a", NOON, aqi=90, co=244), US).dominant is None


def test_too_few_readings_are_told():
    said = summarise(measured("a", NOON, no2=40), INDIA)
    assert (said.aqi, said.category, said.dominant, said.stated) == (None, None, None, False)
    assert said.why.startswith("The India AQI needs three pollutants")


def test_beyond_the_scale_is_told():
    assert summarise(measured("a", NOON, pm25=900), US).beyond


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(minutes=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute old"),
        (timedelta(minutes=59), "59 minutes old"),
        (HOUR, "1 hour old"),
        (47 * HOUR, "47 hours old"),
        (48 * HOUR, "2 days old"),
        (timedelta(days=3), "3 days old"),
        (timedelta(days=60), "60 days old"),
        (timedelta(days=61), "2 months old"),
        (timedelta(days=730), "23 months old"),
        (timedelta(days=731), "2 years old"),
        (timedelta(days=20_000), "54 years old"),
    ],
)
def test_age_is_told_in_words(age, words):
    assert age_in_words(NOON - age, NOON) == words


@pytest.mark.parametrize(("live", "hours"), [(True, 3), (False, 24)])
def test_live_data_is_old_after_three_hours_and_a_record_after_a_day(live, hours):
    assert not is_old(NOON - hours * HOUR, NOON, live)
    assert is_old(NOON - hours * HOUR - timedelta(seconds=1), NOON, live)


def test_a_moment_is_one_step_in_whatever_zone_it_was_told():
    india = timezone(timedelta(hours=5, minutes=30))
    moments = [NOON + HOUR, NOON.astimezone(india), NOON]
    assert time_steps(measured(str(n), time) for n, time in enumerate(moments)) == (
        NOON,
        NOON + HOUR,
    )


def test_every_sample_has_a_verdict():
    for measurement in sample_measurements():
        said = summarise(measurement, US)
        assert (said.aqi, said.stated) == (measurement.aqi, True)
        assert said.dominant in (None, *measurement.reading.present)


def test_no_formula_judges_readings_without_units_but_a_stated_aqi_stands():
    planted = measured("a", NOON, aqi=90, pm25=20, pm10=30, co=100)
    nobody_knows = replace(planted, station=replace(planted.station, units_stated=False))
    assert summarise(nobody_knows, US) == summarise(planted, US)
    for one, of in ((nobody_knows, INDIA), (replace(nobody_knows, aqi=None), US)):
        said = summarise(one, of)
        assert (said.aqi, said.category, said.dominant) == (None, None, None)
        assert (
            said.why
            == f"The {of.short_name} cannot be calculated: the station does not state its units."
        )
    assert summarise(planted, INDIA).aqi == 500


def test_the_sample_stations_state_no_units():
    assert not any(measurement.station.units_stated for measurement in sample_measurements())
