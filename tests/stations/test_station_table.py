"""A person's station file: good rows load, bad rows are listed, and nothing is lost between."""

import csv
import io
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aqfusion.air.readings import Reading
from aqfusion.csv_table.errors import TableFault, fault_report
from aqfusion.csv_table.header import CsvTableError
from aqfusion.stations import station_table
from aqfusion.stations.station_table import parse_stations, template
from tests.planted_stations import GOOD, NOW, TITLES, WAS, parse, with_cell


def test_a_good_row_is_a_measurement():
    parsed = parse(GOOD)
    assert (parsed.measurements, parsed.faults, parsed.ignored) == ((WAS,), (), ())
    assert parsed.notes == (
        "pm25 has no unit in its title and is taken in ug/m3",
        "co has no unit in its title and is taken in mg/m3",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_spreadsheets_write_is_read(separator, end, encoding):
    text = end.join(
        (TITLES, GOOD, '"a","Roof","28.6",77.2, 2023-02-01 09:30Z,,,,,7', ",,,,,,,,,", "")
    )
    parsed = parse_stations(text.replace(",", separator).encode(encoding), NOW)
    assert (parsed.measurements[0], parsed.faults) == (WAS, ())
    assert [m.aqi for m in parsed.measurements] == [None, 7]


@pytest.mark.parametrize(
    "titles",
    [
        "AQI,PM2.5 (µg/m³),Latitude,LNG,Timestamp,Station ID,Station name",
        "aqi,pm2_5,LAT,Longitude,Date Time,sensor_id,NAME",
        "aqi,PM₂.₅ [ug/m3],lat,long,time,Id,station",
    ],
)
def test_titles_have_other_names_any_order_and_any_case(titles):
    (measured,) = parse("7,80,28.6,77.2,2023-02-01T08:30Z,a,Roof", titles=titles).measurements
    assert (measured.station, measured.reading) == (WAS.station, Reading(pm25=80))


def test_a_column_that_nobody_reads_is_told():
    parsed = parse(f"{GOOD},x,,y,", titles=f"{TITLES},Notes,,wind,")
    assert parsed.ignored == (
        "Notes",
        "column 12, which has no title",
        "wind",
        "column 14, which has no title",
    )
    assert parsed.measurements == (WAS,)


def test_a_name_is_text_whatever_it_looks_like():
    (measured,) = parse(with_cell("name", '"=HYPERLINK(""<b>"")"')).measurements
    assert measured.station.name == '=HYPERLINK("<b>")'


def test_a_station_without_a_name_is_called_by_its_id():
    assert parse(with_cell("name", " ")).measurements[0].station.name == "a"


def test_a_station_is_named_once():
    nameless = with_cell("name", "").replace("08:30", "09:30")
    assert [m.station for m in parse(GOOD, nameless).measurements] == [WAS.station, WAS.station]


def test_a_bad_row_does_not_say_where_a_station_is():
    parsed = parse(with_cell("lat", "10").replace("08:30", "8.30"), GOOD)
    assert parsed.measurements == (WAS,)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file must have a column pm25, pm10, o3, co, so2, no2, aqi or value"),
        (
            b"lat,lon,time,co\n",
            "the file must have the column id or name, got 'lat, lon, time, co'",
        ),
        (b"name,lat,time,co\n", "the file must have the column lon, got 'name, lat, time, co'"),
        (
            b"id,lat,lon,time\n",
            "the file must have a column pm25, pm10, o3, co, so2, no2, aqi or value",
        ),
        (
            b"id,lat,lon,time,o3 (ppt)\n",
            "must have a column pm25, pm10, o3, co, so2, no2, aqi or value",
        ),
        (b"id,lat,lon,time,co\n ,,,,\n", "the file must have a row below its titles, got none"),
        (b"id\x81,lat", "the file must be a CSV text or a spreadsheet (.xlsx)"),
        (b"PK\x03\x04\0\0", "the file must be a CSV text or a spreadsheet (.xlsx)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "the file is a spreadsheet of an old kind (.xls)"),
        (b"," * 5_000_001, "the file must have at most 5 MB, got 5000001 bytes"),
        (b"id,lat,lon,time,aqi" + b",x" * 200, "the file must have at most 200 columns"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(content, sentence):
    with pytest.raises(CsvTableError) as refused:
        parse_stations(content, NOW)
    assert sentence in str(refused.value)


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(station_table, "MOST_ROWS", 2)
    with pytest.raises(CsvTableError, match="at most 2 rows"):
        parse("x", "x", "", "x")


CELLS = st.sampled_from(
    [
        "",
        "a",
        "b",
        "28.6",
        "77.2",
        "2023-02-01T08:30Z",
        "Asia/Kolkata",
        "2023-02-01 08:30",
        "80",
        '5"',
    ]
) | st.text(st.characters(exclude_characters='\r\n\0"', exclude_categories=["Cs"]), max_size=5)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=12), max_size=12), st.sampled_from(",;\t"))
def test_a_row_is_a_measurement_or_is_listed(rows, separator):
    # Every row ends in a cell that is not blank, so that every row is one.
    lines = [separator.join(TITLES.split(",")), GOOD.replace(",", separator)]
    lines += [separator.join([*row, "9"]) for row in rows]
    parsed = parse_stations("\n".join(lines).encode(), NOW)
    assert len(parsed.measurements) + len(parsed.bad_lines) == 1 + len(rows)


@given(st.binary(max_size=300), st.sampled_from([b"", TITLES.encode() + b"\n", b"\xff\xfe"]))
@example(b"\xff\xfe\0\0", b"")
@example(b'"' * 200, b"")
def test_hostile_bytes_are_refused_or_listed(content, start):
    try:
        parsed = parse_stations(start + content, NOW)
    except CsvTableError:
        return
    assert parsed.measurements or parsed.faults


def test_the_template_is_a_good_file():
    parsed = parse_stations(template().encode(), NOW)
    assert (parsed.faults, parsed.ignored, len(parsed.measurements)) == ((), (), 3)
    assert parsed.measurements[1].time.isoformat() == "2023-02-01T08:30:00+05:45"


def test_a_list_of_faults_holds_no_formula():
    report = fault_report((TableFault(3, "=x", "must, be", "-1"), TableFault(4, "", "r", "@now")))
    assert list(csv.reader(io.StringIO(report.removeprefix("\ufeff")))) == [
        ["line", "column", "rule", "value", "left_out"],
        ["3", "'=x", "must, be", "'-1", "row"],
        ["4", "", "r", "'@now", "row"],
    ]


def test_two_thousand_rows_take_no_time():
    rows = [GOOD.replace("a,", f"a{n},", 1) for n in range(2000)]
    start = time.perf_counter()
    assert len(parse(*rows).measurements) == 2000
    assert time.perf_counter() - start < 2


def test_a_table_of_nothing_but_faults_ends_early(monkeypatch):
    monkeypatch.setattr("aqfusion.stations.station_table.MOST_FAULTS", 20)
    rows = b"s,28,77,2023-02-01T08:30Z,x,x,x,x\n"
    title = b"id,lat,lon,time,pm25,pm10,o3,no2\n"
    few = parse_stations(title + 5 * rows, NOW)
    assert 5 <= len(few.faults) <= 20
    with pytest.raises(CsvTableError, match="the file must have at most 20 faults"):
        parse_stations(title + 30 * rows, NOW)
