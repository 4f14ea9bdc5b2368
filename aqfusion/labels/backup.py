"""One file with everything: tables as JSON Lines, photos, and a manifest with their checksums."""

import hashlib
import json
import os
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.dump import TABLES, Sum, lines_of
from aqfusion.labels.photo_store import PhotoMissingError
from aqfusion.labels.schema import VERSION, items
from aqfusion.labels.store import LabelStore

__all__ = ["FORMAT", "MANIFEST", "Backup", "BackupError", "backup", "photo_entry", "table_entry"]

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
    from aqfusion.labels.restore import check

    if path.exists():
        raise BackupError(f"backup must be a new file, got {path.name}, which exists")
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
                written = _write(store, actor, archive, now, on_photo)
            file.flush()
            os.fsync(file.fileno())
        check(temporary)
        temporary.replace(path)
    except OSError as error:
        raise BackupError(
            f"backup must be a file to write, got {path}: {error.strerror}"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
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
        acting(connection, actor, "admin", lock=False)
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
