"""What a bulk prediction is made of: folders, tables, and photos found by name."""

from datetime import datetime
from io import BytesIO
from pathlib import Path

import fsspec
import openpyxl
import pytest

from aqfusion.air.readings import Reading
from aqfusion.bulk.bulk_item import BulkError, BulkItem, BulkSetup, portions
from aqfusion.bulk.item_list import PhotoFiles, list_folder, list_table
from aqfusion.csv_table.errors import CellError
from aqfusion.csv_table.header import CsvTableError
from aqfusion.io.file_address import FileAddress, FileEntry
from tests.bulk.photos import write_photos


def table(path: Path, text: str) -> FileAddress:
    path.write_text(text, encoding="utf-8")
    return FileAddress(str(path))


def test_a_folder_is_listed_by_name_with_what_is_below_it(tmp_path):
    write_photos(tmp_path, 2)
    write_photos(tmp_path / "more", 1)
    for name in (".hidden.jpg", "Thumbs.db", "notes.txt", "scan.bmp"):
        (tmp_path / name).write_bytes(b"x")
    listing = list_folder(FileAddress(str(tmp_path)), ("out.csv",))
    names = ["more/sky-000.jpg", "scan.bmp", "sky-000.jpg", "sky-001.jpg"]
    assert [item.file for item in listing.items] == names
    assert listing.notes == ("files of other kinds are passed over (1): notes.txt",)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BulkError, match="--folder must hold photos, got none in"):
        list_folder(FileAddress(str(tmp_path / "empty")))


def test_a_table_gives_readings_by_name_in_its_units_and_the_rest_of_the_folder_follows(tmp_path):
    write_photos(tmp_path / "photos" / "day", 3)
    path = table(
        tmp_path / "readings.csv",
        "Image;PM2.5 (µg/m³);O3 (ppb);Time\n"
        "SKY-001.JPEG;80,5;30;2023-02-01T08:30+05:30\n"
        "gone.jpg;1;;\n"
        ";55;;\n"
        "day/sky-000.jpg;-4;;\n",
    )
    listing = list_table(path, FileAddress(str(tmp_path / "photos")))
    first, gone, reading, negative, left = listing.items
    assert first.address == str(tmp_path / "photos" / "day" / "sky-001.jpg")
    assert first.reading == Reading(pm25=80.5, o3=58.86)
    assert first.taken_at == datetime.fromisoformat("2023-02-01T08:30+05:30")
    assert gone.error == "Image must be the name of a photo that is there, got 'gone.jpg'"
    assert (gone.file, gone.address) == ("gone.jpg", None)
    assert (reading.file, reading.address, reading.reading) == (None, None, Reading(pm25=55.0))
    assert negative.problem == "PM2.5 (µg/m³) must be >= 0 ug/m3, got '-4'"
    assert negative.address is not None
    assert (left.file, left.line) == ("day/sky-002.jpg", None)


def test_a_spreadsheet_is_a_table_too_and_may_hold_readings_alone(tmp_path):
    book = openpyxl.Workbook()
    for row in (("CO (ppm)", "NO2"), (1, 40), ("much", 41)):
        book.active.append(row)
    stream = BytesIO()
    book.save(stream)
    (tmp_path / "t.xlsx").write_bytes(stream.getvalue())
    first, second = list_table(FileAddress(str(tmp_path / "t.xlsx")), None).items
    assert first.reading == Reading(co=1.145, no2=40.0)
    assert second == BulkItem(
        line=3, reading=Reading(no2=41.0), problem="CO (ppm) must be a number, got 'much'"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "must have a column photo, pm25"),
        ("pm25\n", "the table must have a row below its titles"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, sentence):
    with pytest.raises(CsvTableError, match=sentence):
        list_table(table(tmp_path / "t.csv", text), None)
    with pytest.raises(CsvTableError, match="--table must be a readable file, got "):
        list_table(FileAddress(str(tmp_path / "none.csv")), None)


@pytest.mark.parametrize("text", ["../a.jpg", "/etc/a.jpg", "c:\\a.jpg"])
def test_a_name_leads_nowhere_but_below(text):
    with pytest.raises(CellError, match="must be a path below"):
        PhotoFiles([FileEntry("a.jpg", "1")]).find(text)


def test_a_name_that_two_photos_have_is_nobodys():
    files = PhotoFiles([FileEntry("x/a.jpg", "1"), FileEntry("y/a.jpg", "1")])
    assert files.find("y\\a.jpg").name == "y/a.jpg"
    with pytest.raises(CellError, match="must mean one file, but fits 'x/a"):
        files.find("a.jpg")


def test_a_folder_may_lie_on_another_machine():
    memory = fsspec.filesystem("memory")
    memory.pipe({"/bulk-list/a.jpg": b"1", "/bulk-list/b/c.png": b"22"})
    try:
        listing = list_folder(FileAddress("memory://bulk-list"))
        before = {item.file: item.state for item in listing.items}
        assert [*before] == ["a.jpg", "b/c.png"]
        assert FileAddress(str(listing.items[1].address)).read(10) == b"22"
        memory.pipe({"/bulk-list/a.jpg": b"other"})
        after = {
            item.file: item.state for item in list_folder(FileAddress("memory://bulk-list")).items
        }
        assert after["a.jpg"] != before["a.jpg"]
        assert after["b/c.png"] == before["b/c.png"]
    finally:
        memory.rm("/bulk-list", recursive=True)


def test_portions_are_of_equal_work_and_named_by_what_they_depend_on():
    setup = BulkSetup("model", "0" * 64)
    photos = [BulkItem(f"{n}.jpg", f"/{n}.jpg", "1 1") for n in range(520)]
    readings = [BulkItem(reading=Reading(pm25=float(n)), line=n) for n in range(130)]
    assert [len(p.items) for p in portions(setup, photos)] == [32] * 16 + [8]
    assert [len(p.items) for p in portions(setup, photos[:10])] == [4, 4, 2]
    assert [len(p.items) for p in portions(setup, readings)] == [128, 2]
    keys = [p.key for p in portions(setup, photos)]
    photos[0] = BulkItem("0.jpg", "/0.jpg", "1 2")
    changed = [p.key for p in portions(setup, photos)]
    assert changed[0] != keys[0]
    assert changed[1:] == keys[1:]
    assert {p.key for p in portions(BulkSetup("model", "1" * 64), photos)}.isdisjoint(changed)
