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

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import ArgumentError, DBAPIError

from aqfusion.io.file_address import without_password
from aqfusion.labels.sqlite_file import ready_file
from aqfusion.labels.store_errors import (
    BUSY_SECONDS,
    NO_ANSWER,
    PASSING,
    StoreError,
    TryAgainError,
    as_sentences,
    busy,
    sqlite_error,
)

__all__ = [
    "Database",
    "StoreError",
    "TryAgainError",
    "database_url",
    "in_turn",
    "take_time",
]

_RULE = "the label store must be a file or an address like postgresql://user@host/name"


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
    raise StoreError(f"{_RULE}, got {without_password(text)!r}", public=_RULE)


def _sqlite(path: str) -> URL:
    if not path or path == ":memory:" or path.startswith("file:"):
        raise StoreError(f"{_RULE}, got {path!r}", public=_RULE)
    return URL.create("sqlite", database=str(Path(path).expanduser().absolute()))


_LONGEST_NAP = 0.015
_TRIES = 6
_OTHERS_WRITE = {"40001", "40P01", "55P03"}
# REPLACE deletes rows, which only recursive triggers hear of
_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
# PostgreSQL waits for ever by itself. A write is tried so often that its waits for locks come to
# BUSY_SECONDS; what goes through the whole store, as a backup or a migration, may take an hour.
_CONNECT_SECONDS, _LOCK_SECONDS, _STATEMENT_SECONDS = 10, 5, 60
_LONG_SECONDS, _IDLE_SECONDS = 3600, 600
_NETWORK = {
    "connect_timeout": _CONNECT_SECONDS,
    "keepalives_idle": 30,
    "tcp_user_timeout": 1000 * BUSY_SECONDS,  # a server that is cut off says nothing
}
_T = TypeVar("_T")


class Database:
    """An engine, taken up as the store wants it; many threads may share one."""

    def __init__(self, url: URL) -> None:
        """Connect nothing yet; `aqfusion.labels.migrations` makes the database ready."""
        self.where = without_password(url.render_as_string())
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._file: Path | None = None
        if self.is_sqlite:
            self._file = Path(url.database or "")
            ready_file(self._file)
            self._engine = _sqlite_engine(url, self._file)
        else:
            self._engine = _postgresql_engine(url)
        self._snapshots = self._engine.execution_options(
            **({} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"})
        )

    def close(self) -> None:
        """Let all connections go; a store that is used again opens new ones."""
        self._engine.dispose()

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Read; on PostgreSQL each statement sees the newest state."""
        with as_sentences(self.where, self._file), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read one state of the whole store, however long that takes."""
        with as_sentences(self.where, self._file), self._snapshots.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            take_time(connection)
            yield connection

    def write_ahead(self) -> None:
        """Switch SQLite to WAL, which the file remembers; nothing elsewhere.

        While another process does the same, SQLite refuses at once instead of waiting.
        """
        end = time.monotonic() + BUSY_SECONDS
        while self.is_sqlite:
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if time.monotonic() > end:
                    raise StoreError(
                        f"The database {self.where} cannot be used.", public=NO_ANSWER
                    ) from error
                time.sleep(0.02)
            finally:
                connection.close()

    def write(self, work: Callable[[Connection], _T], patience: float = BUSY_SECONDS) -> _T:
        """Run `work` in one transaction, again where others came in between, and commit it.

        On SQLite others may write for so many seconds until that is refused.
        """
        for attempt in range(_TRIES):
            try:
                with as_sentences(self.where, self._file), self._engine.begin() as connection:
                    if self.is_sqlite:
                        _begin_writing(connection, patience, self.where, self._file)
                    return work(connection)
            except (DBAPIError, TryAgainError) as error:
                state = getattr(getattr(error, "orig", None), "sqlstate", None)
                passing = isinstance(error, TryAgainError) or state in PASSING
                if not passing or attempt == _TRIES - 1:
                    if state in _OTHERS_WRITE:
                        raise busy() from error
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


def take_time(connection: Connection) -> None:
    """Let this transaction's statements take as long as work on the whole store does."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{_LONG_SECONDS}s'")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_IDLE_SECONDS}s'")


def in_turn(connection: Connection, lock: int) -> None:
    """Let transactions that name the same lock come one after the other; on SQLite all do."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def _begin_writing(connection: Connection, patience: float, where: str, file: Path | None) -> None:
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
                    raise sqlite_error(error, where, file) from error
                if time.monotonic() > end:
                    raise busy(patience) from error
            tries += 1
            time.sleep(random.uniform(0.0, min(_LONGEST_NAP, tries / 1000)))
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _sqlite_engine(url: URL, file: Path) -> Engine:
    address = f"{file.as_uri()}?mode=rw"  # never makes a new file in the place of a lost one

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, BUSY_SECONDS, check_same_thread=False, uri=True)

    engine = create_engine(url, hide_parameters=True, creator=connect, pool_timeout=BUSY_SECONDS)

    @event.listens_for(engine, "connect")
    def take_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # else the driver begins transactions, and deferred ones
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=BUSY_SECONDS,
        connect_args={name: value for name, value in _NETWORK.items() if name not in url.query},
    )

    @event.listens_for(engine, "connect")
    def take_up(connection: Any, _record: object) -> None:
        limits = {
            "lock_timeout": _LOCK_SECONDS,
            "statement_timeout": _STATEMENT_SECONDS,
            "idle_in_transaction_session_timeout": _IDLE_SECONDS,
        }
        with connection.cursor() as cursor:
            for name, seconds in limits.items():
                cursor.execute(f"SET {name} = '{seconds}s'")
        connection.commit()

    return engine
