"""Files and folders by an address: a path of this machine, or what fsspec reaches (s3://, gs://).

An address of another machine may hold a password; only `shown` goes into sentences.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from aqfusion.errors import InputError
from aqfusion.io.atomic_files import new_file

__all__ = [
    "AddressError",
    "FileAddress",
    "FileEntry",
    "package_sentence",
    "storage_reason",
    "without_password",
]

_LOCAL = "file://"
# What tells of a file whether it was changed, by the names that kinds of storage have for it.
_CHANGES = ("mtime", "etag", "lastmodified", "last_modified", "updated", "created", "generation")


class AddressError(InputError):
    """An address of an unknown kind, or that cannot be reached."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file below a folder: its path from there with slashes, and what changes when it does."""

    name: str
    state: str


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


def storage_reason(error: Exception) -> str:
    """Why a storage failed, in its own words where these cannot hold a password."""
    why = " ".join(str(error).split())[:200].rstrip(".")
    return type(error).__name__ if not why or "@" in why else why  # a password comes before it


def package_sentence(what: str, address: str) -> str:
    """Say which package a kind of address needs, as fsspec knows it; `what` opens the sentence."""
    from fsspec.registry import known_implementations

    entry = known_implementations.get(address.partition("://")[0].partition("::")[0], {})
    package = str(entry.get("class", "")).partition(".")[0]
    sentence = f"{what} at {address!r} need a package that is not installed."
    if package in ("", "fsspec"):  # fsspec's own, which needs some other package
        return f"{sentence} {entry.get('err')}"
    return f"{sentence} Run: pip install {package}"


@dataclass(frozen=True)
class FileAddress:
    """A file or folder; nothing is opened before it is needed."""

    text: str

    @property
    def shown(self) -> str:
        """The address without a password."""
        return without_password(self.text)

    @property
    def path(self) -> Path | None:
        """The path, where it is one of this machine."""
        if self.text.startswith(_LOCAL):
            return Path(self.text.removeprefix(_LOCAL))
        return None if "://" in self.text or "::" in self.text else Path(self.text)

    @property
    def name(self) -> str:
        """Its last part."""
        return self.text.rstrip("/").rpartition("/")[2]

    def absolute(self) -> "FileAddress":
        """The same for a process that runs in another folder."""
        return self if self.path is None else FileAddress(str(self.path.absolute()))

    def parent(self) -> "FileAddress":
        """The folder that it lies in.

        >>> [FileAddress(text).parent().below("b").text for text in ("x/a", "s3://x/a", "s3://a")]
        ['x/b', 's3://x/b', 's3://b']
        """
        if self.path is not None:
            return FileAddress(str(self.path.parent))
        start, slash, _name = self.text.rstrip("/").rpartition("/")
        return FileAddress(start + slash if start.endswith("/") else start)

    def below(self, name: str) -> "FileAddress":
        """A file below this folder; `name` has slashes and was checked by who made it."""
        start = self.text if self.text.endswith("://") else f"{self.text.rstrip('/')}/"
        return FileAddress(start + name)

    def is_folder(self) -> bool:
        """Whether a folder is there."""
        if self.path is not None:
            return self.path.is_dir()
        with self._reaching():
            return bool(self._remote[0].isdir(self._remote[1]))

    def read(self, most: int) -> bytes:
        """The first `most` bytes; `OSError` of its own kind where there is no such file."""
        if self.path is not None:
            with self.path.open("rb") as stream:
                return stream.read(most)
        with self._reaching(), self._remote[0].open(self._remote[1], "rb") as stream:
            return bytes(stream.read(most))

    def entries(self) -> Iterator[FileEntry]:
        """All files below this folder; links to folders are not followed, a lost file is left out.

        The order is none in particular.
        """
        if self.path is not None:
            yield from _walk(self.path, "")
            return
        files, root = self._remote
        with self._reaching():
            listing: Mapping[str, Mapping[str, Any]] = files.find(root, detail=True)
        start = files._strip_protocol(root).rstrip("/") + "/"
        for full, details in listing.items():
            changes = {key.casefold(): value for key, value in details.items()}
            state = [changes.get("size"), *(changes.get(name) for name in _CHANGES)]
            yield FileEntry(full.removeprefix(start), repr(state))

    @contextmanager
    def written(self) -> Iterator[BinaryIO]:
        """Give a file to write, which is whole at the address at the end, or not there at all."""
        if self.path is not None:
            with new_file(self.path) as stream:
                yield stream
            return
        import tempfile

        files, root = self._remote
        unfinished = f"{root}.unfinished"
        with tempfile.TemporaryFile() as spool:
            yield spool
            spool.seek(0)
            with self._reaching():
                files.makedirs(root.rpartition("/")[0], exist_ok=True)
                with files.open(unfinished, "wb") as stream:
                    shutil.copyfileobj(spool, stream, 1 << 20)
                files.mv(unfinished, root)

    def remove_folder(self) -> None:
        """Delete a folder and all in it."""
        if self.path is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            return
        files, root = self._remote
        with self._reaching():
            if files.exists(root):
                files.rm(root, recursive=True)

    @cached_property
    def _remote(self) -> tuple[Any, str]:
        import fsspec  # a fifth of a second that only those pay who name another machine

        try:
            files, root = fsspec.core.url_to_fs(self.text, use_listings_cache=False)
        except ImportError as error:
            raise AddressError(package_sentence("The files", self.shown)) from error
        except ValueError as error:
            raise AddressError(
                "the address must be a path or of a kind that fsspec knows (s3://, gs://, az:// "
                f"or another), got {self.shown!r}"
            ) from error
        return files, root.rstrip("/")

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Every kind of storage has errors of its own, which tell nobody what to do."""
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, InputError):
            raise
        except Exception as error:
            raise AddressError(
                f"{self.shown} cannot be reached: {storage_reason(error)}. "
                "Check address, credentials and network."
            ) from error


def _walk(folder: Path, before: str) -> Iterator[FileEntry]:
    with os.scandir(folder) as listing:
        for entry in listing:
            name = before + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(folder / entry.name, f"{name}/")
            elif entry.is_file():
                status = entry.stat()
                yield FileEntry(name, f"{status.st_size} {status.st_mtime_ns}")
