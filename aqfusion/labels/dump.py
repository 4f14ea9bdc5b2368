"""Tables as JSON Lines and back: the same lines from SQLite and from PostgreSQL."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from aqfusion.labels.columns import UtcTime
from aqfusion.labels.schema import metadata, server_keys, sign_ins

__all__ = ["TABLES", "Sum", "lines_of", "load", "rows_of"]

_BATCH = 1000
# In an order in which no row comes before what it refers to. Who is signed in where stays out: a
# copy of the store must open no door, and after a restore everybody signs in again.
TABLES: tuple[Table, ...] = tuple(
    table for table in metadata.sorted_tables if table not in (sign_ins, server_keys)
)


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


def lines_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """Return a table's rows in the order of their keys, each as one line of JSON."""
    query = select(table).order_by(*table.primary_key.columns)
    for row in connection.execute(query.execution_options(yield_per=_BATCH)):
        yield json.dumps(dict(row._mapping), default=_time, sort_keys=True).encode() + b"\n"


def rows_of(table: Table, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Read rows back; what is no row of this table raises `ValueError`."""
    times = [column.name for column in table.columns if isinstance(column.type, UtcTime)]
    names = {column.name for column in table.columns}
    for line in lines:
        row = json.loads(line)
        if not isinstance(row, dict) or row.keys() != names:
            raise ValueError(f"{table.name} must have the columns of this program")
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
