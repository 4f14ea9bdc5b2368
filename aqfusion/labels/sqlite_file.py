"""The file of an SQLite store: made whole, for its owner only, and an empty one is no new store."""

import contextlib
import logging
import os
import sqlite3
import stat
from pathlib import Path

from aqfusion.io.temporary_files import locked_file, private_folder, sweep_once
from aqfusion.labels.store_errors import NO_ANSWER, StoreError, disk_sentences, sqlite_error

__all__ = ["ready_file"]

_BESIDE = ("", "-wal", "-shm", "-journal")
_OTHERS = 0o077
_log = logging.getLogger(__name__)


def ready_file(path: Path) -> None:
    """Make the file where there is none, and close it to others where it is this user's.

    A file of 0 bytes, or a missing one whose journal is there, raises `StoreError`: something has
    happened to a store, and a new one in its place would hide that.
    """
    try:
        private_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"The folder {path.parent} cannot be written. Set AQFUSION_LABELS.", public=NO_ANSWER
        ) from error
    with contextlib.suppress(OSError):
        sweep_once(path.parent)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        _refuse_lost(path)
        _make(path)
    else:
        if size == 0:
            raise StoreError(
                f"The label store {path.name} is an empty file, which no store ever is: its "
                f"content is lost. {_WAY_BACK}",
                public=NO_ANSWER,
            )
    _close_to_others(path)


_WAY_BACK = (
    "Move the file and those beside it away, and restore the last backup: "
    "python -m aqfusion labels restore PATH"
)


def _refuse_lost(path: Path) -> None:
    journal = path.with_name(f"{path.name}-wal")
    with contextlib.suppress(FileNotFoundError):
        if journal.stat().st_size:
            raise StoreError(
                f"The label store {path.name} is missing, but {journal.name} is there. {_WAY_BACK}",
                public=NO_ANSWER,
            )


def _make(path: Path) -> None:
    """Make a database without tables, in one step: no other process meets an empty file."""
    with disk_sentences("the label store"), locked_file(path) as temporary:
        try:
            connection = sqlite3.connect(temporary)
            try:
                connection.execute("PRAGMA journal_mode=WAL")  # writes the first page
            finally:
                connection.close()
            with contextlib.suppress(FileExistsError):  # another process was quicker
                _put(temporary, path)
        except sqlite3.Error as error:
            raise sqlite_error(error, str(path), path) from error
        finally:
            for suffix in _BESIDE:
                temporary.with_name(f"{temporary.name}{suffix}").unlink(missing_ok=True)


def _put(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except PermissionError:  # a file system without links
        if path.exists():
            raise FileExistsError(path) from None
        temporary.rename(path)


def _close_to_others(path: Path) -> None:
    for file in (path.with_name(f"{path.name}{suffix}") for suffix in _BESIDE):
        with contextlib.suppress(FileNotFoundError):
            state = file.stat()
            if not stat.S_ISREG(state.st_mode) or not state.st_mode & _OTHERS:
                continue
            try:
                file.chmod(0o600)
            except OSError:
                _log.warning(
                    "%s can be read by others, and is not this user's to change", file.name
                )
