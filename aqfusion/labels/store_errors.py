"""What goes wrong between the program and its label store, as sentences for people."""

import contextlib
import errno
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from aqfusion.errors import InputError

__all__ = [
    *(
        "BUSY_SECONDS",
        "DISK_FULL",
        "NO_ANSWER",
        "PASSING",
        "StoreError",
        "StoreFullError",
        "TryAgainError",
    ),
    *("as_sentences", "busy", "disk_sentences", "sqlite_error"),
]

BUSY_SECONDS = 30
# Others come in between: serialization failure, deadlock, lock not available; unique and foreign
# keys that a race broke.
PASSING = {"40001", "40P01", "55P03", "23505", "23503"}
_LATE, _DISK_FULL, _TOO_MANY = "57014", "53100", "53300"  # sqlstates of PostgreSQL
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ROOM = 1_000_000  # bytes: SQLite needs some pages and 32 kB beside its file to begin
# What a stranger reads instead of path, host and user.
NO_ANSWER = "the database does not answer. The server's log says why"
_FULL = (
    "The disk of the label store is full. Nothing was saved; what is there can still be read. "
    "Make room on the disk, then try again."
)


class StoreError(InputError):
    """A label store that cannot be opened, or is too busy to answer."""

    for_strangers = NO_ANSWER


class StoreFullError(StoreError):
    """A disk without room for what should be saved."""


class TryAgainError(StoreError):
    """An error that another try of the same transaction may well get over."""


def busy(seconds: float = BUSY_SECONDS) -> StoreError:
    """The error of a write that others left no room for."""
    return StoreError(
        f"The label store was busy for {seconds:g} s, because others were writing. Nothing was "
        "saved. Try again."
    )


@contextlib.contextmanager
def as_sentences(where: str, file: Path | None) -> Iterator[None]:
    """Turn errors of the database into `StoreError`; `file` is SQLite's."""
    try:
        yield
    except PoolTimeoutError as error:  # all connections are in use
        raise busy() from error
    except OperationalError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state in PASSING:
            raise
        if isinstance(error.orig, sqlite3.Error):
            raise sqlite_error(error.orig, where, file) from error
        if state == _DISK_FULL:
            raise StoreFullError(_FULL) from error
        if state == _LATE:
            raise StoreError(
                "The label store took too long to answer, and was not waited for. Nothing was "
                "saved. Try again."
            ) from error
        if state == _TOO_MANY:
            raise busy() from error
        lines = str(error.orig).strip().splitlines() or ["no answer"]
        raise StoreError(
            f"The database {where} cannot be used: {lines[0]}", public=NO_ANSWER
        ) from error
    except DatabaseError as error:
        if not isinstance(error.orig, sqlite3.DatabaseError) or "database" not in str(error.orig):
            raise
        raise sqlite_error(error.orig, where, file) from error


def sqlite_error(error: sqlite3.Error, where: str, file: Path | None) -> StoreError:
    """The sentence of an error of SQLite: busy, full, or what it says itself."""
    text, name = str(error), getattr(error, "sqlite_errorname", "")
    if "locked" in text or "busy" in text:
        return busy()
    # Where there is no room for its journal, SQLite speaks of I/O or of a file it cannot open.
    is_full = name == "SQLITE_FULL" or (
        name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) and _has_no_room(file)
    )
    return (
        StoreFullError(_FULL)
        if is_full
        else StoreError(f"The database {where} cannot be used: {text}", public=NO_ANSWER)
    )


@contextlib.contextmanager
def disk_sentences(what: str) -> Iterator[None]:
    """Turn errors of the disk into `StoreError`; `what` is to be written."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise StoreFullError(f"{_FULL[:-1]} ({what})." if what else _FULL) from error
        reason = error.strerror or type(error).__name__
        raise StoreError(f"{what} cannot be written: {reason}.") from error


def _has_no_room(file: Path | None) -> bool:
    try:
        return file is not None and shutil.disk_usage(file.parent).free < _NO_ROOM
    except OSError:
        return False
