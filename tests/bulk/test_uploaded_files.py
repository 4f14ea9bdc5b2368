"""What a stranger sends to the Batch page: ZIPs that lie, names that lead away, tables."""

import io
import struct
import zipfile

import pytest

from aqfusion.air.readings import Reading
from aqfusion.bulk import uploaded_files
from aqfusion.bulk.bulk_item import BulkError
from aqfusion.bulk.uploaded_files import UploadedFile, list_files
from aqfusion.images.photo import MAX_BYTES, PhotoError


def upload(name: str, content: bytes) -> UploadedFile:
    return UploadedFile(name, lambda: content)


def packed(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


def test_photos_zips_and_a_table_make_one_batch():
    archive = packed(
        ("day/b.jpg", b"B"), ("__MACOSX/day/._b.jpg", b"x"), ("day/", b""), ("readme.md", b"x")
    )
    table = b"photo,pm25 (ug/m3)\nB.JPEG,80\n,12\n"
    batch = list_files(
        [
            upload("a.jpg", b"A"),
            upload("a.jpg", b"A2"),
            upload("z.zip", archive),
            upload("t.csv", table),
        ],
        10,
    )
    named, reading, first, second = batch.items
    assert (named.address, named.reading, batch.read(named)) == (
        "day/b.jpg",
        Reading(pm25=80.0),
        b"B",
    )
    assert (reading.address, reading.reading) == (None, Reading(pm25=12.0))
    assert [(item.file, batch.read(item)) for item in (first, second)] == [
        ("a (2).jpg", b"A2"),
        ("a.jpg", b"A"),
    ]
    assert batch.photos == 3
    assert batch.notes == ("files of other kinds are passed over (1): readme.md",)


@pytest.mark.parametrize("name", ["../../etc/passwd.jpg", "/etc/x.jpg", "c:\\x.jpg", "a\nb.jpg"])
def test_a_name_in_a_zip_is_only_a_name(name):
    batch = list_files([upload("z.zip", packed((name, b"photo")))], 10)
    (item,) = batch.items
    assert batch.read(item) == b"photo"
    assert str(item.file).isprintable()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([("a.jpg", b""), ("b.jpg", b""), ("c.jpg", b"")], "must have at most 2 photos, got 3"),
        ([("a.csv", b"pm25\n1\n"), ("b.csv", b"pm25\n1\n")], "must have one table or none, got 2"),
        ([("notes.md", b"")], "must have a photo or a table of readings, got neither"),
        ([("z.zip", b"PK\3\4 no zip")], "a ZIP must be a whole file, got a damaged one"),
        ([("t.csv", b"pm25\n" + b"1\n" * 2001)], "the file must have at most 2000 rows"),
        (
            [("z.zip", packed(*((f"{n}.txt", b"") for n in range(41))))],
            "a ZIP must have at most 40 files, got 41",
        ),
    ],
)
def test_what_is_too_much_or_nothing_is_refused(files, sentence):
    with pytest.raises(ValueError, match=sentence):
        list_files([upload(*file) for file in files], 2)


def test_a_zip_that_says_it_unpacks_to_much_is_refused_unread(monkeypatch):
    monkeypatch.setattr(uploaded_files, "_MOST_UNPACKED", 1_000_000)
    with pytest.raises(BulkError, match="a ZIP must unpack to at most 1 MB, got 2 MB"):
        list_files([upload("z.zip", packed(("a.jpg", bytes(2_000_000))))], 10)


def test_a_directory_of_many_entries_is_refused_before_it_is_held():
    one = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", *[20, 0, 20, 0], *[0] * 4, 0, 0, 0, 0, *[0] * 6)
    directory = one * 30_000  # 1.4 MB for 30,000 names; 20 MB in memory
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 30_000, 30_000, len(directory), 0, 0)
    with pytest.raises(BulkError, match="a ZIP must have a directory of at most 1 MB, got more"):
        list_files([upload("z.zip", b"PK\3\4" + directory + end)], 200)


def test_an_entry_that_is_larger_than_it_says_is_read_no_further_than_a_photo_may_be():
    content = bytearray(packed(("a.jpg", bytes(MAX_BYTES + 10_000_000))))
    at = content.index(b"PK\1\2")
    content[at + 24 : at + 28] = struct.pack("<L", MAX_BYTES * 4)
    batch = list_files([upload("z.zip", bytes(content))], 10)
    data = batch.read(batch.items[0])
    assert MAX_BYTES < len(data) <= MAX_BYTES + (1 << 16)


def test_what_a_zip_hides_is_an_error_of_its_photo():
    lzma = list_files([upload("z.zip", packed(("a.jpg", b"x"), method=zipfile.ZIP_LZMA))], 10)
    with pytest.raises(PhotoError, match="must be packed in its ZIP by the usual method, deflate"):
        lzma.read(lzma.items[0])
    content = bytearray(packed(("a.jpg", bytes(range(256)) * 50)))
    content[60:80] = bytes(20)
    cut = list_files([upload("z.zip", bytes(content))], 10)
    with pytest.raises(PhotoError, match="photo must be whole, got one that is damaged"):
        cut.read(cut.items[0])
