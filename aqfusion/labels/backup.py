"""One file with everything: tables as JSON Lines, photos, checksums; and back into a store."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from aqfusion.errors import InputError
from aqfusion.images.photo import MAX_BYTES
from aqfusion.io.atomic_files import new_file
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import in_turn
from aqfusion.labels.integrity import faults_in
from aqfusion.labels.photo_store import PhotoMissingError, PhotoStore
from aqfusion.labels.schema import (
    VERSION,
    UtcTime,
    account_event_counts,
    crowds,
    items,
    known_devices,
    label_events,
    metadata,
    prediction_counts,
    server_keys,
    sign_in_limits,
    sign_ins,
    users,
)
from aqfusion.labels.store import LabelStore
from aqfusion.labels.unblinding import unblind_by_events
from aqfusion.permissions import Actor

__all__ = [
    "FORMAT",
    "MANIFEST",
    "TABLES",
    "Backup",
    "BackupError",
    "Sum",
    "backup",
    "check",
    "lines_of",
    "load",
    "photo_entry",
    "restore",
    "rows_of",
    "table_entry",
]

_BATCH = 1000
# In an order in which no row comes before what it refers to. Who is signed in where stays out: a
# copy of the store must open no door, and after a restore everybody signs in again.
_LEFT_OUT = (sign_ins, server_keys, known_devices, sign_in_limits, account_event_counts)
TABLES: tuple[Table, ...] = tuple(t for t in metadata.sorted_tables if t not in _LEFT_OUT)
# What came with a version: the tables, and the columns with what a row of before has in them.
_CAME_WITH: dict[str, tuple[set[str], dict[str, dict[str, Any]]]] = {
    "10": ({"account_events"}, {"users": {"epoch": 0, "ended": None}, "offers": {"address": None}}),
    "11": ({"unblindings"}, {}),
}
_RESTORED = ("9", *_CAME_WITH)


class Sum:
    """Count and SHA-256 of lines, as they pass."""

    def __init__(self) -> None:
        """Begin with none."""
        self.rows = 0
        self._hash = hashlib.sha256()

    def over(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Pass lines on."""
        for line in lines:
            self.rows += 1
            self._hash.update(line)
            yield line

    def as_json(self) -> dict[str, Any]:
        """Count and checksum as a manifest has them."""
        return {"rows": self.rows, "sha256": self._hash.hexdigest()}


def lines_of(connection: Connection, table: Table, without: Container[str] = ()) -> Iterator[bytes]:
    """Return a table's rows in the order of their keys, each as one line of JSON."""
    columns = [column for column in table.columns if column.name not in without]
    query = select(*columns).order_by(*table.primary_key.columns)
    for row in connection.execute(query.execution_options(yield_per=_BATCH)):
        yield json.dumps(dict(row._mapping), default=_time, sort_keys=True).encode() + b"\n"


def rows_of(
    table: Table, lines: Iterable[bytes], added: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Read rows back; what is no row of this table raises `ValueError`.

    `added` are columns that came later, which the rows do not have yet.
    """
    later = added or {}
    times = [column.name for column in table.columns if isinstance(column.type, UtcTime)]
    names = {column.name for column in table.columns} - later.keys()
    for line in lines:
        row = json.loads(line)
        if not isinstance(row, dict) or row.keys() != names:
            raise ValueError(f"{table.name} must have the columns of this program")
        row |= later
        for name in times:
            row[name] = row[name] and datetime.fromisoformat(row[name])
        yield row


def load(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    """Write rows into an empty table, and let its numbers go on after them."""
    while batch := list(islice(rows, _BATCH)):
        connection.execute(insert(table), batch)
    if connection.dialect.name == "postgresql" and "id" in table.columns:
        last = connection.execute(select(func.max(table.c.id))).scalar()
        if last is not None:
            sequence = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)")
            connection.execute(sequence, {"table": table.name, "last": last})


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")


FORMAT = 1
MANIFEST = "manifest.json"


class BackupError(InputError):
    """A backup that cannot be written, or is damaged, or does not fit this program."""


@dataclass(frozen=True)
class Backup:
    """Contents of a backup: rows by table, photos, and hashes of photos that were missing."""

    rows: dict[str, int]
    photos: int
    missing: tuple[str, ...]


def backup(
    store: LabelStore,
    actor: Actor,
    path: Path,
    now: datetime,
    on_photo: Callable[[int, int], None] | None = None,
) -> Backup:
    """Write the state of one moment to a new file, whole or not at all, for an admin.

    It holds the hashes of PINs: keep it like the store itself. Photos that are missing are named,
    and do not stop it. `on_photo` hears how many photos are done, and of how many.
    """

    if path.exists():
        raise BackupError(f"The file {path.name} exists already. Name a new file.")
    try:
        with new_file(path) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
                written = _write(store, actor, archive, now, on_photo)
            file.flush()
            check(Path(file.name))
    except OSError as error:
        raise BackupError(f"The backup {path} cannot be written: {error.strerror}") from error
    return written


def table_entry(name: str) -> str:
    """The name of a table in the archive."""
    return f"tables/{name}.jsonl"


def photo_entry(digest: str) -> str:
    """The name of a photo in the archive."""
    return f"photos/{digest}.jpg"


def _write(
    store: LabelStore,
    actor: Actor,
    archive: zipfile.ZipFile,
    now: datetime,
    on_photo: Callable[[int, int], None] | None,
) -> Backup:
    sums: dict[str, Any] = {}
    with store.database.snapshot() as connection:
        require_role(connection, actor, "admin", lock=False)
        for table in TABLES:
            total = Sum()
            with archive.open(table_entry(table.name), "w", force_zip64=True) as entry:
                for line in total.over(lines_of(connection, table)):
                    entry.write(line)
            sums[table.name] = total.as_json()
        digests = sorted({*_photos(connection)})
    kept, missing = [], []
    for number, digest in enumerate(digests, start=1):
        if on_photo is not None:
            on_photo(number, len(digests))
        try:
            photo = store.photos.get(digest)
        except PhotoMissingError:
            missing.append(digest)
            continue
        archive.writestr(zipfile.ZipInfo(photo_entry(digest)), photo)  # JPEG shrinks no further
        kept.append(digest)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "created": now.isoformat(),
        "tables": sums,
        "photos": len(kept),
        "photos_sha256": hashlib.sha256("\n".join(kept).encode()).hexdigest(),
        "missing_photos": missing,
    }
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    rows = {name: total["rows"] for name, total in sums.items()}
    return Backup(rows, len(kept), tuple(missing))


def _photos(connection: Connection) -> Iterator[str]:
    yield from connection.execute(select(items.c.photo_hash).distinct()).scalars()


_LOCK = 0x41514F  # any number, the same in every process
_LONGEST_LINE = 10_000_000  # bytes of one row: an entry that unpacks to gigabytes is damage


def restore(store: LabelStore, path: Path) -> Backup:
    """Fill an empty store from a backup of any database; `BackupError` says why not.

    Rows come in one transaction, which is only committed once they read back as they were and the
    photos are kept.
    """
    held = check(path)
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            store.database.write(
                lambda connection: _fill(connection, archive, manifest, store.photos)
            )
    except InputError:
        raise
    except SQLAlchemyError as error:  # rows that fit their checksum, and break a rule of the store
        why = _first_line(error)
        raise BackupError(
            f"{path.name} has rows that break a rule of the store: {why}. Nothing was restored."
        ) from error
    except Exception as error:  # the file may have changed since it was checked
        raise _damaged(path, error) from error
    return held


def check(path: Path) -> Backup:
    """Read a whole backup against its manifest; `BackupError` names what does not fit."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _check(archive, path.name)
    except BackupError:
        raise
    except Exception as error:  # each layer of a zip fails in its own way
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> BackupError:
    return BackupError(f"{path.name} is damaged or is not a backup: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    """The first line of an error, without statement and traceback."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _check(archive: zipfile.ZipFile, name: str) -> Backup:
    manifest = json.loads(archive.read(MANIFEST))
    if manifest["format"] != FORMAT or manifest["version"] not in _RESTORED:
        got = f"{manifest['format']} of store version {manifest['version']}"
        raise BackupError(
            f"{name} must have format {FORMAT} of store version {VERSION}, got {got}. Restore it "
            "with the version of AQFusion that wrote it; a newer AQFusion updates that store when "
            "it opens it"
        )
    rows: dict[str, int] = {}
    for table, added in _tables_of(manifest["version"]):
        total = Sum()
        with archive.open(table_entry(table.name)) as lines:
            for _row in rows_of(table, total.over(_bounded(lines)), added):
                pass
        if total.as_json() != manifest["tables"][table.name]:
            raise BackupError(f"{name} is damaged: its table {table.name} has changed.")
        rows[table.name] = total.rows
    digests = _digests(archive)
    listed = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    if (len(digests), listed) != (manifest["photos"], manifest["photos_sha256"]):
        raise BackupError(f"{name} is damaged: it does not have its {manifest['photos']} photos.")
    for digest in digests:
        if archive.getinfo(photo_entry(digest)).file_size > MAX_BYTES:
            raise BackupError(f"{name} must have photos of at most 25 MB, got {digest[:12]}")
        if hashlib.sha256(archive.read(photo_entry(digest))).hexdigest() != digest:
            raise BackupError(f"{name} is damaged: its photo {digest[:12]} has changed.")
    return Backup(rows, len(digests), tuple(manifest["missing_photos"]))


def _tables_of(version: str) -> Iterator[tuple[Table, dict[str, Any]]]:
    """The tables of a backup of a version, with the columns that they have only since then."""
    later = [change for name, change in _CAME_WITH.items() if int(name) > int(version)]
    for table in TABLES:
        if not any(table.name in tables for tables, _columns in later):
            columns = (columns.get(table.name, {}) for _tables, columns in later)
            yield table, {name: value for added in columns for name, value in added.items()}


def _digests(archive: zipfile.ZipFile) -> list[str]:
    names = (name for name in archive.namelist() if name.startswith("photos/"))
    return sorted(name.removeprefix("photos/").removesuffix(".jpg") for name in names)


def _bounded(entry: IO[bytes]) -> Iterator[bytes]:
    for line in iter(lambda: entry.readline(_LONGEST_LINE + 1), b""):
        if len(line) > _LONGEST_LINE:
            raise ValueError("a row must have at most 10 MB")
        yield line


def _fill(
    connection: Connection, archive: zipfile.ZipFile, manifest: dict[str, Any], photos: PhotoStore
) -> None:
    in_turn(connection, _LOCK)
    for table in (users, items, label_events):
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise BackupError(
                f"The label store is not empty: it has {table.name}. Restore into an empty one."
            )
    connection.execute(delete(crowds))  # but for the empty one, which every new store has
    connection.execute(delete(prediction_counts))  # of visitors who came before the backup did
    for table, added in _tables_of(manifest["version"]):
        with archive.open(table_entry(table.name)) as lines:
            load(connection, table, rows_of(table, _bounded(lines), added))
        total = Sum()
        for _line in total.over(lines_of(connection, table, added)):
            pass
        if total.as_json() != manifest["tables"][table.name]:
            raise BackupError(
                f"Table {table.name} was not stored as it is in the backup. Nothing was restored."
            )
    if int(manifest["version"]) < 11:
        unblind_by_events(connection)
    faults = faults_in(connection)
    if faults:
        raise BackupError(f"The backup is inconsistent: {faults[0]}. Nothing was restored.")
    for digest in _digests(archive):  # last: a photo is written where its row is as good as kept
        photos.put_bytes(archive.read(photo_entry(digest)))
