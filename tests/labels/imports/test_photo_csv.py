"""A table of photos: good rows come in, bad rows are listed, no path leads out of its folder."""

from datetime import UTC, datetime

import pytest

from aqfusion.air.readings import Reading
from aqfusion.csv_table.errors import TableFault
from aqfusion.csv_table.header import CsvTableError
from aqfusion.labels.imports.import_source import import_from_source
from aqfusion.labels.imports.item_import import Terms
from aqfusion.labels.imports.photo_sources import list_photo_csv
from aqfusion.labels.search import Filters
from tests.labels.pictures import save
from tests.labels.planted import NOW

TITLES = "photo,PM2.5,O3 (ppb),place,time,timezone,aqi,gold"


@pytest.fixture
def table(tmp_path):
    """Write a table into a folder with the photos a.jpg and deep/b.jpg."""
    save(tmp_path / "mine" / "a.jpg", 1)
    save(tmp_path / "mine" / "deep" / "b.jpg", 2)

    def write(*lines, titles=TITLES):
        file = tmp_path / "mine" / "photos.csv"
        file.write_text("\n".join((titles, *lines)) + "\n", encoding="utf-8")
        return file

    return write


def test_a_row_says_all_that_it_can(table):
    file = table(
        "a.jpg,12.5,30,Delhi roof,2023-02-01 23:30,Asia/Kolkata,151,",
        "deep/b.jpg,,,,,,,80",
    )
    first, second = list_photo_csv(file, NOW).candidates
    assert first.path == file.parent / "a.jpg"
    assert first.reading == Reading.from_values({"pm25": "12.5", "o3": "30"}, {"o3": "ppb"})
    assert (first.place, first.given_aqi, first.known_aqi) == ("Delhi roof", 151, None)
    assert first.taken_at == datetime(2023, 2, 1, 18, 0, tzinfo=UTC)
    assert first.group == "Delhi roof|2023-02-01"
    assert (second.group, second.taken_at, second.known_aqi) == (None, None, 80)
    assert second.reading == Reading()


def test_the_clock_is_that_of_the_row_or_of_a_sample_place_and_never_silently_utc(table):
    file = table(
        "a.jpg,,,Biratnagar (Nepal),2023-02-01 08:30,,,",
        '"a.jpg",,,"ITO, Delhi",2023-02-01 08:30,,,',
        "a.jpg,,,Paris,2023-02-01 08:30,,,",
        "a.jpg,,,Paris,2023-02-01T08:30+05:45,,,",
        "a.jpg,,,,2023-02-01 08:30,America/Chicago,,",
    )
    listing = list_photo_csv(file, NOW)
    rule = "must name its offset as in 2023-02-01T08:30+05:30, or have a timezone"
    assert all(fault.row_kept for fault in listing.faults)
    assert [(fault.line, fault.column, fault.rule) for fault in listing.faults] == [
        (2, "time", rule),
        (4, "time", rule),
    ]
    assert [
        (candidate.line, f"{candidate.taken_at.astimezone(UTC):%H:%M}", candidate.time_zone)
        for candidate in listing.candidates
        if candidate.taken_at is not None
    ] == [
        (3, "03:00", "Asia/Kolkata"),
        (5, "02:45", "+05:45"),
        (6, "14:30", "America/Chicago"),
    ]


def test_a_table_may_say_that_nobody_knows_its_units(table, store, admin):
    titles = "photo,pm25,units stated"
    file = table("a.jpg,100,no", "deep/b.jpg,100,", titles=titles)
    assert [candidate.units_stated for candidate in list_photo_csv(file, NOW).candidates] == [
        False,
        True,
    ]
    import_from_source(store, admin, file, Terms(), NOW)
    items = [store.review.view(admin, number).item for number in (1, 2)]
    assert [item.unstated for item in items] == [("pm25",), ()]


@pytest.mark.parametrize(
    "path",
    ["../outside.jpg", "deep/../../outside.jpg", "/etc/passwd", "C:\\a.jpg", "..", "..\\a.jpg"],
)
def test_a_path_that_could_lead_elsewhere_is_refused(table, tmp_path, path):
    save(tmp_path / "outside.jpg", 3)
    (fault,) = list_photo_csv(table(f"{path},,,,,,,"), NOW).faults
    rule = "must be a path below the folder of this file"
    assert fault == TableFault(2, "photo", rule, path)


@pytest.mark.parametrize("path", ["link.jpg", "way/outside.jpg", "deep/loop/a.jpg"])
def test_a_path_over_a_link_is_refused(table, tmp_path, path):
    save(tmp_path / "outside.jpg", 3)
    folder = table("x").parent
    (folder / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "way").symlink_to(tmp_path, target_is_directory=True)
    (folder / "deep" / "loop").symlink_to(folder, target_is_directory=True)
    (fault,) = list_photo_csv(table(f"{path},,,,,,,"), NOW).faults
    assert fault == TableFault(2, "photo", "must not lead through a link", path)


@pytest.mark.parametrize(
    ("line", "column", "rule", "value"),
    [
        (" ,1,,,,,,", "photo", "must be given", ""),
        ("a.jpg,,,,yesterday,,,", "time", "must be a date and a time as in", "yesterday"),
        ("a.jpg,,,,2999-01-01 00:00Z,,,", "time", "must not be in the future", "2999-01-01 00:00Z"),
        ("a.jpg,,,,,Mars,,", "timezone", "must be a time zone as in Asia/Kolkata", "Mars"),
        (f"a.jpg,,,{'x' * 201},,,,", "place", "must have at most 180 characters", "x" * 77 + "..."),
        (f"{'y' * 300},,,,,,,", "photo", "must be that of a file below", "y" * 77 + "..."),
        ("a.jpg,,,,,,,,1", "", "must have no more cells than there are titles, 8", "9"),
        ('a.jpg,"1"2,,,,,,', "", "must have quotes that open before a cell", 'a.jpg,"1"2,,,,,,'),
    ],
)  # fmt: skip
def test_a_bad_row_is_listed_with_column_rule_and_value(table, line, column, rule, value):
    listing = list_photo_csv(table("deep/b.jpg,,,,,,,", line), NOW)
    kept = column not in {"", "photo"}
    assert [candidate.line for candidate in listing.candidates] == ([2, 3] if kept else [2])
    (fault,) = listing.faults
    assert (fault.line, fault.column, fault.value, fault.row_kept) == (3, column, value, kept)
    assert fault.rule.startswith(rule)


@pytest.mark.parametrize(
    ("line", "column", "rule", "value"),
    [
        ("a.jpg,-1,,,,,,", "PM2.5", "must be >= 0 ug/m3", "-1"),
        ("a.jpg,,high,,,,,", "O3 (ppb)", "must be a number", "high"),
        ("a.jpg,,,,,,10000,", "aqi", "must be a whole number from 0 to 500", "10000"),
        ("a.jpg,,,,,,,1.5", "gold", "must be a whole number from 0 to 500", "1.5"),
    ],
)
def test_a_cell_that_is_no_reading_is_left_out_alone(table, line, column, rule, value):
    listing = list_photo_csv(table("deep/b.jpg,,,,,,,", line), NOW)
    assert [candidate.line for candidate in listing.candidates] == [2, 3]
    assert listing.faults == (TableFault(3, column, rule, value, row_kept=True),)


def test_every_row_is_an_item_or_known_or_listed(table, store, admin, expert):
    lines = [f"{line}," for line in (
        "a.jpg,12,,,,,90,", "a.jpg,12,,,,,90,", "a.jpg,13,,,,,,70", "gone.jpg,1,,,,,,",
        "deep,1,,,,,,", "a.jpg,much,,,,,,", "a.jpg,12,,,,,,60",
    )]  # fmt: skip
    done = import_from_source(store, admin, table(*lines, titles=TITLES + ",remarks"), Terms(), NOW)
    assert (done.new, done.known, done.ignored) == (3, 1, ("remarks",))
    assert [(fault.line, fault.column, fault.value) for fault in done.faults] == [
        (5, "photo", "gone.jpg"),
        (6, "photo", "deep"),
        (7, "PM2.5", "much"),
        (8, "photo", "a.jpg"),
    ]
    assert done.faults[0].rule == "must be that of a file below the folder of this file"
    assert done.faults[3].rule.startswith("must not be in the store already without a gold AQI")
    _, gold, normal = store.search(expert, Filters()).items
    assert (gold.known_aqi, gold.duplicate_of, normal.known_aqi) == (70, None, None)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"place,aqi\nx,1\n", "the file must have the column photo in its first line"),
        (b"photo\n", "the file must have a row below its titles, got none"),
        (b"PK\x03\x04\0\0", "the file must be a CSV text or a spreadsheet (.xlsx)"),
        (b"photo,file\n", "the file must have a row below its titles, got none"),
    ],
)
def test_what_is_no_table_of_photos_is_refused(tmp_path, content, sentence):
    file = tmp_path / "photos.csv"
    file.write_bytes(content)
    with pytest.raises(CsvTableError) as refused:
        list_photo_csv(file, NOW)
    assert sentence in str(refused.value)
