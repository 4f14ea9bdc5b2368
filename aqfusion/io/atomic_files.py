"""Files and folders that are whole or not there: what a kill -9 amid writing leaves behind."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from aqfusion.errors import InputError


def replace_file(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file as `new_file` does."""
    replace_file_by(path, (content,), sync=sync)


def replace_file_by(path: Path, pieces: Iterable[bytes], *, sync: bool = True) -> None:
    """Write a file as `new_file` does, from content that comes in pieces."""
    with new_file(path, sync=sync) as file:
        for piece in pieces:
            file.write(piece)


@contextlib.contextmanager
def new_file(path: Path, *, mode: int = 0o666, sync: bool = True) -> Iterator[BinaryIO]:
    """Give a temporary file to write, which becomes `path` at the end, or goes if that fails.

    Without `sync` it does not wait for the disk: after a power cut the file may be damaged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path)
    try:
        temporary.touch(mode, exist_ok=False)
        with temporary.open("r+b") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a temporary folder to fill, which becomes `path` at the end, or goes if that fails.

    `path` must be absent or an empty folder, else `InputError`; with `replace` a folder that is
    there is deleted once the new one is complete.
    """
    empty = path.is_dir() and not any(path.iterdir())
    if not replace and (path.is_symlink() or (path.exists() and not empty)):
        raise InputError(f"folder to write must be new or empty, got {path}")
    with unfinished_folder(_beside(path)) as temporary:
        yield temporary
        put_in_place(temporary, path)


@contextlib.contextmanager
def unfinished_folder(path: Path) -> Iterator[Path]:
    """Make a folder that is deleted at the end, unless `put_in_place` has moved it."""
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def put_in_place(folder: Path, path: Path) -> None:
    """Rename a complete folder to `path`, on the same disk, and delete the folder there before."""
    for part in (*folder.rglob("*"), folder):
        _to_disk(part)
    if path.is_dir() and any(path.iterdir()):
        old = _beside(path)
        path.rename(old)
        try:
            folder.rename(path)
        except OSError:
            old.rename(path)
            raise
        shutil.rmtree(old)
    else:
        folder.rename(path)
    _to_disk(path.parent)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}-{uuid.uuid4().hex}")


def _to_disk(path: Path) -> None:
    with contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext():
        handle = os.open(path, os.O_RDONLY)  # not every file system syncs a folder
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
