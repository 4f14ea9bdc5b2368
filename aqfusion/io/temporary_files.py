"""Temporary files and folders that a killed process cannot leave for good, for their owner only.

Whoever writes one holds its lock, which the operating system drops with the process: so a sweep
sees what nobody writes any more, without a clock or a process number. Locks of another machine
may not be seen on a shared disk: its files count as left behind only after a day.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import socket
import stat
import tempfile
import threading
import time
import uuid
import weakref
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = [
    "TemporaryFolder",
    "locked_file",
    "locked_folder",
    "private_folder",
    "renamed_aside",
    "sweep",
    "sweep_once",
    "temporary_name",
]

_OURS = re.compile(r"(?:\.(?P<name>.+)|aqfusion)-(?P<host>[0-9a-f]{8})-[0-9a-f]{32}\.(?:tmp|old)")
# What versions of before this file left: no lock was held on it.
_EARLIER = re.compile(
    r"\..+-[0-9a-f]{32}|\.building-gone-.+|\.working-[a-z0-9_]{8}|aqfusion-[a-z0-9_]{8}"
)
_DAY = 86_400.0  # seconds
_LONGEST_NAME = 180  # bytes, of the 255 that file systems allow, are left to the file's own name
_MOST_FOLDERS = 10_000
_swept: set[str] = set()
_sweeping = threading.Lock()


def temporary_name(path: Path, kind: str = "tmp") -> Path:
    """Return a name in the same folder that no other process draws."""
    own = path.name.encode()[:_LONGEST_NAME].decode("utf-8", "ignore")
    return path.with_name(f".{own}-{_host()}-{uuid.uuid4().hex}.{kind}")


@contextlib.contextmanager
def locked_file(path: Path) -> Iterator[Path]:
    """Make an empty temporary file beside `path`, locked until the end, for its owner only."""
    while True:
        temporary = temporary_name(path)
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if _is_held(handle, temporary):
                os.fchmod(handle, 0o600)  # whatever the umask is
                yield temporary
                return
        finally:
            os.close(handle)


@contextlib.contextmanager
def locked_folder(path: Path) -> Iterator[Path]:
    """Make an empty temporary folder beside `path`, locked until the end."""
    while True:
        temporary = temporary_name(path)
        private_folder(temporary)
        handle = os.open(temporary, os.O_RDONLY)
        try:
            if _is_held(handle, temporary):
                yield temporary
                return
        finally:
            os.close(handle)


@contextlib.contextmanager
def renamed_aside(path: Path) -> Iterator[Path]:
    """Give a folder another name beside its own until the end, then delete it.

    A sweep gives it back its own name where the process was killed before that was taken.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        aside = temporary_name(path, "old")
        path.rename(aside)
        try:
            yield aside
        except OSError:
            aside.rename(path)
            raise
        shutil.rmtree(aside)
    finally:
        os.close(handle)


class TemporaryFolder:
    """A folder of the system's for temporary files, or in `parent`, until `cleanup` or the end."""

    def __init__(self, parent: Path | None = None) -> None:
        """Make it."""
        while True:
            name = f"aqfusion-{_host()}-{uuid.uuid4().hex}.tmp"
            path = Path(tempfile.gettempdir() if parent is None else parent) / name
            private_folder(path)
            handle = os.open(path, os.O_RDONLY)
            if _is_held(handle, path):
                break
            os.close(handle)
        self.path = path
        self._end = weakref.finalize(self, _end_folder, path, handle)

    def __enter__(self) -> Path:
        """Give the path."""
        return self.path

    def __exit__(self, *_error: object) -> None:
        """Delete it."""
        self.cleanup()

    def cleanup(self) -> None:
        """Delete it; again does nothing more."""
        self._end()


def _end_folder(path: Path, handle: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(handle)


def private_folder(path: Path) -> None:
    """Make a folder and those above it that are missing, for their owner only.

    A folder that is there stays as it is: it may be meant for others too.
    """
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    if not missing and not path.is_dir():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    for folder in reversed(missing):
        try:
            folder.mkdir(0o700)
        except FileExistsError:  # another process was quicker
            if not folder.is_dir():
                raise
        else:
            folder.chmod(0o700)


def sweep_once(folder: Path) -> None:
    """Sweep a folder as the first of this process to write there."""
    with _sweeping:
        key = str(folder.absolute())
        if key in _swept:
            return
        if len(_swept) >= _MOST_FOLDERS:
            _swept.clear()
        _swept.add(key)
    sweep(folder)


def sweep(folder: Path, *, deep: bool = False) -> int:
    """Delete what killed processes left in a folder, `deep` below it too, and return how much."""
    gone = 0
    for path in _left_over(folder, deep):
        with contextlib.suppress(OSError):
            gone += _remove(path)
    return gone


def _left_over(folder: Path, deep: bool) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        named = [n for n in (*folders, *files) if _OURS.fullmatch(n) or _EARLIER.fullmatch(n)]
        yield from (Path(place) / name for name in named)
        folders[:] = [name for name in folders if name not in named] if deep else []


def _remove(path: Path) -> bool:
    """Delete a temporary file or folder of this user that nobody holds."""
    state = path.lstat()
    is_folder = stat.S_ISDIR(state.st_mode)
    if state.st_uid != os.geteuid() or not (is_folder or stat.S_ISREG(state.st_mode)):
        return False
    match = _OURS.fullmatch(path.name)
    is_own = match is not None and match["host"] == _host()
    if not is_own and time.time() - state.st_mtime < _DAY:
        return False
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails where somebody is at work
        if match is not None and match["name"] and path.suffix == ".old":
            place = path.with_name(match["name"])
            if not os.path.lexists(place):  # killed between two renames
                path.rename(place)
                return False
        if is_folder:
            shutil.rmtree(path)
        else:
            path.unlink()
        return True
    finally:
        os.close(handle)


def _is_held(handle: int, path: Path) -> bool:
    """Lock what was just made; `False` where a sweep took it before that."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks, where a sweep cannot get one either
        return True
    try:
        return os.fstat(handle).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


@cache
def _host() -> str:
    """Eight digits that tell this machine, or this container, from others."""
    known_to_system = b""
    with contextlib.suppress(OSError):
        known_to_system = Path("/etc/machine-id").read_bytes()
    return hashlib.sha256(known_to_system + socket.gethostname().encode()).hexdigest()[:8]
