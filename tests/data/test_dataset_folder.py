"""A data folder is read whole or refused with a sentence that says where the fault is."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from aqfusion.air.readings import Reading
from aqfusion.csv_table.errors import TableFault
from aqfusion.data.dataset_folder import CSV_NAME, PHOTO_FOLDER, DataError, DatasetRow, read_folder
from aqfusion.settings import ROOT
from tests.planted import HEADER, record, write_csv, write_folder, write_photo

NAMES = ("a.jpg", "b.jpg", "c.jpg")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Three photos, one session each: two hours of one day, and another place."""
    records = [record("a.jpg"), record("b.jpg", Hour="12:00", SO2=""), record("c.jpg")]
    records[2] |= {"Location": "Betatown, North", "AQI": 151.5}
    return write_folder(tmp_path / "good", records)


def home(folder: Path) -> Path:
    return folder / "Combined_Dataset"


def rewrite(folder: Path, *records: dict, header=HEADER) -> Path:
    write_csv(home(folder) / CSV_NAME, records, header)
    return folder


def of_rows(notes):
    """All but those on units, which the public set does not state."""
    return [note for note in notes if "taken in" not in note]


def fault(folder: Path) -> str:
    with pytest.raises(DataError) as refused:
        read_folder(folder)
    return str(refused.value)


def test_every_row_is_read(good):
    rows = read_folder(good)
    whole = Reading(pm25=40.5, pm10=80.0, o3=30.0, co=1.2, so2=5.0, no2=20.0)
    folds = [row.fold for row in rows]
    day = "Alphaville|2023|2|1"
    assert rows == (
        DatasetRow(
            home(good) / PHOTO_FOLDER / "a.jpg", "Alphaville", f"{day}|8:00", day, 0, whole, 90
        ),
        DatasetRow(
            home(good) / PHOTO_FOLDER / "b.jpg",
            "Alphaville",
            f"{day}|12:00",
            day,
            0,
            whole.masked({"pm25", "pm10", "o3", "co", "no2"}),
            90,
        ),
        DatasetRow(
            home(good) / PHOTO_FOLDER / "c.jpg",
            "Betatown, North",
            "Betatown, North|2023|2|1|8:00",
            "Betatown, North|2023|2|1",
            folds[2],
            whole,
            151.5,
        ),
    )
    assert folds == [0, 0, 1]


def test_the_inner_folder_may_be_named_and_excel_may_have_added_its_mark(good):
    table = home(good) / CSV_NAME
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes())
    assert read_folder(home(good)) == read_folder(good)


def test_a_folder_that_is_absent_or_holds_no_table_is_refused(tmp_path):
    assert fault(tmp_path / "none") == f"data folder must exist, got {tmp_path / 'none'}"
    assert fault(tmp_path).startswith(f"data folder must hold {CSV_NAME} (or Combined_Dataset/)")


def test_a_table_without_photos_or_without_rows_is_refused(good, tmp_path):
    (tmp_path / CSV_NAME).write_text("x\n")
    assert fault(tmp_path).startswith(f"data folder must hold {PHOTO_FOLDER}/ beside")
    assert fault(rewrite(good)) == f"{CSV_NAME} must have at least one good row, got none"


@pytest.mark.parametrize("column", ["Location", "Year", "AQI"])
def test_without_a_column_that_every_row_needs_no_row_is_good(good, column):
    header = [name for name in HEADER if name != column]
    told = fault(rewrite(good, record("a.jpg"), header=header))
    assert told.startswith(f"{CSV_NAME} must have at least one good row, got 1 bad ones, the first")


def test_without_a_column_of_names_it_is_no_table_of_photos(good):
    header = [name for name in HEADER if name != "Filename"]
    told = fault(rewrite(good, record("a.jpg"), header=header))
    assert told.startswith(f"{CSV_NAME}: the file must have the column filename in its first line")


def test_without_a_reading_or_an_hour_the_rows_live(good):
    header = [name for name in HEADER if name not in {"NO2", "Hour"}]
    (row,) = read_folder(rewrite(good, record("a.jpg"), header=header))
    assert (row.session, row.reading.no2) == ("Alphaville|2023|2|1|", None)


@pytest.mark.parametrize(
    ("changes", "column", "rule", "value"),
    [
        ({"Filename": "z.jpg"}, "Filename", "must be that of a file in All_img", "z.jpg"),
        ({"Filename": "../a.jpg"}, "Filename", "must be a path below the folder of this file", ...),
        ({"Filename": "x\\b.jpg"}, "Filename", "must be a plain file name", ...),
        ({"Filename": ".."}, "Filename", "must be a path below the folder of this file", ".."),
        ({"Filename": ""}, "Filename", "must be a plain file name", ""),
        ({"Filename": "a.jpg"}, "Filename", "must be unique", "a.jpg"),
        ({"Filename": "folder"}, "Filename", "must be that of a file in All_img", "folder"),
        ({"Location": " "}, "Location", "must be given", ""),
        ({"Month": "May"}, "Month", "must be a whole number", "May"),
        ({"Day": 31}, "Day", "must be a day of month 2 of 2023", "31"),
        ({"AQI": -1}, "AQI", "must be a number from 0 to 500", "-1"),
        ({"AQI": ""}, "AQI", "must be a number from 0 to 500", ""),
        ({"AQI": "nan"}, "AQI", "must be a number from 0 to 500", ""),
        ({"AQI": "high"}, "AQI", "must be a number from 0 to 500", "high"),
    ],
)
def test_a_bad_row_is_left_out_alone_and_told(good, changes, column, rule, value):
    (home(good) / PHOTO_FOLDER / "folder").mkdir()
    rewrite(good, record("a.jpg"), record("b.jpg") | changes)
    told = []
    assert [row.photo.name for row in read_folder(good, told.append)] == ["a.jpg"]
    value = changes.get(column) if value is ... else value
    assert told == [TableFault(3, column, rule, value)]


@pytest.mark.parametrize(
    ("changes", "name", "column", "rule"),
    [
        ({"PM2.5": -4}, "pm25", "PM2.5", "must be >= 0 ug/m3"),
        ({"PM10": 1e9}, "pm10", "PM10", "must be <= 10000 ug/m3"),
        ({"CO": "inf"}, "co", "CO", "must be a finite number"),
        ({"NO2": "low"}, "no2", "NO2", "must be a number"),
    ],
)
def test_a_bad_reading_is_left_out_and_its_row_lives(good, changes, name, column, rule):
    rewrite(good, record("a.jpg"), record("b.jpg") | changes)
    told = []
    whole, row = read_folder(good, told.append)
    assert row.reading == replace(whole.reading, **{name: None})
    assert told == [TableFault(3, column, rule, str(changes[column]), row_kept=True)]


def test_an_hour_that_is_none_names_a_session_of_its_own(good):
    told = []
    rewrite(good, record("a.jpg"), record("b.jpg", Hour="noon"))
    first, second = read_folder(good, told.append)
    assert second.session == "Alphaville|2023|2|1|noon"
    assert first.group == second.group
    assert told == [
        TableFault(3, "Hour", "must be a time of day as in 8:30", "noon", row_kept=True)
    ]


@pytest.mark.parametrize("hour", ["8:30", "08:30", "08:30:00", "8:30 AM", "0830", "0.354166667"])
def test_equal_times_are_one_session(good, hour):
    first, second = read_folder(
        rewrite(good, record("a.jpg", Hour="8:30"), record("b.jpg", Hour=hour))
    )
    assert first.session == second.session == "Alphaville|2023|2|1|8:30"


def test_an_index_beyond_the_index_is_kept_as_500_and_told(good):
    notes = []
    rows = read_folder(
        rewrite(good, record("a.jpg", AQI=612), record("b.jpg", AQI="160.0")), None, notes.append
    )
    assert [row.aqi for row in rows] == [500.0, 160.0]
    assert of_rows(notes) == [f"{CSV_NAME}: AQI is above the index and kept as 500 (line 2)"]


def test_a_bad_number_deep_in_a_long_table_is_found(tmp_path):
    records = [record(f"{number}.jpg") for number in range(1, 2001)]
    records[1233]["PM2.5"] = "4O.5"
    (home(tmp_path) / PHOTO_FOLDER).mkdir(parents=True)
    for entry in records:
        (home(tmp_path) / PHOTO_FOLDER / str(entry["Filename"])).touch()
    told = []
    assert len(read_folder(rewrite(tmp_path, *records), told.append)) == 2000
    assert told == [TableFault(1235, "PM2.5", "must be a number", "4O.5", row_kept=True)]


def test_a_row_with_more_cells_than_the_header_is_left_out(good):
    table = home(good) / CSV_NAME
    table.write_text(table.read_text().replace("b_Moderate\n", "b_Moderate,7\n", 1))
    told = []
    assert len(read_folder(good, told.append)) == 2
    assert [(one.line, one.column, one.row_kept) for one in told] == [(2, "", False)]


def test_a_row_that_ends_early_has_empty_cells(good):
    table = home(good) / CSV_NAME
    table.write_text(table.read_text().replace(",30.0,1.2,5.0,20.0,b_Moderate", "", 1))
    assert read_folder(good)[0].reading == Reading(pm25=40.5, pm10=80.0)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_what_spreadsheets_write_is_read(good, encoding, separator):
    rewrite(good, record("a.jpg", Location="Café"), record("b.jpg", Location="Café"))
    table = home(good) / CSV_NAME
    text = table.read_text(encoding="utf-8").replace(",", separator).replace("PM2.5", " pm2.5 ")
    table.write_bytes(text.encode(encoding))
    rows = read_folder(good)
    assert [(row.place, row.reading.pm25) for row in rows] == [("Café", 40.5)] * 2


def manifest(folder: Path, **changes: tuple[str, str, str, object]) -> Path:
    """List a, b and c; `changes` give (Location, session, group, fold5) of a photo, or drop it."""
    listed = {name: ("Place", f"s-{name}", f"g-{name}", n) for n, name in enumerate("abc")}
    lines = [
        {
            "Filename": f"{name}.jpg",
            **dict(zip(("Location", "session", "group", "fold5"), entry, strict=True)),
        }
        for name, entry in (listed | changes).items()
        if entry is not None
    ]
    header = ("Filename", "Location", "session", "group", "fold5")
    write_csv(folder / "MANIFEST.csv", lines, header)
    return folder


def test_a_manifest_rules_over_sessions_groups_and_folds(good):
    rows = read_folder(manifest(good, b=("Elsewhere", "late", "g", 4)))
    told = [(row.place, row.session, row.group, row.fold) for row in rows]
    assert told[0] == ("Place", "s-a", "g-a", 0)
    assert told[1] == ("Elsewhere", "late", "g", 4)
    assert [row.aqi for row in rows] == [90, 90, 151.5]
    (good / "MANIFEST.csv").rename(home(good) / "MANIFEST.csv")
    assert read_folder(good) == rows


@pytest.mark.parametrize(
    ("changes", "kept", "told"),
    [
        ({"b": ("P", "s", "g", 5)}, ("s", "g"), (3, "fold5", "must be a fold, 0 to 4", "5")),
        ({"b": ("P", "s", "g", "x")}, ("s", "g"), (3, "fold5", "must be a fold, 0 to 4", "x")),
        (
            {"b": ("P", "s", "g-a", 3)},
            ("s", "g-a"),
            (3, "fold5", "must be one for the whole group, '0' as above", "3"),
        ),
        (
            {"b": ("P", "s-a", "other", 0)},
            ("s-a", "g-a"),
            (3, "group", "must be one for the whole session, 'g-a' as above", "other"),
        ),
    ],
)
def test_what_a_manifest_says_wrongly_is_told_and_no_group_is_cut(good, changes, kept, told):
    heard = []
    rows = read_folder(manifest(good, **changes), heard.append)
    assert (rows[1].session, rows[1].group) == kept
    line, column, rule, value = told
    assert heard == [TableFault(line, f"MANIFEST.csv {column}", rule, value, row_kept=True)]
    assert len({(row.group, row.fold) for row in rows}) == len({row.group for row in rows})
    assert {row.fold for row in rows} <= set(range(5))


def test_a_photo_that_the_manifest_does_not_list_goes_with_its_place_and_day(good):
    notes = []
    rows = read_folder(manifest(good, b=None), None, notes.append)
    assert [row.group for row in rows] == ["g-a", "g-a", "g-c"]
    assert [row.fold for row in rows] == [0, 0, 2]
    assert of_rows(notes) == [
        "MANIFEST.csv has no group for 1 photo (the first is 'b.jpg'): "
        "each is in the group of its place and day"
    ]


def test_a_photo_between_two_groups_is_left_out(good):
    """Photos a and c are of one day, which the manifest parts; b is of that day too."""
    rewrite(good, *(record(name) for name in NAMES))
    told = []
    rows = read_folder(manifest(good, b=None), told.append)
    assert [row.photo.name for row in rows] == ["a.jpg", "c.jpg"]
    rule = "must belong to one group of MANIFEST.csv, but resembles photos of several"
    assert told == [TableFault(3, "Filename", rule, "b.jpg")]


@pytest.mark.parametrize("gone", [["fold5"], ["session", "fold5"], ["group", "fold5"], ["group"]])
def test_a_manifest_without_some_columns_is_used_as_far_as_it_goes(good, gone):
    file = manifest(good, b=("Place", "s-a", "g-a", 0)) / "MANIFEST.csv"
    with file.open(newline="") as stream:
        lines = [*csv.DictReader(stream)]
    write_csv(file, lines, [name for name in lines[0] if name not in gone])
    notes = []
    rows = read_folder(good, None, notes.append)
    assert rows[0].group == rows[1].group != rows[2].group
    assert rows[0].fold == rows[1].fold != rows[2].fold
    assert len(of_rows(notes)) == 1
    assert notes[0].startswith("MANIFEST.csv is incomplete: ")
    assert "folds are made from whole groups" in notes[0]


def test_a_manifest_that_is_no_table_is_told_and_not_used(good):
    before = read_folder(good)
    (good / "MANIFEST.csv").write_bytes(b"\x89PNG\x00\x01")
    notes = []
    assert read_folder(good, None, notes.append) == before
    assert notes[0].startswith("MANIFEST.csv is not used: the file must ")


def test_a_damaged_photo_is_not_the_tables_fault_but_an_absent_one_is(good):
    photo = home(good) / PHOTO_FOLDER / "c.jpg"
    photo.unlink()
    told = []
    assert len(read_folder(good, told.append)) == 2
    assert told == [TableFault(4, "Filename", "must be that of a file in All_img", "c.jpg")]
    write_photo(photo, 100, 5)
    assert len(read_folder(good)) == 3


def test_the_real_data_reads_whole(real_data):
    rows = read_folder(real_data)
    assert {row.fold for row in rows} == set(range(5))
    assert len({row.session for row in rows}) > 90


CASES = ROOT / "tests" / "cases"


@pytest.mark.parametrize("name", ["kaggle-case", "kaggle-excel-hour", "kaggle-nested"])
def test_folders_as_people_have_them_read_like_the_plain_one(name):
    told, notes = [], []
    rows = read_folder(CASES / name, told.append, notes.append)
    whole = Reading(pm25=80, pm10=120, o3=30, co=1, so2=5, no2=40)
    days = [f"Roof town|2023|2|{day}" for day in (1, 2, 3, 4)]
    assert [(row.session, row.group, row.reading, row.aqi) for row in rows] == [
        (f"{day}|8:30", day, whole, 150.0) for day in days
    ]
    assert told == []
    assert of_rows(notes) == []
    assert all(row.photo.is_file() for row in rows)
    if name == "kaggle-case":
        names = ["P_0.JPG", "p_1.jpg", "P_2.jpeg", "P_3.jpg"]
        assert [row.photo.name for row in rows] == names


def test_none_is_a_reading_that_is_missing():
    told = []
    rows = read_folder(CASES / "kaggle-none", told.append)
    assert [row.reading.no2 for row in rows] == [None] * 4
    assert [row.reading.pm25 for row in rows] == [80.0] * 4
    assert told == []


def test_two_tables_below_one_folder_are_not_chosen_from(tmp_path):
    for name in ("one", "two"):
        write_folder(tmp_path / name / "deep", [record("a.jpg")])
    assert fault(tmp_path).startswith(f"data folder must hold one {CSV_NAME}, got those in one/")


def test_what_a_mac_leaves_in_a_zip_is_passed_over(good, tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    good.rename(whole / "archive")
    copy = whole / "__MACOSX" / "archive" / "Combined_Dataset"
    (copy / PHOTO_FOLDER).mkdir(parents=True)
    (copy / CSV_NAME).write_text("x")
    for name in ("._a.jpg", "Thumbs.db", ".DS_Store"):
        (whole / "archive" / "Combined_Dataset" / PHOTO_FOLDER / name).write_text("x")
    told = []
    assert len(read_folder(whole, told.append)) == 3
    assert told == []


def test_bad_rows_are_told_to_whoever_listens_and_the_good_ones_are_read(good):
    bad = [record("b.jpg", AQI="x"), record("../c.jpg"), record("z.jpg")]
    rewrite(good, record("a.jpg"), *bad, record("c.jpg"))
    told = []
    rows = read_folder(good, told.append)
    assert [(row.photo.name, row.line) for row in rows] == [("a.jpg", 2), ("c.jpg", 6)]
    assert told == [
        TableFault(3, "AQI", "must be a number from 0 to 500", "x"),
        TableFault(4, "Filename", "must be a path below the folder of this file", "../c.jpg"),
        TableFault(5, "Filename", "must be that of a file in All_img", "z.jpg"),
    ]
