"""Where a label store lies, and one way to read and to write it, on SQLite and PostgreSQL.

SQLite: WAL, so that readers never wait; BEGIN IMMEDIATE for writers, so that none fails halfway;
synchronous=FULL, so that what was acknowledged survives a power cut. PostgreSQL: READ COMMITTED,
every writer locks first its own user's row, then the item's, so that no two wait for each other.
"""

import contextlib
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError

from aqfusion.errors import InputError

__all__ = ["Database", "StoreError", "TryAgainError", "database_url", "in_turn", "without_password"]

_RULE = "the label store must be a file or an address like postgresql://user@host/name"


class StoreError(InputError):
    """A label store that cannot be opened, or is too busy to answer."""


def database_url(text: str) -> URL:
    """Read the path of an SQLite file, `sqlite:///path` or `postgresql://...`.

    Another address raises `StoreError`; it repeats what was given only where no password can be.
    """
    if "://" not in text:
        return _sqlite(text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:  # whose text repeats the address
        raise StoreError(f"{_RULE}, got one that cannot be read") from error.with_traceback(None)
    kind = url.drivername.split("+")[0]
    if kind == "sqlite" and not url.query:
        return _sqlite(url.database or "")
    if kind in {"postgresql", "postgres"} and url.database:
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(f"{_RULE}, got {without_password(text)!r}")


def without_password(text: str) -> str:
    """Return an address as it may be shown.

    >>> without_password("sftp://me:secret@host:22/photos?key=secret"), without_password("/a/b")
    ('sftp://host:22/photos', '/a/b')
    """
    if "://" not in text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:  # half of an IPv6 address
        return f"{text.split('://')[0][:20]}://..."
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _sqlite(path: str) -> URL:
    if not path or path == ":memory:" or path.startswith("file:"):
        raise StoreError(f"{_RULE}, got {path!r}")
    return URL.create("sqlite", database=str(Path(path).expanduser().absolute()))


_BUSY_SECONDS = 30
_BUSY = (
    "The label store was busy for {:g} s, because others were writing. Nothing was saved."
    " Try again."
)
_LONGEST_NAP = 0.015
_TRIES = 6
# REPLACE deletes rows, which only recursive triggers hear of
_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
# serialization failure, deadlock, lock not available; unique and foreign keys that a race broke
_PASSING = {"40001", "40P01", "55P03", "23505", "23503"}
_T = TypeVar("_T")


class Database:
    """An engine, taken up as the store wants it; many threads may share one."""

    def __init__(self, url: URL) -> None:
        """Connect nothing yet; `aqfusion.labels.migrations` makes the database ready."""
        self.where = without_password(url.render_as_string())
        self.is_sqlite = url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            path = Path(url.database or "")
            try:  # who may not read the folder gets at no PIN's hash
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"The folder {path.parent} cannot be written. Set AQFUSION_LABELS."
                ) from error
            self._engine = _sqlite_engine(url)
        else:
            self._engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
        self._snapshots = self._engine.execution_options(
            **({} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"})
        )

    def close(self) -> None:
        """Let all connections go; a store that is used again opens new ones."""
        self._engine.dispose()

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Read; on PostgreSQL each statement sees the newest state."""
        with _as_sentences(self.where), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read one state of the whole store, however long that takes."""
        with _as_sentences(self.where), self._snapshots.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection

    def write_ahead(self) -> None:
        """Switch SQLite to WAL, which the file remembers; nothing elsewhere.

        While another process does the same, SQLite refuses at once instead of waiting.
        """
        end = time.monotonic() + _BUSY_SECONDS
        while self.is_sqlite:
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if time.monotonic() > end:
                    raise StoreError(f"The database {self.where} cannot be used.") from error
                time.sleep(0.02)
            finally:
                connection.close()

    def write(self, work: Callable[[Connection], _T], patience: float = _BUSY_SECONDS) -> _T:
        """Run `work` in one transaction, again where others came in between, and commit it.

        On SQLite others may write for so many seconds until that is refused.
        """
        for attempt in range(_TRIES):
            try:
                with _as_sentences(self.where), self._engine.begin() as connection:
                    if self.is_sqlite:
                        _begin_writing(connection, patience)
                    return work(connection)
            except (DBAPIError, TryAgainError) as error:
                state = getattr(getattr(error, "orig", None), "sqlstate", None)
                passing = isinstance(error, TryAgainError) or state in _PASSING
                if not passing or attempt == _TRIES - 1:
                    raise
            time.sleep(0.01 * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def insert_new(self, connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
        """Insert the rows that no unique key knows yet, and return how many these were."""
        make = sqlite_insert if self.is_sqlite else postgresql_insert
        # inline: PostgreSQL would be asked for the new keys, and then counts nothing
        statement = make(table).on_conflict_do_nothing().inline()
        return connection.execute(
            statement, rows, execution_options={"preserve_rowcount": True}
        ).rowcount


def in_turn(connection: Connection, lock: int) -> None:
    """Let transactions that name the same lock come one after the other; on SQLite all do."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


class TryAgainError(StoreError):
    """An error that another try of the same transaction may well get over."""


@contextlib.contextmanager
def _as_sentences(where: str) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) in _PASSING:
            raise
        lines = str(error.orig).strip().splitlines() or ["no answer"]
        if "locked" in lines[0] or "busy" in lines[0]:
            raise StoreError(_BUSY.format(_BUSY_SECONDS)) from error
        raise StoreError(f"The database {where} cannot be used: {lines[0]}") from error
    except DatabaseError as error:
        if not isinstance(error.orig, sqlite3.DatabaseError) or "database" not in str(error.orig):
            raise
        raise StoreError(f"The database {where} cannot be used: {error.orig}") from error


def _begin_writing(connection: Connection, patience: float) -> None:
    """Get SQLite's one place for a writer, before anything is read.

    SQLite itself asks ever more rarely while it waits, up to ten times a second: whoever comes
    new to a busy store would wait for whole seconds.
    """
    driver: Any = connection.connection.driver_connection
    end, tries = time.monotonic() + patience, 0
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise StoreError(f"The database cannot be used: {error}") from error
                if time.monotonic() > end:
                    raise StoreError(_BUSY.format(patience)) from error
            tries += 1
            time.sleep(random.uniform(0.0, min(_LONGEST_NAP, tries / 1000)))
    finally:
        driver.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def take_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # else the driver begins transactions, and deferred ones
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine
