"""What a backup consists of: tables as JSON Lines with their sums, photos by their hashes."""

import hashlib
import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from aqfusion.errors import InputError
from aqfusion.labels.row_rules import RowError, check_row
from aqfusion.labels.schema import (
    UtcTime,
    account_event_counts,
    known_devices,
    metadata,
    server_keys,
    sign_in_limits,
    sign_ins,
)

__all__ = [
    *("BATCH", "FORMAT", "MANIFEST", "RESTORED", "TABLES"),
    *("Backup", "BackupError", "Sum", "photos_sum"),
    *("lines_of", "load", "photo_entry", "rows_of", "table_entry", "tables_of"),
]

FORMAT = 1
MANIFEST = "manifest.json"
BATCH = 1000
# In an order in which no row comes before what it refers to. Who is signed in where stays out: a
# copy of the store must open no door, and after a restore everybody signs in again.
_LEFT_OUT = (sign_ins, server_keys, known_devices, sign_in_limits, account_event_counts)
TABLES: tuple[Table, ...] = tuple(t for t in metadata.sorted_tables if t not in _LEFT_OUT)
# What came with a version: the tables, and the columns with what a row of before has in them.
_CAME_WITH: dict[str, tuple[set[str], dict[str, dict[str, Any]]]] = {
    "10": ({"account_events"}, {"users": {"epoch": 0, "ended": None}, "offers": {"address": None}}),
    "11": ({"unblindings"}, {}),
}
RESTORED = ("9", *_CAME_WITH)  # versions of the store whose backups are read


class BackupError(InputError):
    """A backup that cannot be written, or is damaged, or does not fit this program."""


@dataclass(frozen=True)
class Backup:
    """Contents of a backup: rows by table, photos, and hashes of photos that were missing."""

    rows: dict[str, int]
    photos: int
    missing: tuple[str, ...]


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


def photos_sum(digests: Iterable[str]) -> str:
    """Return the SHA-256 of all photos' hashes in their order."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def table_entry(name: str) -> str:
    """The name of a table in the archive."""
    return f"tables/{name}.jsonl"


def photo_entry(digest: str) -> str:
    """The name of a photo in the archive."""
    return f"photos/{digest}.jpg"


def tables_of(version: str) -> Iterator[tuple[Table, dict[str, Any]]]:
    """The tables of a backup of a version, with the columns that they have only since then."""
    later = [change for name, change in _CAME_WITH.items() if int(name) > int(version)]
    for table in TABLES:
        if not any(table.name in tables for tables, _columns in later):
            columns = (columns.get(table.name, {}) for _tables, columns in later)
            yield table, {name: value for added in columns for name, value in added.items()}


def lines_of(connection: Connection, table: Table, without: Container[str] = ()) -> Iterator[bytes]:
    """Return a table's rows in the order of their keys, each as one line of JSON."""
    columns = [column for column in table.columns if column.name not in without]
    query = select(*columns).order_by(*table.primary_key.columns)
    for row in connection.execute(query.execution_options(yield_per=BATCH)):
        yield _line(dict(row._mapping))


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, default=_time, sort_keys=True).encode() + b"\n"


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")


def rows_of(
    table: Table,
    lines: Iterable[bytes],
    added: Mapping[str, Any] | None = None,
    *,
    strict: bool = True,
) -> Iterator[dict[str, Any]]:
    """Read rows back, each as the program writes it; else `RowError` with row, field and rule.

    `added` are columns that came later, which the rows do not have yet. Values are checked where
    it is `strict`: what has just been written is a backup whatever is in the store.
    """
    later = dict(added or {})
    times = [column.name for column in table.columns if isinstance(column.type, UtcTime)]
    names = {column.name for column in table.columns} - later.keys()
    for number, line in enumerate(lines, start=1):
        try:
            row = _read(line, names) | later
            if strict:
                check_row(table, row)
        except RowError as error:
            raise RowError(f"row {number}: {error}") from error
        for name in times:
            row[name] = row[name] and datetime.fromisoformat(row[name])
        yield row


def _read(line: bytes, names: set[str]) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_no_number)
        same = _line(row) == line
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:80]
        raise RowError(f"it must be readable JSON, got a fault: {why}") from error
    if not isinstance(row, dict):
        raise RowError(f"it must be an object, got {line[:40]!r}")
    if row.keys() != names:
        strange = ", ".join(sorted(map(repr, names ^ row.keys()))[:3])[:120]
        raise RowError(f"it must have the columns of this program, got a difference: {strange}")
    if not same:  # a name twice, NaN, a number with more digits than one has
        raise RowError(f"it must be written as this program writes it, got {line[:60]!r}")
    return row


def _no_number(text: str) -> None:
    raise ValueError(f"numbers must be finite, got {text}")


def load(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    """Write rows into an empty table, and let its numbers go on after them."""
    while batch := list(islice(rows, BATCH)):
        connection.execute(insert(table), batch)
    if connection.dialect.name == "postgresql" and "id" in table.columns:
        last = connection.execute(select(func.max(table.c.id))).scalar()
        if last is not None:
            sequence = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)")
            connection.execute(sequence, {"table": table.name, "last": last})
