"""Files and folders that are whole or not there: what a kill -9 amid writing leaves behind."""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from aqfusion.errors import InputError
from aqfusion.io.temporary_files import (
    locked_file,
    locked_folder,
    private_folder,
    renamed_aside,
    sweep_once,
)


def replace_file(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file as `new_file` does."""
    replace_file_by(path, (content,), sync=sync)


def replace_file_by(path: Path, pieces: Iterable[bytes], *, sync: bool = True) -> None:
    """Write a file as `new_file` does, from content that comes in pieces."""
    with new_file(path, sync=sync) as file:
        for piece in pieces:
            file.write(piece)


@contextlib.contextmanager
def new_file(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """Give a temporary file to write, which becomes `path` at the end, or goes if that fails.

    It is for its owner only, and so are folders that had to be made. Without `sync` it does not
    wait for the disk: after a power cut the file may be damaged.
    """
    private_folder(path.parent)
    sweep_once(path.parent)
    with locked_file(path) as temporary:
        try:
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
    with unfinished_folder(path) as temporary:
        yield temporary
        put_in_place(temporary, path)


@contextlib.contextmanager
def unfinished_folder(path: Path) -> Iterator[Path]:
    """Make a folder beside `path` that is deleted at the end, unless `put_in_place` moved it."""
    private_folder(path.parent)
    sweep_once(path.parent)
    with locked_folder(path) as temporary:
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def put_in_place(folder: Path, path: Path) -> None:
    """Rename a complete folder to `path`, on the same disk, and delete the folder there before.

    It is for its owner only then, whatever wrote its files.
    """
    for part in (*folder.rglob("*"), folder):
        if not part.is_symlink():
            part.chmod(0o700 if part.is_dir() else 0o600)
        _to_disk(part)
    if path.is_dir() and any(path.iterdir()):
        with renamed_aside(path):
            folder.rename(path)
    else:
        folder.rename(path)
    _to_disk(path.parent)


def _to_disk(path: Path) -> None:
    with contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext():
        handle = os.open(path, os.O_RDONLY)  # not every file system syncs a folder
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
