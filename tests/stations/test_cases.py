"""Tables that people really have, each with what a person would expect of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aqfusion.csv_table.header import CsvTableError
from aqfusion.stations.import_report import as_json, looks_like
from aqfusion.stations.station_table import Parsed, UploadedStation, parse_stations

CASES = Path(__file__).parent.parent / "cases"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def read(name: str) -> Parsed:
    return parse_stations((CASES / name).read_bytes(), NOW)


def told(name: str) -> dict[str, Any]:
    return as_json(read(name))


def one(id: str, time: str, lat: float, lon: float, aqi: int | None = None, **readings: float):
    return {"id": id, "time": time, "lat": lat, "lon": lon, "readings": readings, "aqi": aqi}


MORNING = "2026-01-05T08:00:00+05:30"


def test_an_index_beyond_500_is_kept_as_500_and_told():
    made = told("aqi-above-500/t.csv")
    time = "2025-11-12T08:00:00+05:30"
    assert made == {
        "stations": 4,
        "measurements": [
            one("d1", time, 28.6, 77.2, 500, pm25=420.0),
            one("d2", time, 28.7, 77.2, 500, pm25=300.0),
            one("d3", time, 28.8, 77.2, None, pm25=120.0),
            one("d4", time, 28.9, 77.2, 157, pm25=120.0),
        ],
        "left_out": [],
        "ignored_columns": [],
        "notes": [
            "pm25 has no unit in its title and is taken in ug/m3",
            "aqi is above the index and kept as 500 (2 rows: lines 2, 3)",
            "aqi is read without the words after it (line 5)",
        ],
    }


def test_a_report_of_cpcb_asks_for_its_station_and_is_read_with_it():
    parsed = read("cpcb-export/t.csv")
    assert looks_like(parsed) == ["this looks like a table of CPCB: 1 station, 1 time"]
    time = "2026-01-05T00:00:00+05:30"
    values = {"pm10": 150.0, "o3": 30.0, "co": 1.2, "no2": 40.0}
    made = as_json(parsed)
    assert parsed.measurements == ()
    assert made["measurements"] == [one("station", time, None, None, None, **values)]
    assert (made["left_out"], made["ignored_columns"]) == ([], ["To Date"])
    content = (CASES / "cpcb-export/t.csv").read_bytes()
    placed = parse_stations(content, NOW, place=UploadedStation(28.65, 77.3, "Anand Vihar"))
    assert as_json(placed)["measurements"] == [
        one("Anand Vihar", time, 28.65, 77.3, None, **values)
    ]


def test_a_doubled_row_counts_once_and_is_told():
    made = told("dup-rows/t.csv")
    assert made["measurements"] == [
        one("a", f"2026-01-05T{hour}:00:00+05:30", 28.61, 77.21, pm25=80.0)
        for hour in ("08", "09", "10")
    ]
    assert (made["stations"], made["left_out"]) == (1, [])
    assert made["notes"][1:] == [
        "duplicate rows count once: an earlier row has the same values for this station and time "
        "(2 rows: lines 3, 6)",
        "'a' is one station, although its position varies by up to 250 m (line 4)",
    ]


@pytest.mark.parametrize(("name", "rows"), [("t", 20), ("own-template", 48), ("longer", 2)])
def test_what_spreadsheets_cut_and_add_at_the_end_of_a_row_costs_nothing(name, rows):
    made = told(f"excel-trailing-delims/{name}.csv")
    assert (len(made["measurements"]), made["left_out"]) == (rows, [])


def test_a_template_that_was_filled_in_keeps_its_last_row():
    time = "2026-01-02T23:30:00+05:30"
    values = {"pm25": 80.0, "pm10": 150.0, "o3": 58.86, "co": 1.2, "so2": 5.0, "no2": 40.0}
    last = told("excel-trailing-delims/own-template.csv")["measurements"][-1]
    assert last == one("roof-1", time, 28.6286, 77.2411, **values)


def test_a_station_that_moves_by_a_metre_or_is_renamed_is_one_station():
    moved, renamed = told("gps-jitter/t.csv"), told("gps-jitter/renamed.csv")
    assert (moved["stations"], moved["left_out"]) == (1, [])
    assert [row["readings"]["pm25"] for row in moved["measurements"]] == list(range(10, 34))
    assert {(row["lat"], row["lon"]) for row in moved["measurements"]} == {(48.55, -3.38799)}
    assert (renamed["stations"], len(renamed["measurements"])) == (1, 3)
    assert renamed["notes"][-1] == (
        "'a' is called 'Roof', as first written, and also 'Roof (new inlet)' (2 rows: lines 3, 4)"
    )


@pytest.mark.parametrize(
    ("number", "readings"),
    [
        (0, {"o3": 2.943}),
        (1, {"o3": 2.943}),
        (2, {"o3": 1.5}),
        (3, {"co": 1.5}),
        (4, {"co": 1.7175}),
        (5, {"co": 0.0015}),
        (6, {"so2": 3.9285}),
        (7, {"no2": 2.82}),
        (8, {"no2": 2.82}),
        (10, {"o3": 2.943}),
        (11, {"co": 1.5}),
        (12, {"no2": 1.5}),
        (13, {"o3": 1.5}),
        (14, {"o3": 1.5}),
    ],
)
def test_gases_are_read_by_any_usual_title(number, readings):
    made = told(f"header-gas/g{number:02}.csv")
    assert made["measurements"] == [one("s", MORNING, 28.6, 77.2, **readings)]
    assert (made["left_out"], made["ignored_columns"]) == ([], [])


def test_ozone_of_1_5_ppm_is_beyond_its_limit():
    (left,) = told("header-gas/g09.csv")["left_out"]
    assert left == {"line": 2, "column": "O₃ (ppm)", "reason": "must be <= 2000 ug/m3, got '1.5'"}


def test_an_unknown_unit_costs_its_column():
    made = told("header-gas/g15.csv")
    assert (made["measurements"], made["ignored_columns"]) == ([], ["NO2 (pphm)"])
    assert made["notes"] == [
        "column 'NO2 (pphm)' is not read: unit of no2 must be one of ug/m3, mg/m3, ppb, ppm, "
        "got 'pphm'"
    ]


def test_markers_of_what_was_not_measured_cost_nothing_else():
    made = told("missing-markers/cpcb.csv")
    assert made["measurements"] == [
        one(f"s{n}", MORNING, 28.6, 77.2, pm25=80.0, no2=40.0) for n in range(18)
    ]
    assert made["left_out"] == []


def test_line_breaks_doubled_quotes_and_inches_are_read():
    parsed = read("multiline/t.csv")
    names = [m.station.name for m in parsed.measurements]
    assert names == ["Roof Block B", 'He said "ok"', '5" pipe']
    assert parsed.faults == ()


def test_a_reading_below_zero_is_left_out_alone_and_a_code_is_no_reading():
    made = told("negative/t.csv")
    assert made["measurements"] == [
        one("a", MORNING, 28.6, 77.2, pm25=80.0, no2=40.0),
        one("b", MORNING, 28.7, 77.2, pm25=80.0, no2=40.0),
    ]
    assert made["left_out"] == [
        {"line": 2, "column": "pm10", "reason": "must be >= 0 ug/m3, got '-0.4'"}
    ]


@pytest.mark.parametrize(
    ("name", "readings"), [("archive", {"pm25": 80.0, "no2": 37.6}), ("v3-wide", {"pm25": 80.0})]
)
def test_tables_of_openaq_are_read(name, readings):
    parsed = read(f"openaq-long/{name}.csv")
    assert as_json(parsed)["measurements"] == [one("7001", MORNING, 28.61, 77.21, **readings)]
    assert looks_like(parsed) == ["this looks like a table of OpenAQ: 1 station, 1 time"]
    assert parsed.faults == ()


def test_whole_numbers_may_have_a_point():
    assert [row["aqi"] for row in told("pandas-floats/stations.csv")["measurements"]] == [160, None]


def test_offsets_are_read_as_databases_write_them():
    assert [row["time"] for row in told("pg-offset/t.csv")["measurements"]] == [
        "2026-01-05T08:00:00+00:00",
        "2026-01-05T08:00:00.500000+05:30",
        "2026-01-05T08:00:00-08:00",
    ]
    assert told("pg-offset/zone.csv")["measurements"][0]["time"] == "2026-01-05T08:00:00+05:00"


@pytest.mark.parametrize(
    ("name", "ignored"),
    [
        ("a", ["station"]),
        ("b", ["timestamp"]),
        ("c", ["latitude", "longitude"]),
        ("d", ["PM2.5 (µg/m³)"]),
        ("e", []),
    ],
)
def test_a_second_column_of_one_meaning_costs_that_column(name, ignored):
    made = told(f"two-titles/{name}.csv")
    assert made["measurements"] == [one("a", MORNING, 28.6, 77.2, pm25=80.0)]
    assert (made["left_out"], made["ignored_columns"]) == ([], ignored)
    assert (read(f"two-titles/{name}.csv").measurements[0].station.name == "Roof") == (name in "ae")


@pytest.mark.parametrize("mean", ["pollutant_avg", "avg_value"])
def test_sub_indices_are_refused_by_name(mean):
    titles = f"country,state,city,station,last_update,latitude,longitude,pollutant_id,{mean}"
    row = "India,AP,Anantapur,Gulzarpet,13-05-2025 23:00:00,14.67,77.59,SO2,14"
    with pytest.raises(CsvTableError, match="sub-indices of the AQI, not concentrations"):
        parse_stations(f"{titles}\n{row}\n".encode(), NOW)


def test_a_table_of_sensor_community_is_in_utc():
    titles = "sensor_id;sensor_type;location;lat;lon;timestamp;P1;durP1;ratioP1;P2;durP2;ratioP2"
    row = "12345;SDS011;500;42.696;23.333;2025-08-07T10:05:00;20.00;;;10.00;;"
    made = as_json(parse_stations(f"{titles}\n{row}\n".encode(), NOW))
    assert made["measurements"] == [
        one("12345", "2025-08-07T10:05:00+00:00", 42.696, 23.333, pm25=10.0, pm10=20.0)
    ]


def test_a_table_of_airgradient_gives_what_is_corrected():
    titles = (
        "Location ID,Location Name,Place Open,Local Date/Time,UTC Date/Time,"
        "PM2.5 (μg/m³) raw,PM2.5 (μg/m³) corrected,PM10 (μg/m³),TVOC (ppb)"
    )
    row = "67,Roof,false,2025-09-17 09:15:00,2025-09-17T02:15:00.000Z,33.8,30.1,40,9"
    place = UploadedStation(13.75, 100.5)
    made = as_json(parse_stations(f"{titles}\n{row}\n".encode(), NOW, place=place))
    assert made["measurements"] == [
        one("67", "2025-09-17T02:15:00+00:00", 13.75, 100.5, pm25=30.1, pm10=40.0)
    ]


def test_a_table_of_purpleair_counts_seconds():
    content = b"time_stamp,sensor_index,humidity,pm2.5_cf_1,pm2.5_atm\n1719792000,12345,40,9,8\n"
    made = as_json(parse_stations(content, NOW, place=UploadedStation(28.6, 77.2)))
    assert made["measurements"] == [one("12345", "2024-07-01T00:00:00+00:00", 28.6, 77.2, pm25=8.0)]


def test_swapped_coordinates_and_0_0_are_noticed():
    places = ("a,77.2,28.6", "b,0,0", "c,85.3,27.7")
    rows = "\n".join(f"{place},2026-01-05T08:00Z,1" for place in places)
    parsed = parse_stations(f"id,lat,lon,time,pm25\n{rows}".encode(), NOW)
    assert parsed.measurements == ()
    assert [fault.rule.endswith("swapped?") for fault in parsed.faults] == [True, False, True]


def test_a_row_that_is_swapped_is_known_by_the_other_rows_of_its_station():
    # 70.1 N, 23.0 E is in Norway, so that only the station's other rows tell.
    rows = [f"a,23.0,70.1,2026-01-05T0{hour}:00Z,1" for hour in (1, 2)]
    content = "\n".join(("id,lat,lon,time,pm25", "a,70.1,23.0,2026-01-05T00:00Z,1", *rows))
    parsed = parse_stations(content.encode(), NOW)
    assert [m.station.latitude for m in parsed.measurements] == [23.0, 23.0]
    (fault,) = parsed.faults
    assert (fault.line, fault.rule.endswith("are lat and lon swapped?")) == (2, True)
