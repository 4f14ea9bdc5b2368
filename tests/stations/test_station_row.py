"""Each rule for a row of a station file, broken once, between rows that load."""

from dataclasses import replace

import pytest

from aqfusion.csv_table.errors import TableFault
from aqfusion.csv_table.reader import QUOTES
from tests.planted_stations import GOOD, TITLES, WAS, parse, with_cell


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        ("id", "", "must be given"),
        ("id", "x" * 201, "must have at most 200 characters"),
        ("lat", "", "must be given"),
        ("lat", "nan", "must be given"),
        ("lat", "north", "must be a number of degrees as in 28.6286"),
        ("lat", "28.6N", "must be a number of degrees as in 28.6286"),
        ("lat", '"28,6"', "must have a point, not a comma"),
        ("lat", "-90.1", "must be -90 to 90: are lat and lon swapped?"),
        ("lat", "181", "must be -90 to 90"),
        ("lon", "180.1", "must be -180 to 180"),
        ("time", "", "must be given"),
        (
            "time",
            "01/02/2023 8:30",
            "must have its year first as in 2023-02-01: which number is the month is not guessed "
            "at",
        ),
        ("time", "2023-02-01", "must be a date and a time as in 2023-02-01T08:30+05:30"),
        (
            "time",
            "1675240200",
            "must be a date and a time as in 2023-02-01T08:30+05:30, a count of seconds is not "
            "guessed at",
        ),
        ("time", "2023-02-30T08:30Z", "must be a time that exists"),
        ("time", "2023-02-01T08:30+25:00", "must be a time that exists"),
        ("time", "0001-01-01T00:00+14:00", "must be 1970 or later"),
        ("time", "2024-01-01T00:01Z", "must not be in the future"),
        ("time", "9999-12-31T23:59-14:00", "must not be in the future"),
        ("timezone", "../etc/passwd", "must be a time zone as in Asia/Kolkata or +05:30"),
        ("timezone", "+15:00", "must be a time zone as in Asia/Kolkata or +05:30"),
    ],
)
def test_a_bad_cell_is_listed_and_the_rows_around_it_load(column, text, rule):
    other = GOOD.replace("08:30", "09:30")
    parsed = parse(GOOD, "", with_cell(column, text), other)
    assert parsed.measurements[0] == WAS
    assert len(parsed.measurements) == 2
    value = text.strip('"')
    value = value if len(value) <= 80 else f"{value[:77]}..."
    # A zone is not needed beside a time that names its offset, so that its cell is left out alone.
    assert parsed.faults == (TableFault(4, column, rule, value, row_kept=column == "timezone"),)


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        ("pm25", "-1", "must be >= 0 ug/m3"),
        ("pm25", "inf", "must be a finite number"),
        ("pm25", "1e999", "must be a finite number"),
        ("pm25", '"12,5"', "must have a point, not a comma"),
        ("pm25", "5001", "must be <= 5000 ug/m3"),
        ("pm25", '"low, got"', "must be a number"),
        ("o3 (ppb)", "1e4", "must be <= 2000 ug/m3"),
        ("aqi", "10000", "must be a whole number from 0 to 500"),
        ("aqi", "-1", "must be a whole number from 0 to 500"),
        ("aqi", "9.5", "must be a whole number from 0 to 500"),
        ("aqi", "²", "must be a whole number from 0 to 500"),
    ],
)
def test_a_cell_that_is_no_reading_is_left_out_alone(column, text, rule):
    parsed = parse(with_cell(column, text))
    (measured,) = parsed.measurements
    value = text.strip('"')
    assert parsed.faults == (TableFault(2, column, rule, value, row_kept=True),)
    assert parsed.bad_lines == ()
    left = {"pm25": {"pm25": None}, "o3 (ppb)": {"o3": None}, "aqi": {}}[column]
    assert measured == replace(WAS, reading=replace(WAS.reading, **left))


def test_all_that_is_wrong_with_a_row_is_listed():
    parsed = parse("a,Roof,95,x,yesterday,,-1,5,high,", titles=TITLES)
    assert [fault.column for fault in parsed.faults] == ["lat", "lon", "time", "pm25", "co"]
    assert parsed.bad_lines == (2,)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (
            GOOD.replace("28.6", "28.7").replace("08:30", "09:30"),
            TableFault(
                3,
                "lat",
                "and lon must be within 250 m of 28.6, 77.2 for this id, as in line 2",
                "28.7, 77.2",
            ),
        ),
        (
            GOOD.replace("08:30Z", "14:00+05:30").replace(",80,", ",81,"),
            TableFault(3, "pm25", "must be 80 for this id and time, as in line 2", "81"),
        ),
        (
            with_cell("pm25", "").replace(",30,1.2", ",,"),
            TableFault(3, "", "must have a reading or an aqi", ""),
        ),
        ('a,"Roof', TableFault(3, "", QUOTES, 'a,"Roof')),
        ('a,"Ro"of",1', TableFault(3, "", QUOTES, 'a,"Ro"of",1')),
        (
            GOOD.replace("80", "80,5").replace("1.2,", "1.2,7"),
            TableFault(3, "", "must have no more cells than there are titles, 10", "11"),
        ),
        ("x" * 50_001, TableFault(3, "", "must have at most 50000 characters", "50001")),
    ],
)
def test_a_row_that_cannot_be_is_listed(row, fault):
    parsed = parse(GOOD, row)
    assert (parsed.measurements, parsed.faults) == ((WAS,), (fault,))
    assert parsed.bad_lines == (3,)


def test_a_row_cut_short_says_what_it_says():
    assert [fault.column for fault in parse(GOOD, "a,b").faults] == ["lat", "lon", "time"]
    short = GOOD.replace("08:30", "09:30").rstrip(",").removesuffix(",30,1.2")
    assert [m.reading.present for m in parse(GOOD, short).measurements] == [
        ("pm25", "o3", "co"),
        ("pm25",),
    ]
