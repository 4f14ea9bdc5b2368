"""Photos of items, kept under the hash of their bytes: in a folder, or by fsspec in a bucket.

What is kept is encoded anew, so that no place, camera or name that came with a photo stays.
"""

import contextlib
import hashlib
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aqfusion.errors import InputError
from aqfusion.io.atomic_files import replace_file
from aqfusion.io.file_address import package_sentence, storage_reason, without_password
from aqfusion.labels.database import StoreError
from aqfusion.labels.store_errors import disk_sentences

if TYPE_CHECKING:
    from aqfusion.images.photo import Photo

__all__ = ["PhotoMissingError", "PhotoStore", "photos_beside"]

_QUALITY = 95
_HASH = re.compile(r"[0-9a-f]{64}")
# A photo is put before its item is written: until then nothing refers to it.
_GRACE = timedelta(hours=1)


class PhotoMissingError(InputError):
    """A photo that is not in the store, or no longer the one that was put there."""


class PhotoStore:
    """Photos by hash. The client's file name is part of no path."""

    def __init__(self, where: str) -> None:
        """Name a folder or an fsspec URL; nothing is opened before it is needed."""
        self.where = without_password(where)
        self._address = where

    def put(self, photo: "Photo") -> str:
        """Keep a photo as JPEG without metadata, whole or not at all, and return its hash."""
        return self.put_bytes(photo.to_jpeg(_QUALITY))

    def put_bytes(self, data: bytes) -> str:
        """Keep bytes as they are: those of a photo that this class has encoded once."""
        digest = hashlib.sha256(data).hexdigest()
        if self._is_fresh(digest, len(data)):
            return digest
        path = self._path(digest)
        if self._folder is not None:
            with disk_sentences("a photo"):
                replace_file(Path(path), data)
            return digest
        with self._reaching():
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, data)
        return digest

    def get(self, digest: str) -> bytes:
        """Return a photo's bytes; absent or damaged ones raise `PhotoMissingError`."""
        try:
            with self._reaching():
                data = bytes(self._files.cat_file(self._path(digest)))
        except FileNotFoundError as error:
            raise PhotoMissingError(f"Photo {digest[:12]} is missing in the store.") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise PhotoMissingError(f"Photo {digest[:12]} is damaged in the store.")
        return data

    def remove(self, digest: str) -> None:
        """Delete a photo of this hash, if there is one."""
        with contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._path(digest))

    def exists(self, digest: str) -> bool:
        """Tell whether there is a photo of this hash."""
        with self._reaching():
            return bool(self._files.exists(self._path(digest)))

    def sweep(self, needed: Collection[str], now: datetime) -> int:
        """Delete photos that are not `needed` and not just put, and return how many."""
        paths = [path for path in self._listing() if path.endswith(".jpg")]
        gone = 0
        for path in paths:
            digest = path.rpartition("/")[2].removesuffix(".jpg")
            if _HASH.fullmatch(digest) and digest not in needed and self._age(path, now) > _GRACE:
                with self._reaching():
                    self._files.rm_file(path)
                gone += 1
        return gone

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        import fsspec  # a fifth of a second that only those pay who look at photos

        try:
            files, root = fsspec.core.url_to_fs(self._address, use_listings_cache=False)
        except ImportError as error:
            raise StoreError(
                package_sentence("The photos", self.where), public=_NO_PHOTOS
            ) from error
        except ValueError as error:
            raise StoreError(
                "AQFUSION_PHOTOS must be a folder or an address of a known kind (s3://, gs://, "
                f"az:// or another of fsspec's), got {self.where!r}",
                public="AQFUSION_PHOTOS must be a folder or an address of a known kind",
            ) from error
        return files, root.rstrip("/")

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Every kind of bucket has errors of its own: without a sentence nobody can act on them."""
        try:
            yield
        except (FileNotFoundError, InputError):
            raise
        except Exception as error:
            if self._folder is not None:
                raise
            raise StoreError(
                f"The photos at {self.where!r} cannot be reached: {storage_reason(error)}. "
                "Check address, credentials and network.",
                public=_NO_PHOTOS,
            ) from error

    @property
    def _files(self) -> Any:
        return self._opened[0]

    @property
    def _folder(self) -> Path | None:
        """The folder, where it is one of this machine."""
        return Path(self._opened[1]) if "file" in _protocols(self._files) else None

    def _path(self, digest: str) -> str:
        if not _HASH.fullmatch(digest):
            raise PhotoMissingError(f"photo hash must be 64 hex digits, got {digest[:80]!r}")
        return f"{self._opened[1]}/{digest[:2]}/{digest}.jpg"

    def _listing(self) -> list[str]:
        root = self._opened[1]
        with self._reaching():
            return list(self._files.find(root)) if self._files.exists(root) else []

    def _is_fresh(self, digest: str, size: int) -> bool:
        """Tell whether a photo is there whole, and no sweep is about to take it."""
        path = self._path(digest)
        try:
            with self._reaching():
                same = self._files.size(path) == size
        except FileNotFoundError:
            return False
        return same and self._age(path, datetime.now(UTC)) < _GRACE / 2

    def _age(self, path: str, now: datetime) -> timedelta:
        with self._reaching():
            modified: datetime = self._files.modified(path)
        return now - (modified if modified.tzinfo else modified.replace(tzinfo=UTC))


_NO_PHOTOS = "the photos cannot be reached. The server's log says why"


def _protocols(files: Any) -> tuple[str, ...]:
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def photos_beside(file: Path) -> Path:
    """Return where the photos of a JSON Lines export lie."""
    return file.with_name(f"{file.stem}-photos")
