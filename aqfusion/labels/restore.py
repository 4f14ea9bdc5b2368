"""A backup back into an empty store: all of it, checked before and after, or nothing."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, select

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

__all__ = ["check", "restore"]

_LOCK = 0x41514F  # any number, the same in every process
_DAMAGE = (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, EOFError, RecursionError)
_DAMAGE_TO_ZIP = (*_DAMAGE, NotImplementedError, RuntimeError)  # a method or a lock it cannot read


def restore(store: LabelStore, path: Path) -> Backup:
    """Fill an empty store from a backup of any database; `BackupError` says why not.

    Rows come in one transaction, which is only committed once they read back as they were.
    """
    held = check(path)
    with zipfile.ZipFile(path) as archive:
        for digest in _digests(archive):
            store.photos.put_bytes(archive.read(photo_entry(digest)))
        sums = json.loads(archive.read(MANIFEST))["tables"]
        store.database.write(lambda connection: _fill(connection, archive, sums))
    return held


def check(path: Path) -> Backup:
    """Read a whole backup against its manifest; `BackupError` names what does not fit."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _check(archive, path.name)
    except BackupError:
        raise
    except _DAMAGE_TO_ZIP as error:
        raise BackupError(
            f"{path.name} must be a whole backup, got one damaged: {error}"
        ) from error


def _check(archive: zipfile.ZipFile, name: str) -> Backup:
    manifest = json.loads(archive.read(MANIFEST))
    if manifest["format"] != FORMAT or manifest["version"] != VERSION:
        got = f"{manifest['format']} of store version {manifest['version']}"
        raise BackupError(f"{name} must have format {FORMAT} of store version {VERSION}, got {got}")
    rows: dict[str, int] = {}
    for table in TABLES:
        total = Sum()
        with archive.open(table_entry(table.name)) as lines:
            for _row in rows_of(table, total.over(lines)):
                pass
        if total.as_json() != manifest["tables"][table.name]:
            raise BackupError(f"{name} must be as it was written, got another {table.name}")
        rows[table.name] = total.rows
    digests = _digests(archive)
    listed = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    if (len(digests), listed) != (manifest["photos"], manifest["photos_sha256"]):
        raise BackupError(f"{name} must have {manifest['photos']} photos, got others")
    for digest in digests:
        if hashlib.sha256(archive.read(photo_entry(digest))).hexdigest() != digest:
            raise BackupError(f"{name} must have photos as they were, got another {digest[:12]}")
    return Backup(rows, len(digests), tuple(manifest["missing_photos"]))


def _digests(archive: zipfile.ZipFile) -> list[str]:
    names = (name for name in archive.namelist() if name.startswith("photos/"))
    return sorted(name.removeprefix("photos/").removesuffix(".jpg") for name in names)


def _fill(connection: Connection, archive: zipfile.ZipFile, sums: dict[str, Any]) -> None:
    in_turn(connection, _LOCK)
    for table in (users, items, label_events):
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise BackupError(f"store must be empty to be filled, got one with {table.name}")
    connection.execute(delete(crowds))  # but for the empty one, which every new store has
    connection.execute(delete(prediction_counts))  # of visitors who came before the backup did
    for table in TABLES:
        with archive.open(table_entry(table.name)) as lines:
            load(connection, table, rows_of(table, lines))
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
