"""What the map tells of a measurement, view by view."""

from datetime import datetime, timedelta

import pytest

from aqfusion.air.readings import Reading
from aqfusion.metric_values import Estimate
from aqfusion.stations.measurements import Station, StationMeasurement
from aqfusion.ui.stations.map_values import ERROR, INDIA, MODEL, US, bands, error_of, marks, when

AT = datetime.fromisoformat("2023-02-02T09:00+05:45")
STATION = Station("a", "<b>A</b>", 27.0, 85.0, True, "somebody")


def measured(aqi: int | None = None, **readings: float) -> StationMeasurement:
    return StationMeasurement(STATION, AT, Reading(**readings), aqi)


def mark(
    one: StationMeasurement, view: str, said: float | None = None, hours: float = 0, live=False
):
    told = {} if said is None else {("a", AT): Estimate(said, said - 30, said + 40)}
    return marks([one], view, told, AT + timedelta(hours=hours), live=live)[0]


def test_us_view_shows_the_stated_aqi_and_who_and_when():
    found = mark(measured(156, pm25=65), US)
    assert (found.label, found.colour, found.name, found.approximate, found.old) == (
        *("156", "#FF0000", "<b>A</b>", True, False),
    )
    assert found.lines == (
        *("Measured US AQI 156, Unhealthy", "Dominant pollutant: PM2.5"),
        *("2 Feb 2023, 09:00 UTC+05:45", "just now"),
    )


def test_india_view_goes_by_its_own_formula_and_says_where_it_cannot():
    found = mark(measured(156, pm25=65, pm10=120, no2=40), INDIA)
    assert found.label == "115"
    assert found.lines[0] == "Measured India AQI 115, Moderate"
    unknown = mark(measured(156, pm25=65), INDIA)
    assert (unknown.label, unknown.colour) == ("?", "#8A9299")
    assert unknown.lines[0].startswith("The India AQI needs three pollutants")


def test_beyond_the_scale_has_a_plus():
    assert mark(measured(pm25=900), US).label == "500+"


def test_model_view_has_the_models_number_in_its_category():
    found = mark(measured(156), MODEL, said=90.4)
    assert (found.label, found.colour) == ("90", "#FFFF00")
    assert "Model AQI 90 (60 to 130)" in found.lines


@pytest.mark.parametrize(
    ("said", "label", "band"),
    [
        (45, "−111", "Much too low"),
        (56, "−100", "Much too low"),
        (57, "−99", "Too low"),
        (131, "−25", "Too low"),
        (132, "−24", "About right"),
        (156, "+0", "About right"),
        (181, "+25", "About right"),
        (182, "+26", "Too high"),
        (256, "+100", "Too high"),
        (257, "+101", "Much too high"),
    ],
)
def test_errors_are_signed_and_fall_into_bands(said, label, band):
    found = mark(measured(156), ERROR, said)
    names = {band.name: band.colour for band in bands(ERROR)}
    assert (found.label, found.colour) == (label, names[band])


@pytest.mark.parametrize("view", [MODEL, ERROR])
def test_without_a_fair_prediction_nothing_is_claimed(view):
    for one, said in ((measured(156), None), (measured(None, pm25=20), 90)):
        if view == MODEL and said:
            continue
        found = mark(one, view, said)
        assert found.label == "?"
        assert "No independent prediction" in found.lines
    assert error_of(measured(None), {("a", AT): Estimate(1, 0, 2)}) is None


@pytest.mark.parametrize(("live", "hours"), [(True, 3), (False, 24)])
def test_old_data_is_marked(live, hours):
    assert not mark(measured(156), US, hours=hours, live=live).old
    assert mark(measured(156), US, hours=hours + 1, live=live).old


def test_times_are_on_the_clock_of_the_place():
    assert when(datetime.fromisoformat("2023-12-31T23:59:07+00:00")) == "31 Dec 2023, 23:59:07 UTC"
    assert when(datetime.fromisoformat("2023-01-01T00:00-03:30")) == "1 Jan 2023, 00:00 UTC-03:30"
