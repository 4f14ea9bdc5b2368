"""A backup back into an empty store: all of it, checked before and after, or nothing."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from aqfusion.errors import InputError
from aqfusion.labels.backup import (
    FORMAT,
    MANIFEST,
    Backup,
    BackupError,
    photo_entry,
    table_entry,
)
from aqfusion.labels.database import in_turn
from aqfusion.labels.dump import TABLES, Sum, lines_of, load, rows_of
from aqfusion.labels.photo_store import PhotoStore
from aqfusion.labels.schema import (
    VERSION,
    crowds,
    items,
    label_events,
    prediction_counts,
    users,
)
from aqfusion.labels.store import LabelStore
from aqfusion.labels.verify import faults_in
from aqfusion.photo import MAX_BYTES

__all__ = ["check", "restore"]

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
            sums = json.loads(archive.read(MANIFEST))["tables"]
            store.database.write(lambda connection: _fill(connection, archive, sums, store.photos))
    except InputError:
        raise
    except SQLAlchemyError as error:  # rows that fit their checksum, and break a rule of the store
        rule = "must hold rows that a store takes"
        raise BackupError(
            f"{path.name} {rule}, got {_first_line(error)}; nothing is kept"
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
    return BackupError(f"{path.name} must be a whole backup, got one damaged: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    """The first line of an error, without statement and traceback."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _check(archive: zipfile.ZipFile, name: str) -> Backup:
    manifest = json.loads(archive.read(MANIFEST))
    if manifest["format"] != FORMAT or manifest["version"] != VERSION:
        got = f"{manifest['format']} of store version {manifest['version']}"
        raise BackupError(
            f"{name} must have format {FORMAT} of store version {VERSION}, got {got}: a backup of "
            "another version goes into the AQFusion that made it, and a newer AQFusion brings the "
            "store that comes of it up to date when it opens it"
        )
    rows: dict[str, int] = {}
    for table in TABLES:
        total = Sum()
        with archive.open(table_entry(table.name)) as lines:
            for _row in rows_of(table, total.over(_bounded(lines))):
                pass
        if total.as_json() != manifest["tables"][table.name]:
            raise BackupError(f"{name} must be as it was written, got another {table.name}")
        rows[table.name] = total.rows
    digests = _digests(archive)
    listed = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    if (len(digests), listed) != (manifest["photos"], manifest["photos_sha256"]):
        raise BackupError(f"{name} must have {manifest['photos']} photos, got others")
    for digest in digests:
        if archive.getinfo(photo_entry(digest)).file_size > MAX_BYTES:
            raise BackupError(f"{name} must have photos of at most 25 MB, got {digest[:12]}")
        if hashlib.sha256(archive.read(photo_entry(digest))).hexdigest() != digest:
            raise BackupError(f"{name} must have photos as they were, got another {digest[:12]}")
    return Backup(rows, len(digests), tuple(manifest["missing_photos"]))


def _digests(archive: zipfile.ZipFile) -> list[str]:
    names = (name for name in archive.namelist() if name.startswith("photos/"))
    return sorted(name.removeprefix("photos/").removesuffix(".jpg") for name in names)


def _bounded(entry: IO[bytes]) -> Iterator[bytes]:
    for line in iter(lambda: entry.readline(_LONGEST_LINE + 1), b""):
        if len(line) > _LONGEST_LINE:
            raise ValueError("a row must have at most 10 MB")
        yield line


def _fill(
    connection: Connection, archive: zipfile.ZipFile, sums: dict[str, Any], photos: PhotoStore
) -> None:
    in_turn(connection, _LOCK)
    for table in (users, items, label_events):
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise BackupError(f"store must be empty to be filled, got one with {table.name}")
    connection.execute(delete(crowds))  # but for the empty one, which every new store has
    connection.execute(delete(prediction_counts))  # of visitors who came before the backup did
    for table in TABLES:
        with archive.open(table_entry(table.name)) as lines:
            load(connection, table, rows_of(table, _bounded(lines)))
        total = Sum()
        for _line in total.over(lines_of(connection, table)):
            pass
        if total.as_json() != sums[table.name]:
            raise BackupError(
                f"{table.name} must read back as it was, got another; nothing is kept"
            )
    faults = faults_in(connection)
    if faults:
        raise BackupError(f"backup must hold a sound view, got: {faults[0]}; nothing is kept")
    for digest in _digests(archive):  # last: a photo is written where its row is as good as kept
        photos.put_bytes(archive.read(photo_entry(digest)))
