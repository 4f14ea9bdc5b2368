"""Files that are whole or not there: what a kill -9 in the middle of writing leaves behind."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from aqfusion.errors import InputError


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, to the disk, and rename it."""
    replace_file_by(path, (content,))


def replace_file_by(path: Path, pieces: Iterable[bytes]) -> None:
    """Do what `replace_file` does with content that comes in pieces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with temporary.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder to fill, which becomes `path` at the end, or goes if that fails.

    `path` must be absent or an empty folder; else `InputError`.
    """
    if path.is_symlink() or (path.exists() and not (path.is_dir() and not any(path.iterdir()))):
        raise InputError(f"folder to write must be new or empty, got {path}")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    temporary.mkdir()
    try:
        yield temporary
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
