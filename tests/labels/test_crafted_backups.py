"""A backup whose sums are right and whose content is not: refused with a sentence, nothing written.

Each refusal names entry, row, field, rule and value, and comes before the store or its photos are
touched.
"""

import hashlib
import io
import os
import struct
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from aqfusion.air.readings import POLLUTANTS
from aqfusion.labels import backup as backup_module
from aqfusion.labels.backup import BackupError, rehearse, restore
from aqfusion.labels.store import LabelStore
from aqfusion.text_validation import digest_of
from tests.labels.forging import (
    changed,
    put_rows,
    read_entries,
    table_rows,
    with_right_sums,
    write_entries,
    write_planted,
)


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("planted")
    store = LabelStore.open(str(home / "labels.db"), str(home / "photos"))
    path = write_planted(store, home / "backup.zip")
    store.close()
    return path


@pytest.fixture
def empty(tmp_path, empty_labels, monkeypatch):
    """An empty store, of which any write is a failure, and a place for what is temporary."""
    (tmp_path / "labels.db").write_bytes(empty_labels)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    store = LabelStore.open(str(tmp_path / "labels.db"), str(tmp_path / "photos"))

    def fail(*_args, **_more):
        pytest.fail("nothing may be written")

    monkeypatch.setattr(backup_module, "_fill", fail)
    yield store
    store.close()


def assert_untouched(store: LabelStore, tmp_path: Path) -> None:
    with store.database.read() as connection:
        tables = ("users", "items", "label_events", "site_events", "prediction_counts")
        counts = [connection.exec_driver_sql(f"SELECT COUNT(*) FROM {t}").scalar() for t in tables]
    assert counts == [0] * len(tables)
    assert not (tmp_path / "photos").exists()
    assert [*(tmp_path / "tmp").iterdir()] == []


def refused(store: LabelStore, path: Path, tmp_path: Path) -> str:
    with pytest.raises(BackupError) as error:
        restore(store, path)
    assert_untouched(store, tmp_path)
    return str(error.value)


def renamed(old: str, new: str):
    def change(entries):
        entries[new] = entries.pop(old)

    return change


def photo_name(entries) -> str:
    return next(name for name in entries if name.startswith("photos/"))


def with_photo(data: bytes):
    """Replace the photo, and have its item and its name say the new hash."""

    def change(entries):
        entries.pop(photo_name(entries))
        digest = hashlib.sha256(data).hexdigest()
        entries[f"photos/{digest}.jpg"] = data
        rows = table_rows(entries, "items")
        key = digest_of(digest, [rows[0][name] for name in POLLUTANTS])
        rows[0] |= {"photo_hash": digest, "key": key, "lot": int(key[:8], 16) >> 1}
        put_rows(entries, "items", rows)

    return change


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "PNG")
    return stream.getvalue()


def line(table: str, text: str):
    def change(entries):
        entries[f"tables/{table}.jsonl"] += text.encode() + b"\n"

    return change


def twice(table: str, row: int, **values):
    def change(entries):
        rows = table_rows(entries, table)
        put_rows(entries, table, [*rows, {**rows[row], **values}])

    return change


def edited(table: str, old: str, new: str):
    def change(entries):
        data = entries[f"tables/{table}.jsonl"]
        assert old.encode() in data
        entries[f"tables/{table}.jsonl"] = data.replace(old.encode(), new.encode(), 1)

    return change


DEEP = "[" * 100_000 + "]" * 100_000
CRAFTED = {
    "a role that nobody has": (
        changed("users", 1, role="god"),
        "tables/users.jsonl, row 2: role must be one of visitor, annotator, expert, admin, got "
        "'god'",
    ),
    "an operator with a way in": (
        changed("users", 1, role="operator"),
        "row 2: role must be one of visitor, annotator, expert, admin, got 'operator'",
    ),
    "an invitation to be the terminal": (
        changed("invites", 0, role="operator"),
        "tables/invites.jsonl, row 1: role must be one of",
    ),
    "a hash that costs 2 GB to check": (
        changed("users", 1, pin="$argon2id$v=19$m=2097152,t=2,p=1$AAAA$AAAA"),
        "row 2: pin must be a hash of at most 262144 KiB and 16 passes, got 2097152 KiB",
    ),
    "a PIN that is no hash": (changed("users", 1, pin="1234"), "pin must be a hash by Argon2id"),
    "a time without a zone": (
        changed("users", 1, created="2026-11-02T09:00:00"),
        "row 2: created must be a time in UTC like 2026-11-02T09:00:00+00:00, got "
        "'2026-11-02T09:00:00'",
    ),
    "a number where a text is": (
        changed("users", 1, name=7),
        "row 2: name must be a text, got '7'",
    ),
    "a truth that is a number": (
        changed("users", 1, disabled=0),
        "row 2: disabled must be true or false, got '0'",
    ),
    "a huge text": (
        changed("users", 1, name="x" * 100_000),
        "row 2: name must have at most 60 characters, got 'xxx",
    ),
    "half a surrogate pair": (
        changed("label_events", 0, note="\ud800"),
        "row 1: note must have no characters that a database refuses",
    ),
    "no value where one must be": (
        changed("users", 1, role=None),
        "row 2: role must have a value, got 'null'",
    ),
    "a number that no database holds": (
        changed("items", 0, overlap=2**40),
        "row 1: overlap must be a whole number from",
    ),
    "not a number": (edited("items", '"priority": 0.0', '"priority": NaN'), "got NaN"),
    "infinity": (
        edited("items", '"priority": 0.0', '"priority": 1e999'),
        "row 1: it must be written as this program writes it",
    ),
    "a name twice": (
        edited("users", '"role": "admin"', '"role": "god", "role": "admin"'),
        "row 1: it must be written as this program writes it",
    ),
    "JSON nested too deeply": (line("users", DEEP), "row 4: it must be readable JSON"),
    "JSON of another shape": (line("users", "[]"), "row 4: it must be an object, got b'[]"),
    "an unknown column": (
        changed("users", 0, rank=1),
        "row 1: it must have the columns of this program, got a difference: 'rank'",
    ),
    "an AQI beyond all": (changed("items", 1, known_aqi=900), "row 2: known aqi must be 0 to 500"),
    "a key of another photo": (
        changed("items", 0, key="0" * 64),
        "row 1: key must be that of photo and reading",
    ),
    "an unknown status": (changed("items", 0, status="gone"), "row 1: status must be one of"),
    "an event of an unknown kind": (
        changed("label_events", 0, kind="bless"),
        "tables/label_events.jsonl, row 1: kind must be one of answer, undo",
    ),
    "an event about a later one": (
        changed("label_events", 0, about=3),
        "row 1: about must be an earlier event than 1, got 3",
    ),
    "an answer's category that is not its AQI's": (
        changed("label_events", 0, category=5),
        "row 1: category must be '3' in such a 'answer', got '5'",
    ),
    "an account twice": (
        twice("users", 1),
        "tables/users.jsonl, row 4: id must be in one row only, got '2' again",
    ),
    "two people of one name": (
        twice("users", 1, id=9),
        "row 4: name_key must be in one row only, got 'ana' again",
    ),
    "an event of nobody": (
        changed("label_events", 0, user=99),
        "tables/label_events.jsonl, row 1: user must be the id of an earlier row of users, got 99",
    ),
    "an event of no item": (
        changed("label_events", 0, item=99),
        "row 1: item must be the id of an earlier row of items, got 99",
    ),
    "a duplicate of nothing": (
        changed("items", 1, duplicate_of=99),
        "item 2: duplicate_of must be another item, got 99",
    ),
    "events that contradict the view": (
        changed("items", 2, status="open"),
        "inconsistent: item 3 must have status settled, got open",
    ),
    "an item that nobody would ever be asked about": (
        changed("items", 1, lane=1),
        "inconsistent: item 2 must have lane 0, got 1",
    ),
    "a site that cannot be read": (
        changed("site_events", 0, content="{}"),
        "inconsistent: site 1 has events that cannot be read",
    ),
    "bytes that are no photo": (
        with_photo(b"<script>alert(1)</script>"),
        "must be a JPEG, got b'<script>'",
    ),
    "a picture of another kind": (with_photo(png()), "must be a JPEG, got b'\\x89PNG"),
    "a JPEG that is none": (with_photo(b"\xff\xd8\xff\xe0" + b"x" * 500), "must be a"),
    "a photo of no item": (
        lambda entries: entries.update({f"photos/{'0' * 64}.jpg": b""}),
        "photos must be those of its items, got a difference: 0000",
    ),
    "a photo that is not there": (
        lambda entries: entries.pop(photo_name(entries)),
        "photos must be those of its items",
    ),
    "a path that climbs": (
        lambda entries: entries.update({"photos/../../../etc/cron.d/x.jpg": b""}),
        "entry 'photos/../../../etc/cron.d/x.jpg' must be one of a backup",
    ),
    "an absolute path": (
        lambda entries: entries.update({"/etc/passwd": b""}),
        "entry '/etc/passwd' must be one of a backup",
    ),
    "an unknown table": (
        lambda entries: entries.update({"tables/sign_ins.jsonl": b""}),
        "entry 'tables/sign_ins.jsonl' must be one of a backup",
    ),
    "a table that is not there": (
        lambda entries: entries.pop("tables/users.jsonl"),
        "entry tables/users.jsonl must be there, got none",
    ),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_backup_is_refused_before_anything_is_written(planted, empty, tmp_path, name):
    change, sentence = CRAFTED[name]
    entries = read_entries(planted)
    change(entries)
    path = write_entries(tmp_path / "crafted.zip", with_right_sums(entries))
    assert sentence in refused(empty, path, tmp_path)


def test_the_same_backup_without_a_change_is_taken(planted, tmp_path):
    path = write_entries(tmp_path / "same.zip", with_right_sums(read_entries(planted)))
    held = rehearse(path, decode=True)
    assert (held.rows["items"], held.rows["site_events"], held.photos) == (3, 1, 1)


def test_two_megabytes_that_unpack_to_gigabytes_are_refused_by_the_directory(
    planted, empty, tmp_path
):
    entries = read_entries(planted)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            if name != "tables/users.jsonl":
                archive.writestr(name, data)
        with archive.open("tables/users.jsonl", "w", force_zip64=True) as entry:
            for _ in range(64):
                entry.write(b" " * 1_000_000)
    sentence = refused(empty, path, tmp_path)
    assert "entry 'tables/users.jsonl' must unpack to at most" in sentence


def test_entries_that_share_their_bytes_are_refused(planted, empty, tmp_path):
    """Many names of one entry: each within its bounds, all together beyond any."""
    path = write_entries(tmp_path / "shared.zip", read_entries(planted))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda info: info.compress_size)
        others = [i for i in archive.infolist() if i.filename.startswith("tables/")]
    start = struct.unpack("<L", data[-6:-2])[0]
    position = start
    for info in [*others, largest]:  # their sizes in the directory become that of the largest
        position = data.find(info.filename.encode(), start) - 46
        struct.pack_into("<LL", data, position + 20, len(data), info.file_size)
    path.write_bytes(data)
    assert "entries must have" in refused(empty, path, tmp_path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_twice_is_refused(planted, empty, tmp_path):
    path = write_entries(tmp_path / "twice.zip", read_entries(planted))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("tables/users.jsonl", b"")
    assert "must be there once, got it twice" in refused(empty, path, tmp_path)


def test_a_directory_that_lies_about_its_size_is_refused_unread(planted, empty, tmp_path):
    path = write_entries(tmp_path / "lies.zip", read_entries(planted))
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, len(data) - 10, 2**31)
    path.write_bytes(data)
    assert "its directory must have at most" in refused(empty, path, tmp_path)


def test_an_entry_that_says_it_has_exabytes_is_refused(planted, empty, tmp_path):
    path = tmp_path / "zip64.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in read_entries(planted).items():
            archive.writestr(name, data)
        archive.getinfo("tables/users.jsonl").file_size = 2**62  # written as zip64
    assert "must unpack to at most" in refused(empty, path, tmp_path)


def test_checking_takes_little_memory_whatever_the_lines_are(planted, empty, tmp_path):
    entries = read_entries(planted)
    entries["tables/users.jsonl"] = os.urandom(400_000).hex().encode() * 4
    path = write_entries(tmp_path / "line.zip", with_right_sums(entries))
    tracemalloc.start()
    assert "row 1: it must be readable JSON" in refused(empty, path, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000


def test_a_rehearsal_that_the_disk_has_no_room_for_is_refused(
    planted, empty, tmp_path, monkeypatch
):
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr(backup_module.shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(Exception, match="Make room there, or set TMPDIR"):
        restore(empty, planted)
    assert_untouched(empty, tmp_path)


def test_a_restore_that_fails_midway_takes_its_photos_back(planted, tmp_path, empty_labels):
    (tmp_path / "labels.db").write_bytes(empty_labels)
    store = LabelStore.open(str(tmp_path / "labels.db"), str(tmp_path / "photos"))
    put = store.photos.put_bytes

    def full(data: bytes) -> str:
        put(data)
        raise OSError(28, "No space left on device")

    store.photos.put_bytes = full  # type: ignore[method-assign]
    with pytest.raises(BackupError, match="No space left"):
        restore(store, planted)
    assert [path for path in (tmp_path / "photos").rglob("*") if path.is_file()] == []
    assert store.sign_in.is_unclaimed()
    store.photos.put_bytes = put  # type: ignore[method-assign]
    assert restore(store, planted).photos == 1
    store.close()
