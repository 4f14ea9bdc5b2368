"""A backup holds everything, fits every database, and a damaged one changes nothing."""

import hashlib
import json
import random
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from aqfusion.images.photo import Photo
from aqfusion.labels.answer import Answer
from aqfusion.labels.backup import TABLES, Backup, BackupError, backup, check, lines_of, restore
from aqfusion.labels.schema import VERSION, items
from aqfusion.labels.store import LabelStore
from tests.labels import postgres
from tests.labels.planted import NOW, PIN, add, new_item, request_id, say


@pytest.fixture
def written(store, admin, ana, ben, expert, tmp_path) -> tuple[Path, Backup]:
    """A store in the middle of things, and its backup."""
    digest = store.photos.put(Photo.from_image(Image.linear_gradient("L")))
    first = add(store, admin, 1, overlap=2, photo_hash=digest)
    add(store, admin, 2, duplicate_of=first, known_aqi=80)
    store.queue.lease(ben, first, NOW)
    store.invites.make(admin, "expert", NOW)
    say(store, ana, first, Answer(aqi=151, note="naïve – 霾", corrections={"pm25": None}))
    third = add(store, admin, 3)
    say(store, ana, third, 2)
    store.answers.undo(ana, request_id(), NOW)
    store.review.overrule(expert, third, Answer(category=1), "why", request_id(), NOW)
    path = tmp_path / "backups" / "labels.zip"
    return path, backup(store, admin, path, NOW)


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request, tmp_path, empty_labels):
    """An empty store of either kind."""
    if request.param == "sqlite":
        url = str(tmp_path / "other.db")
        Path(url).write_bytes(empty_labels)
    else:
        socket = request.getfixturevalue("postgres_socket")
        postgres.run(socket, "DROP DATABASE IF EXISTS other WITH (FORCE)")
        postgres.run(socket, "CREATE DATABASE other")
        url = postgres.url_of(socket, "other")
    store = LabelStore.open(url, str(tmp_path / "other photos"))
    yield store
    store.close()


def dump(store):
    with store.database.snapshot() as connection:
        return {table.name: list(lines_of(connection, table)) for table in TABLES}


def dump_of_restored(store):
    """All but the last event of the audit log, which says that it was restored."""
    rows = dump(store)
    assert b'"backup restored"' in rows["account_events"].pop()
    return rows


def test_a_restored_store_is_the_same_store(store, written, other, ana):
    path, held = written
    assert restore(other, path, NOW) == held
    assert dump_of_restored(other) == dump(store)
    assert (other.snapshot_hash(), other.verify()) == (store.snapshot_hash(), ())
    assert held.rows["label_events"] == 4
    assert (held.photos, len(held.missing)) == (1, 2)
    actor = other.sign_in.by_pin("Ana", PIN, NOW)
    item = add(other, other.accounts.operator(NOW), 4)  # and its numbers go on
    assert say(other, actor, item, 3).event == 5
    with other.database.read() as connection:
        hashes = [*connection.execute(select(items.c.photo_hash).order_by(items.c.id)).scalars()]
    assert other.photos.get(hashes[0]) == store.photos.get(hashes[0])


def test_only_an_empty_store_is_filled(store, written, admin):
    before = dump(store)
    with pytest.raises(BackupError, match="The label store is not empty: it has users"):
        restore(store, written[0])
    assert dump(store) == before


def rewritten(path: Path, name: str, change) -> None:
    """Write an archive anew with one entry changed, so that only the manifest can tell."""
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    entries[name] = change(entries[name])
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in entries.items():
            archive.writestr(entry, data)


def photo_of(path: Path) -> str:
    return next(name for name in zipfile.ZipFile(path).namelist() if name.startswith("photos/"))


def newer(data: bytes) -> bytes:
    return json.dumps({**json.loads(data), "version": "99"}).encode()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "damaged or is not a backup"),
        (lambda path: path.write_bytes(b"no zip"), "damaged or is not a backup"),
        (
            lambda path: rewritten(
                path, "tables/label_events.jsonl", lambda data: data.replace(b"151", b"152")
            ),
            "its table label_events has changed",
        ),
        (
            lambda path: rewritten(
                path, "tables/users.jsonl", lambda data: data[: data.rindex(b"\n", 0, -1) + 1]
            ),
            "its table users has changed",
        ),
        (
            lambda path: rewritten(path, "tables/items.jsonl", lambda _data: b'{"id": 1}\n'),
            "tables/items.jsonl, row 1: it must have the columns of this program",
        ),
        (
            lambda path: rewritten(path, photo_of(path), lambda data: data[:-2]),
            "has changed",
        ),
        (
            lambda path: rewritten(path, "manifest.json", newer),
            f"must have format 1 of store version {VERSION}, got 1 of store version 99",
        ),
        (
            lambda path: rewritten(path, "manifest.json", lambda _data: b"[]"),
            "damaged or is not a backup",
        ),
    ],
)
def test_a_damaged_backup_is_told_and_changes_nothing(
    written, tmp_path, empty_labels, damage, sentence
):
    path = tmp_path / "damaged.zip"
    shutil.copy(written[0], path)
    damage(path)
    (tmp_path / "empty.db").write_bytes(empty_labels)
    empty = LabelStore.open(str(tmp_path / "empty.db"), str(tmp_path / "no photos"))
    with pytest.raises(BackupError) as refused:
        restore(empty, path)
    assert sentence in str(refused.value)
    assert {name: len(lines) for name, lines in dump(empty).items() if lines} == {"crowds": 1}
    assert not (tmp_path / "no photos").exists()


def test_a_backup_is_one_moment_while_others_write(store, written, admin, tmp_path, monkeypatch):
    def others_write(connection, table):
        yield from lines_of(connection, table)
        if table is TABLES[0]:
            store.items.add(admin, new_item(100), NOW)

    monkeypatch.setattr("aqfusion.labels.backup.lines_of", others_write)
    path = tmp_path / "second.zip"
    held = backup(store, admin, path, NOW)
    assert (held.rows["items"], store.overview.counts()["open"]) == (3, 3)
    assert check(path) == held


def test_a_backup_is_a_new_file_for_its_owner_only(store, written, admin):
    path = written[0]
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BackupError, match=r"labels\.zip exists already"):
        backup(store, admin, path, NOW)
    assert [file.name for file in path.parent.iterdir()] == ["labels.zip"]


def photos_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_refused_backup_leaves_no_photo_behind(store, written, admin, tmp_path, empty_labels):
    (tmp_path / "used.db").write_bytes(empty_labels)
    used = LabelStore.open(str(tmp_path / "used.db"), str(tmp_path / "used photos"))
    used.accounts.operator(NOW)
    with pytest.raises(BackupError, match="store is not empty"):
        restore(used, written[0])
    assert photos_in(tmp_path / "used photos") == []


def test_rows_that_a_store_does_not_take_are_a_sentence(written, tmp_path, empty_labels):
    path = tmp_path / "forged.zip"
    shutil.copy(written[0], path)
    with zipfile.ZipFile(path) as archive:
        users = archive.read("tables/users.jsonl").splitlines(keepends=True)
        manifest = json.loads(archive.read("manifest.json"))
    forged = b"".join([*users, users[-1]])  # the same account twice, under a true checksum
    manifest["tables"]["users"] = {
        "rows": len(users) + 1,
        "sha256": hashlib.sha256(forged).hexdigest(),
    }
    rewritten(path, "tables/users.jsonl", lambda _data: forged)
    rewritten(path, "manifest.json", lambda _data: json.dumps(manifest).encode())
    (tmp_path / "empty.db").write_bytes(empty_labels)
    empty = LabelStore.open(str(tmp_path / "empty.db"), str(tmp_path / "no photos"))
    with pytest.raises(BackupError, match=r"users\.jsonl, row 5: id must be in one row only"):
        restore(empty, path)
    assert {name: len(lines) for name, lines in dump(empty).items() if lines} == {"crowds": 1}
    assert photos_in(tmp_path / "no photos") == []


def test_any_flipped_bit_is_a_sentence_or_changes_nothing(store, written, tmp_path, empty_labels):
    whole, same = written[0].read_bytes(), dump(store)
    generator = random.Random(13)
    positions = [*range(0, len(whole), len(whole) // 150), *range(len(whole) - 60, len(whole))]
    sentences = []
    for number, position in enumerate(positions):
        flipped = bytearray(whole)
        flipped[position] ^= 1 << generator.randrange(8)
        path = tmp_path / "flipped.zip"
        path.write_bytes(flipped)
        try:
            check(path)
        except BackupError as error:
            sentences.append(str(error))
            if number % 20:  # filling a store takes time, being refused does not
                continue
        (tmp_path / "target.db").unlink(missing_ok=True)
        (tmp_path / "target.db").write_bytes(empty_labels)
        target = LabelStore.open(str(tmp_path / "target.db"), str(tmp_path / "target photos"))
        before = dump(target)
        try:
            restore(target, path)
            assert dump_of_restored(target) == same, position
        except BackupError:
            assert dump(target) == before, position
        finally:
            target.close()
    assert all(
        sentence.startswith(("flipped.zip must ", "flipped.zip is damaged", "flipped.zip: "))
        for sentence in sentences
    )
    assert len(positions) // 2 < len(sentences) < len(positions)
