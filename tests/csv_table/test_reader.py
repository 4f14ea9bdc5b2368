"""The outer shape of a table: encodings, remarks above it, quotes, decimal commas."""

import time
from datetime import UTC, datetime

import pytest

from aqfusion.errors import InputError
from aqfusion.stations.station_table import parse_stations
from tests.planted_stations import GOOD, NOW, TITLES, WAS, parse

TABLE = f"{TITLES}\n{GOOD}\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_an_encoding_is_known_by_the_bytes(encoding):
    text = TABLE.replace("Roof", "Château").encode(encoding)
    (measured,) = parse_stations(text, NOW).measurements
    assert measured.station.name == "Château"


@pytest.mark.parametrize(
    "above",
    [
        "sep=,\n",
        "# a remark, with a comma\n",
        "Report of stations\n\nDate,5 May\n",
        "\ufeffsep=,\r\n",
    ],
)
def test_remarks_above_the_titles_are_passed_over(above):
    parsed = parse_stations((above + TABLE).encode(), NOW)
    assert (parsed.measurements, parsed.faults) == ((WAS,), ())


def test_lines_are_counted_as_in_the_file():
    bad = GOOD.replace("08:30", "soon")
    parsed = parse_stations(f'# x\n\n{TITLES}\n{GOOD}\n"a\nb",,\n{bad}\n'.encode(), NOW)
    assert sorted(set(parsed.bad_lines)) == [5, 7]


def test_a_stray_quote_costs_one_row():
    other = GOOD.replace("08:30", "09:30").replace("Roof", '"Roof"')
    parsed = parse('b,"Roof,28.6,77.2,2023-02-01T08:30Z,,80', GOOD, other)
    assert ([m.time.hour for m in parsed.measurements], parsed.bad_lines) == ([8, 9], (2,))


def test_decimal_commas_are_read_where_the_separator_is_another():
    titles = "id;lat;lon;time;pm25;no2 (ppb)"
    row = "a;28,6;77,2;2023-02-01T08:30Z;12,5;20"
    (measured,) = parse_stations(f"{titles}\n{row}".encode(), NOW).measurements
    assert (measured.station.latitude, measured.reading.pm25, measured.reading.no2) == (
        28.6,
        12.5,
        37.6,
    )


def test_a_comma_for_thousands_is_not_taken_for_a_decimal_one():
    titles = "id\tlat\tlon\ttime\tpm25\tpm10"
    row = "a\t28.6\t77.2\t2023-02-01T08:30Z\t12.5\t1,234"
    parsed = parse_stations(f"{titles}\n{row}".encode(), NOW)
    assert parsed.measurements[0].reading.pm10 is None
    assert [(fault.rule, fault.row_kept) for fault in parsed.faults] == [
        ("must have a point, not a comma", True)
    ]


def test_the_unit_may_stand_in_a_column_of_its_own():
    titles = "id,lat,lon,time,o3,o3_unit"
    rows = [f"a,28.6,77.2,2023-02-01T0{n}:30Z,10,{unit}" for n, unit in enumerate(("ppb", "", "x"))]
    parsed = parse_stations("\n".join((titles, *rows)).encode(), datetime(2024, 1, 1, tzinfo=UTC))
    assert [m.reading.o3 for m in parsed.measurements] == [19.62]
    assert [fault.line for fault in parsed.faults] == [3, 4]


@pytest.mark.parametrize("title", ["AQI (India)", "pm25_aqi", "pm25 min", "PM2.5 flag", "NAQI"])
def test_what_is_no_concentration_and_no_us_index_is_not_read(title):
    parsed = parse_stations(
        f"id,lat,lon,time,no2,{title}\na,28.6,77.2,2023-02-01T08:30Z,9,7".encode(), NOW
    )
    (measured,) = parsed.measurements
    assert (measured.reading.present, measured.aqi, parsed.ignored) == (("no2",), None, (title,))


def test_a_comma_may_be_a_decimal_one_beside_points():
    titles = "id;lat;lon;time;pm25"
    (measured,) = parse("a;28.6;77.2;2023-02-01T08:30Z;12,5", titles=titles).measurements
    assert measured.reading.pm25 == 12.5


def test_a_short_name_of_a_zone_is_read_where_the_place_has_it():
    titles = "id,lat,lon,time,timezone,pm25"
    rows = ["a,28.6,77.2,2023-02-01 08:30,IST,80", "b,52.5,13.4,2023-02-01 08:30,IST,80"]
    parsed = parse(*rows, titles=titles)
    assert [m.time.isoformat() for m in parsed.measurements] == ["2023-02-01T08:30:00+05:30"]
    assert "timezone" in {fault.column for fault in parsed.faults}


HOSTILE = {
    "a line of 5 MB": (b"pm25," * 990_000, "the line of titles must have at most 20000 characters"),
    "90 lines of titles": (
        (b"pm25 (ug/m3) mean 24h," * 2270 + b"\n") * 90,
        "the line of titles must have at most 20000 characters, got 49940",
    ),
    "201 columns": (b"pm25," * 200 + b"x", "the file must have at most 200 columns"),
    "blank lines": (b"\n" * 4_990_000, "the file must have at most 401000 lines, got 4990000"),
    "open quotes": (
        f"{TITLES}\n".encode() + b'"\n' * 2_400_000,
        "the file must have at most 401000 lines, got 2400001",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_header_costs_no_time(case):
    content, sentence = HOSTILE[case]
    started = time.thread_time()
    with pytest.raises(InputError, match=sentence):
        parse_stations(content, NOW)
    assert time.thread_time() - started < 0.5


def test_a_long_remark_above_the_titles_is_passed_over():
    parsed = parse_stations(("# " + "x" * 30_000 + "\n" + TABLE).encode(), NOW)
    assert parsed.measurements == (WAS,)
