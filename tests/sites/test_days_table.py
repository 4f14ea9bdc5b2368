"""A table of days: cells are lost before rows and rows before files, and all of it is told."""

from datetime import UTC, datetime

import pytest

from aqfusion.air.readings import Reading
from aqfusion.csv_table.errors import CellError, CsvTableError
from aqfusion.sites.days_table import parse_days, read_days
from aqfusion.sites.site import Day
from aqfusion.time_zones import zone

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DELHI = zone("Asia/Kolkata")


def no_photos(text):
    raise CellError("must be a path below the folder of this file")


def parse(*lines, local=DELHI):
    return parse_days("\n".join(lines).encode(), no_photos, local, NOW)


def one(*lines, **how):
    """The only day of a table, and its only fault if there is one."""
    table = parse(*lines, **how)
    [row] = table.rows
    return row.day, [str(fault) for fault in table.faults]


def told(*lines, **how):
    table = parse(*lines, **how)
    return [row.day.aqi for row in table.rows], [str(fault) for fault in table.faults]


def at(text):
    return datetime.fromisoformat(text)


def test_a_row_is_a_day_with_its_photo_and_readings(tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "Dächer.jpg").write_bytes(b"x")
    (tmp_path / "days.csv").write_text(
        "photo;time;timezone;aqi;pm2.5;o3 (ppb)\n"
        "img/Da\u0308cher.JPG;2026-03-01 08:30;;157;88,5;30\n"
    )
    table = read_days(tmp_path / "days.csv", DELHI, NOW)
    [row] = table.rows
    reading = Reading(pm25=88.5, o3=58.86)
    assert row.day == Day(157, "table", at("2026-03-01T08:30+05:30"), reading=reading)
    assert (row.line, row.photo, table.faults) == (2, tmp_path / "img" / "Dächer.jpg", ())


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("90,2026-03-01 08:30,", "2026-03-01T08:30+05:30"),
        ("90,2026-03-01 08:30,Asia/Kathmandu", "2026-03-01T08:30+05:45"),
        ("90,2026-03-01T08:30Z,", "2026-03-01T14:00+05:30"),
        ("90,2026-03-01,", "2026-03-01T12:00+05:30"),
        ("90,,", None),
    ],
)
def test_a_time_is_on_the_clock_of_its_row_or_of_the_site(line, time):
    day, faults = one("aqi,time,timezone", line)
    assert (day.taken_at, faults) == (at(time) if time else None, [])


def test_without_a_clock_a_time_is_left_out_and_an_offset_is_enough():
    day, [fault] = one("aqi,time", "90,2026-03-01 08:30", local=None)
    assert day.taken_at is None
    assert fault.startswith("line 2: time must name its offset as in")
    day, faults = one("aqi,time", "90,2026-03-01 08:30+05:30", local=None)
    assert (day.taken_at, faults) == (at("2026-03-01T08:30+05:30"), [])


def test_dates_without_a_time_are_told():
    assert parse("aqi,date", "90,2026-03-01").notes == (
        "dates without a time are taken as noon there (line 2)",
    )


def test_the_table_shows_which_number_is_the_month():
    table = parse("aqi,time", "90,05-01-2026 08:00", "90,13-01-2026 08:00")
    assert [row.day.taken_at.month for row in table.rows] == [1, 1]


@pytest.mark.parametrize(
    ("cell", "aqi"), [("160.0", 160), ("157 (Unhealthy)", 157), ("612", 500), ("88.25", 88.25)]
)
def test_an_aqi_is_read_as_elsewhere(cell, aqi):
    assert one("aqi,pm25", f"{cell},5")[0].aqi == aqi


def test_an_aqi_beyond_the_index_is_told():
    assert parse("aqi,time", "612,").notes == ("aqi is above the index and kept as 500 (line 2)",)


@pytest.mark.parametrize("cell", ["US EPA", "us", "", "US AQI"])
def test_the_standard_of_the_us_is_the_default(cell):
    assert one("aqi,standard", f"90,{cell}")[0].standard == "us"


def test_another_standard_is_kept_with_its_day():
    assert one("aqi,standard", "90,CPCB")[0].standard == "india"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (
            "90,2026-13-01 08:00,,",
            "line 2: time must be a time that exists, got '2026-13-01 08:00'",
        ),
        ("90,2026-06-02 08:00,,", "line 2: time must not be in the future, got '2026-06-02 08:00'"),
        ("90,,../a.jpg,", "line 2: photo must be a path below the folder of this file, got"),
        ("90,,,-5", "line 2: pm25 must be >= 0 ug/m3, got '-5'"),
    ],
)
def test_a_bad_cell_costs_the_cell(line, fault):
    day, [said] = one("aqi,time,photo,pm25", line)
    assert (day, said.startswith(fault)) == (Day(90, "table"), True)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("x,us", "line 2: aqi must be a number from 0 to 500, got 'x'"),
        (",us", "line 2: aqi must be given, got ''"),
        ("-3,us", "line 2: aqi must be a number from 0 to 500, got '-3'"),
        ("nan,us", "line 2: aqi must be given, got 'nan'"),
        ("9e99,us", "line 2: aqi must be a number from 0 to 500, got '9e99'"),
        ("90,Mars", "line 2: standard must be one of us, india, got 'Mars'"),
        ('"90,us', "line 2: the line must have quotes that open before a cell"),
    ],
)
def test_a_bad_row_costs_the_row(line, fault):
    aqis, [said] = told("aqi,standard", line, "70,us")
    assert (aqis, said.startswith(fault)) == ([70], True)


def test_a_photo_outside_the_folder_is_not_read(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (tmp_path / "in" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    paths = ("../secret.jpg", str(tmp_path / "secret.jpg"), "link.jpg", "none.jpg")
    lines = "".join(f"90,{path}\n" for path in paths)
    (tmp_path / "in" / "days.csv").write_text(f"aqi,photo\n{lines}")
    table = read_days(tmp_path / "in" / "days.csv", None, NOW)
    assert [row.photo for row in table.rows] == [None] * 4
    assert [fault.rule for fault in table.faults] == [
        "must be a path below the folder of this file",
        "must be a path below the folder of this file",
        "must not lead through a link",
        "must be that of a file below the folder of this file",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"photo,time\na.jpg,\n", "the file must have the column aqi in its first line"),
        (b"aqi,time\n", "the file must have a row below its titles, got none"),
        (b"", "the file must have the column aqi in its first line, got nothing"),
        (b"\x89PNG\r\n\x1a\n\0\0", "must be a CSV text or a spreadsheet"),
        (b"a" * 5_000_001, "the file must have at most 5 MB"),
        (b"AQI (India),time\n90,\n", "the file must have the column aqi"),
    ],
)
def test_a_file_without_days_is_refused(content, says):
    with pytest.raises(CsvTableError, match=says):
        parse_days(content, no_photos, None, NOW)


def test_columns_that_nobody_reads_are_named():
    assert parse("aqi,wind", "90,3").ignored == ("wind",)
