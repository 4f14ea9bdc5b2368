"""The ZIP of a backup, read as if a stranger had made it: nothing is unpacked beyond its bounds."""

import contextlib
import hashlib
import json
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Table

from aqfusion.errors import InputError
from aqfusion.images.photo import MAX_BYTES, Photo
from aqfusion.labels.backup_format import (
    FORMAT,
    MANIFEST,
    RESTORED,
    Backup,
    BackupError,
    Sum,
    photo_entry,
    photos_sum,
    rows_of,
    table_entry,
    tables_of,
)
from aqfusion.labels.row_rules import RowError
from aqfusion.labels.schema import VERSION
from aqfusion.text_validation import quoted

__all__ = ["BackupArchive", "opened"]

_LONGEST_LINE = 25_000_000  # bytes of one row: a site's file and its escapes
_MOST_MANIFEST = 20_000_000
# Bytes of the ZIP's directory, which is held in memory: that of 400 000 photos.
_MOST_DIRECTORY = 64_000_000
_MOST_RATIO, _SMALL = 400, 1_000_000  # rows of JSON shrink to a tenth, alike ones to a hundredth
_END, _END_64 = b"PK\5\6", b"PK\6\6"


class BackupArchive:
    """An open backup whose entries are those of its manifest, and no others."""

    def __init__(self, archive: zipfile.ZipFile, name: str, size: int, strict: bool) -> None:
        """Check names, sizes and the manifest; `name` opens every sentence."""
        self.name = name
        self._archive, self._strict = archive, strict
        self.manifest = self._read_manifest()
        self.tables = tuple(tables_of(self.manifest["version"]))
        self.digests = tuple(sorted(self._listed(size)))

    @property
    def table_bytes(self) -> int:
        """How many bytes all tables unpack to."""
        entries = (table_entry(table.name) for table, _added in self.tables)
        return sum(self._archive.getinfo(entry).file_size for entry in entries)

    def rows(
        self, table: Table, added: Mapping[str, Any], total: Sum | None = None
    ) -> Iterator[dict[str, Any]]:
        """Read the rows of a table, each checked by itself."""
        entry = table_entry(table.name)
        try:
            with self._archive.open(entry) as stream:
                lines = _bounded(stream)
                summed = lines if total is None else total.over(lines)
                yield from rows_of(table, summed, added, strict=self._strict)
        except RowError as error:
            raise self.fault(f"{entry}, {error}") from error

    def photo(self, digest: str, *, decode: bool = False) -> bytes:
        """Return a photo whose hash is its name, and which can be decoded as such if asked for."""
        entry = photo_entry(digest)
        with self._archive.open(entry) as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise self.fault(f"{entry} must have at most {MAX_BYTES // 1_000_000} MB, got more")
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 != digest:
            raise BackupError(f"{self.name} is damaged: its photo {digest[:12]} has changed.")
        if decode:
            if not data.startswith(b"\xff\xd8\xff"):
                raise self.fault(f"{entry} must be a JPEG, got {data[:8]!r}")
            try:
                Photo.decode(data)
            except InputError as error:
                raise self.fault(f"{entry}: {error}") from error
        return data

    def check(self, *, decode: bool = False) -> Backup:
        """Read everything against the manifest; `BackupError` names what does not fit."""
        rows: dict[str, int] = {}
        photos: set[str] = set()
        for table, added in self.tables:
            total = Sum()
            for row in self.rows(table, added, total):
                if table.name == "items":
                    photos.add(row["photo_hash"])
            if total.as_json() != self.manifest["tables"][table.name]:
                raise BackupError(f"{self.name} is damaged: its table {table.name} has changed.")
            rows[table.name] = total.rows
        self._strict = False  # what is read again has the same sums, or is refused for them
        missing = self.manifest["missing_photos"]
        strange = photos.symmetric_difference({*self.digests, *missing})
        if strange or {*missing} & {*self.digests}:
            raise self.fault(
                f"photos must be those of its items, got a difference: {min(strange, default='')}"
            )
        for digest in self.digests:
            self.photo(digest, decode=decode)
        return Backup(rows, len(self.digests), tuple(missing))

    def fault(self, sentence: str) -> BackupError:
        """The error of a backup that nobody may restore."""
        return BackupError(f"{self.name}: {sentence.rstrip('.')}. Nothing was restored.")

    def _read_manifest(self) -> dict[str, Any]:
        if self._archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST:
            raise self.fault(f"{MANIFEST} must have at most 20 MB, got more")
        try:
            with self._archive.open(MANIFEST) as stream:
                manifest = json.loads(stream.read(_MOST_MANIFEST))
            is_ours = manifest["format"] == FORMAT and manifest["version"] in RESTORED
            got = f"{str(manifest['format'])[:20]} of store version {str(manifest['version'])[:20]}"
        except (TypeError, LookupError, ValueError, RecursionError) as error:
            raise _damaged(self.name, error) from error
        if not is_ours:
            raise BackupError(
                f"{self.name} must have format {FORMAT} of store version {VERSION}, got {got}. "
                "Restore it with the version of AQFusion that wrote it; a newer AQFusion updates "
                "that store when it opens it"
            )
        tables, missing = manifest["tables"], manifest["missing_photos"]
        wanted = {table.name for table, _added in tables_of(manifest["version"])}
        if not isinstance(tables, dict) or tables.keys() != wanted:
            raise self.fault(f"{MANIFEST}: tables must be those of its version, got others")
        if not isinstance(missing, list) or not all(_is_digest(value) for value in missing):
            raise self.fault(f"{MANIFEST}: missing_photos must be hashes, got others")
        return dict(manifest)

    def _listed(self, size: int) -> Iterator[str]:
        """Check all entries by the directory, before one is unpacked; yield those of photos."""
        wanted = {MANIFEST, *(table_entry(table.name) for table, _added in self.tables)}
        names: set[str] = set()
        packed = 0
        for info in self._archive.infolist():
            entry, shown = info.filename, quoted(info.filename)
            if entry in names:
                raise self.fault(f"entry {shown} must be there once, got it twice")
            names.add(entry)
            digest = entry.removeprefix("photos/").removesuffix(".jpg")
            is_photo = _is_digest(digest) and entry == photo_entry(digest)
            if not is_photo and entry not in wanted:
                raise self.fault(f"entry {shown} must be one of a backup, got another name")
            if info.flag_bits & 1 or info.compress_type not in (0, zipfile.ZIP_DEFLATED):
                raise self.fault(f"entry {shown} must be plain or deflated, got another kind")
            most = MAX_BYTES if is_photo else max(_SMALL, _MOST_RATIO * info.compress_size)
            if info.file_size > most:
                raise self.fault(
                    f"entry {shown} must unpack to at most {most} bytes, got {info.file_size}"
                )
            packed += info.compress_size
            if is_photo:
                yield digest
        if packed > size:  # entries that share their bytes
            raise self.fault(f"entries must have {size} bytes at most, got {packed}")
        lost = sorted(wanted - names)
        if lost:
            raise self.fault(f"entry {lost[0]} must be there, got none")
        photos = sorted(n.removeprefix("photos/").removesuffix(".jpg") for n in names - wanted)
        stated = self.manifest.get("photos"), self.manifest.get("photos_sha256")
        if (len(photos), photos_sum(photos)) != stated:
            raise BackupError(
                f"{self.name} is damaged: it does not have its {str(stated[0])[:20]} photos."
            )


@contextlib.contextmanager
def opened(path: Path, *, strict: bool = True) -> Iterator[BackupArchive]:
    """Open a backup; whatever a damaged one ends in is a `BackupError`.

    Only one that this process has just written needs no `strict` look at its rows.
    """
    try:
        size = path.stat().st_size
        _check_directory(path, size)
        with zipfile.ZipFile(path) as archive:
            yield BackupArchive(archive, path.name, size, strict)
    except InputError:
        raise
    except Exception as error:  # each layer of a zip fails in its own way
        raise _damaged(path.name, error) from error


def _damaged(name: str, error: Exception) -> BackupError:
    lines = str(error).strip().splitlines()
    why = lines[0][:200] if lines else type(error).__name__
    return BackupError(f"{name} is damaged or is not a backup: {why}")


def _check_directory(path: Path, size: int) -> None:
    """Refuse a ZIP whose directory would fill the memory, before anything reads it."""
    with path.open("rb") as file:
        file.seek(max(0, size - 98))
        tail = file.read()
    end, end_64 = tail[-22:], tail[-98:-42]
    if end[:4] != _END:
        raise ValueError("File is not a zip file, or goes on after its end")
    lengths = [struct.unpack("<L", end[12:16])[0]]
    if end_64[:4] == _END_64:
        lengths = [struct.unpack("<Q", end_64[40:48])[0]]
    if max(lengths) > min(size, _MOST_DIRECTORY):
        raise ValueError(f"its directory must have at most {_MOST_DIRECTORY} bytes")


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and not {*value} - {*"0123456789abcdef"}


def _bounded(entry: IO[bytes]) -> Iterator[bytes]:
    for line in iter(lambda: entry.readline(_LONGEST_LINE + 1), b""):
        if len(line) > _LONGEST_LINE:
            raise RowError(f"a row must have at most {_LONGEST_LINE // 1_000_000} MB, got more")
        yield line
