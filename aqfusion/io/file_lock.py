"""One writer at a time, across processes; a killed one's lock is gone with it.

The operating system drops the lock with the process that holds it, so that none can be stale; the
process's number in the file is for people.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aqfusion.io.temporary_files import private_folder
from aqfusion.text_validation import plain_integer

__all__ = ["holder", "locked"]

_PAUSE = 0.02  # seconds


@contextmanager
def locked(path: Path, patience: float) -> Iterator[bool]:
    """Hold the lock `path`; `False` where somebody else kept it for `patience` seconds."""
    private_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with suppress(OSError):  # another user's
            os.fchmod(handle, 0o600)
        end = time.monotonic() + patience
        while not (held := _taken(handle)) and time.monotonic() < end:
            time.sleep(_PAUSE)
        if held:
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield held
    finally:
        os.close(handle)


def holder(path: Path) -> int | None:
    """The process that holds the lock; `None` where nobody does."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        if _taken(handle, fcntl.LOCK_SH):
            return None
        text = os.pread(handle, 20, 0).decode("ascii", "replace")
        return plain_integer(text) or 0
    finally:
        os.close(handle)


def _taken(handle: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
