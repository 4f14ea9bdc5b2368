"""A lost file, a full disk, a database that does not answer: sentences, nothing half-written."""

import errno
import os
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text

from aqfusion.images.photo import Photo
from aqfusion.labels import database
from aqfusion.labels.database import Database, StoreError, database_url
from aqfusion.labels.photo_store import PhotoStore
from aqfusion.labels.schema import metadata
from aqfusion.labels.store import LabelStore
from aqfusion.labels.store_errors import StoreFullError
from tests.labels import postgres
from tests.labels.planted import NOW, PIN, add

FULL = "The disk of the label store is full. Nothing was saved"


def open_at(path: Path) -> LabelStore:
    return LabelStore.open(str(path), str(path.parent / "photos"))


def test_an_empty_file_is_no_new_store(tmp_path):
    path = tmp_path / "labels.db"
    path.touch()
    with pytest.raises(StoreError, match=r"labels\.db is an empty file.* restore the last backup"):
        open_at(path)
    assert path.read_bytes() == b""
    path.unlink()
    open_at(path).close()
    assert path.stat().st_size > 0


def test_a_journal_without_its_file_is_no_new_store(tmp_path):
    (tmp_path / "labels.db-wal").write_bytes(b"what was acknowledged")
    with pytest.raises(StoreError, match=r"labels\.db is missing, but labels\.db-wal is there"):
        open_at(tmp_path / "labels.db")
    assert not (tmp_path / "labels.db").exists()


def test_a_file_that_goes_while_it_is_open_is_not_made_anew(tmp_path):
    store = open_at(tmp_path / "labels.db")
    store.close()
    for file in tmp_path.glob("labels.db*"):
        file.unlink()
    with pytest.raises(StoreError, match="unable to open"):
        store.sign_in.is_unclaimed()
    assert [*tmp_path.glob("labels.db*")] == []


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_the_database_and_all_beside_it_are_for_their_owner(tmp_path, umask):
    before = os.umask(umask)
    try:
        shared = tmp_path / "shared"
        shared.mkdir(0o755)
        store = open_at(shared / "new" / "labels.db")
        admin = store.accounts.first_admin("Ada", PIN, NOW)
        store.photos.put(Photo.from_image(Image.new("RGB", (64, 64))))
        add(store, admin, 1)
    finally:
        os.umask(before)
    files = {path for path in shared.rglob("*") if path.is_file()}
    assert {path.suffix for path in files} == {".db", ".db-wal", ".db-shm", ".jpg"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    folders = {path.stat().st_mode & 0o777 for path in shared.rglob("*") if path.is_dir()}
    assert folders == {0o700}
    assert shared.stat().st_mode & 0o777 == 0o777 & ~umask & 0o755  # it may be meant for others
    store.close()


def test_a_looser_database_is_closed_to_others_when_it_is_opened(tmp_path):
    path = tmp_path / "labels.db"
    open_at(path).close()
    path.chmod(0o644)
    open_at(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_many_that_open_a_new_store_at_once_meet_no_empty_file(tmp_path):
    errors = []

    def work() -> None:
        try:
            Database(database_url(str(tmp_path / "labels.db"))).close()
        except StoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [path.name for path in tmp_path.iterdir()] == ["labels.db"]


@contextmanager
def small_disk(path: Path, size: str):
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", path]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def test_a_full_disk_says_so_reading_goes_on_and_room_cures_it(tmp_path):
    disk = tmp_path / "disk"
    with small_disk(disk, "2m"):
        store = open_at(disk / "labels.db")
        admin = store.accounts.first_admin("Ada", PIN, NOW)
        add(store, admin, 1)
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space left"):
            ballast.write_bytes(bytes(2_000_000))
        with pytest.raises(StoreFullError, match=FULL):
            _ = [add(store, admin, number) for number in range(2, 2000)]
        there = store.overview.counts()["open"]
        assert there >= 1
        with pytest.raises(StoreFullError, match=FULL):
            store.photos.put(Photo.from_image(Image.effect_noise((800, 800), 90)))
        assert [path.name for path in (disk / "photos").rglob("*") if path.is_file()] == []
        other = open_at(disk / "labels.db")  # another process, as far as SQLite is concerned
        assert other.overview.counts()["open"] == there
        other.close()
        ballast.unlink()
        add(store, admin, 5000)
        assert store.overview.counts()["open"] == there + 1
        assert store.verify() == ()
        store.close()


def test_a_new_store_on_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path):
    disk = tmp_path / "disk"
    with small_disk(disk, "16k"):
        with pytest.raises(StoreFullError, match=FULL):
            open_at(disk / "labels.db").close()
        assert not (disk / "labels.db").exists() or (disk / "labels.db").stat().st_size
        assert [path for path in disk.rglob("*.tmp*")] == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_photo_that_finds_no_room_is_a_sentence(tmp_path, monkeypatch, number):
    def full(*_args, **_more):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("aqfusion.labels.photo_store.replace_file", full)
    with pytest.raises(StoreFullError, match=FULL):
        PhotoStore(str(tmp_path)).put_bytes(b"photo")


def quick(url: str, monkeypatch: pytest.MonkeyPatch) -> LabelStore:
    """A store on PostgreSQL whose patience is a fraction of a second."""
    monkeypatch.setattr(database, "_LOCK_SECONDS", 0.05)
    monkeypatch.setattr(database, "_STATEMENT_SECONDS", 0.3)
    return LabelStore.open(url, "photos")


@pytest.fixture
def server_url(postgres_socket) -> str:
    tables = [table.name for table in metadata.sorted_tables]
    postgres.empty(postgres_socket, "ready", tables)
    return postgres.url_of(postgres_socket, "ready")


def test_a_lock_that_somebody_keeps_is_a_busy_store(server_url, monkeypatch):
    store = quick(server_url, monkeypatch)
    admin = store.accounts.first_admin("Ada", PIN, NOW)
    with store.database._engine.begin() as other:
        other.execute(text("LOCK TABLE items IN ACCESS EXCLUSIVE MODE"))
        begun = time.monotonic()
        with pytest.raises(StoreError, match="The label store was busy for 30 s"):
            add(store, admin, 1)
        assert time.monotonic() - begun < 10
    add(store, admin, 1)
    store.close()


def test_a_statement_that_takes_too_long_is_ended(server_url, monkeypatch):
    store = quick(server_url, monkeypatch)
    with pytest.raises(StoreError, match="The label store took too long to answer"):
        store.database.write(lambda connection: connection.execute(text("SELECT pg_sleep(5)")))
    with store.database.snapshot() as connection:  # a backup may take longer
        connection.execute(text("SELECT pg_sleep(0.5)"))
    with store.database.read() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "300ms"
    store.close()
