"""One file with everything: tables as JSON Lines, photos, checksums; and back into a store."""

import contextlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from aqfusion.io.atomic_files import new_file
from aqfusion.io.temporary_files import TemporaryFolder
from aqfusion.labels.audit_log import record, record_often
from aqfusion.labels.authorization import require_role
from aqfusion.labels.backup_archive import BackupArchive, opened
from aqfusion.labels.backup_format import (
    BATCH,
    FORMAT,
    MANIFEST,
    TABLES,
    Backup,
    BackupError,
    Sum,
    lines_of,
    load,
    photo_entry,
    photos_sum,
    table_entry,
)
from aqfusion.labels.database import Database, database_url, in_turn, take_time
from aqfusion.labels.integrity import faults_in
from aqfusion.labels.photo_store import PhotoMissingError, PhotoStore
from aqfusion.labels.schema import (
    VERSION,
    crowds,
    items,
    label_events,
    metadata,
    prediction_counts,
    users,
)
from aqfusion.labels.store import LabelStore
from aqfusion.labels.store_errors import DISK_FULL, StoreError, StoreFullError
from aqfusion.labels.unblinding import unblind_by_events
from aqfusion.permissions import Actor

__all__ = [
    "TABLES",
    "Backup",
    "BackupError",
    "backup",
    "check",
    "lines_of",
    "load",
    "rehearse",
    "restore",
]


def backup(
    store: LabelStore,
    actor: Actor,
    path: Path,
    now: datetime,
    on_photo: Callable[[int, int], None] | None = None,
    *,
    check_it: bool = True,
) -> Backup:
    """Write the state of one moment to a new file, whole or not at all, for an admin.

    It holds the hashes of PINs: keep it like the store itself. Photos that are missing are named,
    and do not stop it. `on_photo` hears how many photos are done, and of how many. Only who
    rehearses it afterwards need not `check_it`.
    """

    if path.exists():
        raise BackupError(f"The file {path.name} exists already. Name a new file.")
    _note(store, actor, now)
    try:
        with new_file(path) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
                written = _write(store, actor, archive, now, on_photo)
            file.flush()
            if check_it:
                with opened(Path(file.name), strict=False) as written_archive:
                    written_archive.check()
    except OSError as error:
        if error.errno in DISK_FULL:
            raise StoreFullError(
                "The disk is full: the backup was not written, and nothing of it is left. Make "
                "room on the disk, then try again."
            ) from error
        raise BackupError(
            f"The backup {path} cannot be written: {error.strerror}",
            public=f"The backup cannot be written: {error.strerror}",
        ) from error
    return written


def _note(store: LabelStore, actor: Actor, now: datetime) -> None:
    """Write into the audit log who takes a copy of all hashes; a full disk must not hinder it."""

    def work(connection: Connection) -> None:
        require_role(connection, actor, "admin")
        record_often(connection, "backup taken", now, actor.id)

    with contextlib.suppress(StoreFullError):
        store.database.write(work)


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
        "photos_sha256": photos_sum(kept),
        "missing_photos": missing,
    }
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    rows = {name: total["rows"] for name, total in sums.items()}
    return Backup(rows, len(kept), tuple(missing))


def _photos(connection: Connection) -> Iterator[str]:
    yield from connection.execute(select(items.c.photo_hash).distinct()).scalars()


_UNBLINDED = 11  # the version from which on the store keeps to whom a prediction was shown
_LOCK = 0x41514F  # any number, the same in every process


def check(path: Path) -> Backup:
    """Read a whole backup against its manifest; `BackupError` names what does not fit."""
    with opened(path) as archive:
        return archive.check()


def rehearse(path: Path, *, decode: bool = False) -> Backup:
    """Restore a backup into a temporary store and compare; `BackupError` says what is wrong.

    So every rule of a database and of the program has been tried before a real store is touched.
    With `decode` each photo is decoded too.
    """
    with opened(path) as archive:
        held = archive.check(decode=decode)
        _try(archive)
        return held


def restore(store: LabelStore, path: Path, now: datetime | None = None) -> Backup:
    """Fill an empty store from a backup of any database; `BackupError` says why not.

    Nothing is written before a rehearsal went well. Rows then come in one transaction, which is
    only committed once they read back as they were and the photos are kept. The audit log goes on
    with the restore.
    """
    at = now or datetime.now(UTC)
    with store.database.read() as connection:
        _require_empty(connection)
    with opened(path) as archive:
        held = archive.check(decode=True)
        _try(archive)
        new: list[str] = []
        try:
            store.database.write(
                lambda connection: _fill(connection, archive, store.photos, new, at)
            )
        except BaseException as error:
            for digest in new:
                store.photos.remove(digest)
            if isinstance(error, SQLAlchemyError):
                why = f"rows break a rule of the store: {_first_line(error)}"
                raise archive.fault(why) from error
            raise
        return held


def _try(archive: BackupArchive) -> None:
    """Fill a store in a temporary folder, which goes again."""
    room = shutil.disk_usage(tempfile.gettempdir()).free
    if 3 * archive.table_bytes > room:  # rows, their indexes, and the journal
        raise StoreError(
            f"A rehearsal of the restore needs {3 * archive.table_bytes // 1_000_000} MB in the "
            f"folder for temporary files, got {room // 1_000_000} MB. Make room there, or set "
            "TMPDIR to another folder."
        )
    with TemporaryFolder() as folder:
        database = Database(database_url(str(folder / "labels.db")))
        try:
            database.write(lambda connection: _rehearse_rows(connection, archive))
        finally:
            database.close()


def _rehearse_rows(connection: Connection, archive: BackupArchive) -> None:
    metadata.create_all(connection)
    for table, added in archive.tables:
        rows, number = archive.rows(table, added), 1
        while batch := list(islice(rows, BATCH)):
            point = connection.begin_nested()
            try:
                connection.execute(insert(table), batch)
            except IntegrityError:
                point.rollback()
                _blame(connection, archive, table, batch, number)
            else:
                point.commit()
            number += len(batch)
    original = items.alias("original")
    lost = ~select(original.c.id).where(original.c.id == items.c.duplicate_of).exists()
    query = select(items.c.id, items.c.duplicate_of).where(items.c.duplicate_of.is_not(None), lost)
    for row in connection.execute(query.limit(1)):
        raise archive.fault(
            f"{table_entry('items')}, item {row.id}: duplicate_of must be another item, got "
            f"{row.duplicate_of}"
        )
    _compare(connection, archive)


def _blame(
    connection: Connection,
    archive: BackupArchive,
    table: Table,
    batch: list[dict[str, Any]],
    number: int,
) -> None:
    """Raise the error that names the first row that the database refuses, its field and value."""
    for row in batch:
        try:
            connection.execute(insert(table), row)
        except IntegrityError as error:
            rule = _broken_rule(connection, table, row, error)
            raise archive.fault(f"{table_entry(table.name)}, row {number}: {rule}") from error
        number += 1


def _broken_rule(
    connection: Connection, table: Table, row: Mapping[str, Any], error: IntegrityError
) -> str:
    kind, _, names = str(error.orig).partition(" constraint failed: ")
    if kind == "UNIQUE":
        fields = [name.partition(".")[2] for name in names.split(", ")]
        values = ", ".join(str(row[name])[:40] for name in fields)
        return f"{' and '.join(fields)} must be in one row only, got {values!r} again"
    for column in table.columns:
        for key in column.foreign_keys:
            target = key.column
            query = select(target).where(target == row[column.name])
            if row[column.name] is not None and connection.execute(query).first() is None:
                return (
                    f"{column.name} must be the {target.name} of an earlier row of "
                    f"{target.table.name}, got {row[column.name]}"
                )
    return f"{names or 'it'} must hold for every row of {table.name}, got {_short(row)}"


def _short(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {str(value)[:20]!r}" for name, value in row.items() if value)[:200]


def _first_line(error: SQLAlchemyError) -> str:
    """The first line of an error, without statement and traceback."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _compare(connection: Connection, archive: BackupArchive) -> None:
    """Read all tables back, and check what follows from them."""
    for table, added in archive.tables:
        total = Sum()
        for _line in total.over(lines_of(connection, table, added)):
            pass
        if total.as_json() != archive.manifest["tables"][table.name]:
            raise archive.fault(f"{table_entry(table.name)} did not read back as it is")
    if int(archive.manifest["version"]) < _UNBLINDED:
        unblind_by_events(connection)
    faults = faults_in(connection)
    if faults:
        raise archive.fault(f"the backup is inconsistent: {faults[0]}")


def _require_empty(connection: Connection) -> None:
    for table in (users, items, label_events):
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise BackupError(
                f"The label store is not empty: it has {table.name}. Restore into an empty one."
            )


def _fill(
    connection: Connection,
    archive: BackupArchive,
    photos: PhotoStore,
    new: list[str],
    now: datetime,
) -> None:
    """Write everything; `new` gets the photos that were not there before."""
    take_time(connection)
    in_turn(connection, _LOCK)
    _require_empty(connection)
    connection.execute(delete(crowds))  # but for the empty one, which every new store has
    connection.execute(delete(prediction_counts))  # of visitors who came before the backup did
    for table, added in archive.tables:
        load(connection, table, archive.rows(table, added))
    _compare(connection, archive)
    record(connection, "backup restored", now, None)
    for digest in archive.digests:  # last: a photo is written where its row is as good as kept
        if not photos.exists(digest):
            new.append(digest)
        photos.put_bytes(archive.photo(digest))
