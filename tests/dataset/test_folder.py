"""A data folder is read whole or refused with a sentence that says where the fault is."""

from pathlib import Path

import pytest

from aqfusion.air.sensors import Reading
from aqfusion.csv_table.fault import Fault
from aqfusion.dataset.folder import CSV_NAME, PHOTO_FOLDER, DataError, Row, read_folder
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
        Row(home(good) / PHOTO_FOLDER / "a.jpg", "Alphaville", f"{day}|8:00", day, 0, whole, 90),
        Row(
            home(good) / PHOTO_FOLDER / "b.jpg",
            "Alphaville",
            f"{day}|12:00",
            day,
            0,
            whole.masked({"pm25", "pm10", "o3", "co", "no2"}),
            90,
        ),
        Row(
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
    assert fault(rewrite(good)) == f"{CSV_NAME} must have at least one row, got none"


@pytest.mark.parametrize("column", ["Location", "Filename", "Year", "Hour", "AQI", "NO2"])
def test_a_missing_column_is_named(good, column):
    header = [name for name in HEADER if name != column]
    sentence = f"{CSV_NAME} must have the column {column}, and has not"
    assert fault(rewrite(good, record("a.jpg"), header=header)) == sentence


def test_an_empty_table_names_the_first_column(good):
    (home(good) / CSV_NAME).write_bytes(b"")
    assert fault(good) == f"{CSV_NAME} must have the column Location, and has not"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"Filename": "z.jpg"}, "All_img/z.jpg must exist, and does not"),
        ({"Filename": "../a.jpg"}, "Filename must be a plain file name, got '../a.jpg'"),
        ({"Filename": "x\\b.jpg"}, "Filename must be a plain file name, got 'x\\\\b.jpg'"),
        ({"Filename": ".."}, "Filename must be a plain file name, got '..'"),
        ({"Filename": ""}, "Filename must be a plain file name, got ''"),
        ({"Filename": "a.jpg"}, "Filename must be unique, got 'a.jpg' again"),
        ({"Filename": "folder"}, "All_img/folder must exist, and does not"),
        ({"Location": " "}, "Location must be given, got nothing"),
        ({"Month": "May"}, "Month must be a whole number, got 'May'"),
        ({"AQI": 501}, "AQI must be a number from 0 to 500, got '501'"),
        ({"AQI": -1}, "AQI must be a number from 0 to 500, got '-1'"),
        ({"AQI": ""}, "AQI must be a number from 0 to 500, got ''"),
        ({"AQI": "nan"}, "AQI must be a number from 0 to 500, got 'nan'"),
        ({"AQI": "high"}, "AQI must be a number from 0 to 500, got 'high'"),
        ({"PM2.5": -4}, "PM2.5: pm25 must be >= 0 ug/m3, got -4"),
        ({"PM10": 1e9}, "PM10: pm10 must be <= 10000 ug/m3, got 1000000000.0"),
        ({"CO": "inf"}, "CO: co must be a finite number, got inf"),
        ({"NO2": "low"}, "NO2: no2 must be a number, got 'low'"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(good, changes, sentence):
    (home(good) / PHOTO_FOLDER / "folder").mkdir()
    rewrite(good, record("a.jpg"), record("b.jpg") | changes)
    assert fault(good) == f"{CSV_NAME} row 2 (line 3): {sentence}"


def test_a_bad_number_deep_in_a_long_table_is_found(tmp_path):
    records = [record(f"{number}.jpg") for number in range(1, 2001)]
    records[1233]["PM2.5"] = "4O.5"
    (home(tmp_path) / PHOTO_FOLDER).mkdir(parents=True)
    for entry in records:
        (home(tmp_path) / PHOTO_FOLDER / str(entry["Filename"])).touch()
    rewrite(tmp_path, *records)
    where = f"{CSV_NAME} row 1234 (line 1235)"
    assert fault(tmp_path) == f"{where}: PM2.5: pm25 must be a number, got '4O.5'"


def test_a_row_with_more_cells_than_the_header_is_refused(good):
    table = home(good) / CSV_NAME
    table.write_text(table.read_text().replace("b_Moderate\n", "b_Moderate,7\n", 1))
    assert "row 1 (line 2): must have as many cells as the header" in fault(good)


def test_a_row_that_ends_early_is_refused(good):
    table = home(good) / CSV_NAME
    table.write_text(table.read_text().replace(",90,40.5,80.0,30.0,1.2,5.0,20.0,b_Moderate", "", 1))
    assert fault(good).endswith("row 1 (line 2): AQI must be a number from 0 to 500, got ''")


@pytest.mark.parametrize("content", [b"Location\xff\n", b'Location,"Filename\n'])
def test_what_is_not_a_csv_in_utf_8_is_refused(good, content):
    table = home(good) / CSV_NAME
    header, rest = table.read_bytes().split(b"\n", 1)
    table.write_bytes(header + b"\n" + content + rest)
    assert fault(good).startswith(f"{CSV_NAME} must be a CSV file in UTF-8")


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
    ("changes", "sentence"),
    [
        ({"b": None}, "MANIFEST.csv must list every photo, 'b.jpg' is not in it"),
        ({"b": ("P", "s", "g", 5)}, "MANIFEST.csv row 2 (line 3): fold5 must be 0 to 4, got 5"),
        ({"b": ("P", "s", "g", "x")}, "row 2 (line 3): fold5 must be a whole number, got 'x'"),
        (
            {"b": ("P", "s", "g-a", 3)},
            "row 2 (line 3): fold5 must be one fold for the whole group 'g-a', got 3 after 0",
        ),
        (
            {"b": ("P", "s-a", "other", 0)},
            "row 2 (line 3): group must be one for the whole session 's-a', got 'other' after "
            "'g-a'",
        ),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(good, changes, sentence):
    assert fault(manifest(good, **changes)).endswith(sentence)


def test_a_damaged_photo_is_not_the_tables_fault_but_an_absent_one_is(good):
    photo = home(good) / PHOTO_FOLDER / "c.jpg"
    photo.unlink()
    assert fault(good) == f"{CSV_NAME} row 3 (line 4): All_img/c.jpg must exist, and does not"
    write_photo(photo, 100, 5)
    assert len(read_folder(good)) == 3


def test_the_real_data_reads_whole(real_data):
    rows = read_folder(real_data)
    assert {row.fold for row in rows} == set(range(5))
    assert len({row.session for row in rows}) > 90


def test_bad_rows_are_told_to_whoever_listens_and_the_good_ones_are_read(good):
    bad = [record("b.jpg", AQI="x"), record("b.jpg", CO=-1), record("../c.jpg"), record("z.jpg")]
    rewrite(good, record("a.jpg"), *bad, record("c.jpg"))
    table = home(good) / CSV_NAME
    table.write_text(table.read_text() + table.read_text().splitlines()[1] + ",7\n")
    told = []
    rows = read_folder(good, told.append)
    assert [(row.photo.name, row.line) for row in rows] == [("a.jpg", 2), ("c.jpg", 7)]
    assert told == [
        Fault(3, "AQI", "must be a number from 0 to 500", "x"),
        Fault(4, "CO", "must be >= 0 mg/m3", "-1"),
        Fault(5, "Filename", "must be a plain file name", "../c.jpg"),
        Fault(6, "Filename", "must be that of a file in All_img", "z.jpg"),
        Fault(8, "", "must have as many cells as the header", ""),
    ]
