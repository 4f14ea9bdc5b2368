"""What a person without a map gets: the history's points and the CSV."""

import csv
import io
from datetime import UTC, datetime, timedelta

from aqfusion.air.readings import Reading
from aqfusion.metric_values import Estimate
from aqfusion.stations.measurements import Station, StationMeasurement
from aqfusion.stations.sample_stations import sample_measurements
from aqfusion.ui.stations.map_values import INDIA, US, leak_safe
from aqfusion.ui.stations.station_list import as_csv
from aqfusion.ui.stations.station_view import AQI, history_chart

AT = datetime.fromisoformat("2023-02-02T09:00+05:45")
EVIL = Station("=cmd()", "<img src=x onerror=alert(1)>", 27.0, 85.0, True, "@me")
ONE = StationMeasurement(EVIL, AT, Reading(pm25=65), 156)
LATER = StationMeasurement(EVIL, AT + timedelta(hours=2), Reading(), 90)
TOLD = {("=cmd()", AT): Estimate(170.0, 120.0, 260.0)}


def test_csv_has_every_measurement_with_both_indices_and_the_model_and_no_formula():
    lines = list(csv.DictReader(io.StringIO(as_csv([ONE, LATER], TOLD).removeprefix("\ufeff"))))
    assert [line["time"] for line in lines] == [
        "2023-02-02T09:00:00+05:45",
        "2023-02-02T11:00:00+05:45",
    ]
    assert (lines[0]["id"], lines[0]["source"]) == ("'=cmd()", "'@me")
    assert lines[0]["name"] == EVIL.name
    computed = ("aqi", "us category", "computed us aqi", "computed india aqi")
    assert [[line[name] for name in computed] for line in lines] == [
        ["156", "Unhealthy", "158", ""],
        ["90", "Moderate", "", ""],
    ]
    assert (lines[0]["model aqi"], lines[0]["model low"], lines[1]["model aqi"]) == (
        *("170.0", "120.0", ""),
    )
    assert (lines[0]["pm25"], lines[1]["pm25"], lines[0]["worst pollutant"]) == ("65.0", "", "pm25")


def test_history_is_on_the_stations_clock_and_leaves_out_what_is_unknown():
    shown = datetime(2023, 2, 2, 4, 15, tzinfo=UTC)  # 10:00 in Kathmandu
    figure = history_chart([ONE, LATER], AQI, US, TOLD, shown)
    measured, model = figure.data
    assert list(measured.x) == [datetime(2023, 2, 2, 9), datetime(2023, 2, 2, 11)]
    assert (list(measured.y), list(measured.marker.color)) == ([156, 90], ["#FF0000", "#FFFF00"])
    assert (list(model.y), list(model.error_y.array)) == ([170.0], [90.0])
    assert figure.layout.shapes[-1].x0 == datetime(2023, 2, 2, 10)
    assert figure.layout.yaxis.range[1] > 260
    assert [list(trace.y) for trace in history_chart([ONE, LATER], "pm25", US, {}, shown).data] == [
        [65.0]
    ]
    assert list(history_chart([ONE], AQI, INDIA, {}, shown).data[0].y) == []


def test_every_sample_session_has_a_leak_safe_prediction():
    told = leak_safe("mobilenetv2_100")
    missing = [m for m in sample_measurements() if (m.station.id, m.time) not in told]
    assert missing == []
    off = [told[m.station.id, m.time].value - m.aqi for m in sample_measurements()]
    assert 20 < (sum(error**2 for error in off) / len(off)) ** 0.5 < 60  # session RMSE is 41
    assert leak_safe("a-model-of-ones-own") == {}
