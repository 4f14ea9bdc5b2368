"""Photos beside an export, named by their hash."""

from collections.abc import Callable, Iterable
from pathlib import Path

from aqfusion.files import replace_file
from aqfusion.labels.photo_store import PhotoMissingError, PhotoStore

__all__ = ["copy_photos", "photo_name"]

_STEP = 500


def photo_name(digest: str) -> str:
    """The file name of a photo."""
    return f"{digest}.jpg"


def copy_photos(
    photos: PhotoStore,
    digests: Iterable[str],
    folder: Path,
    report: Callable[[str], None] | None = None,
) -> tuple[str, ...]:
    """Copy each photo that is not there yet, and return the hashes of those that are missing."""
    missing: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    for done, digest in enumerate(sorted({*digests}), start=1):
        target = folder / photo_name(digest)
        if not target.exists():
            try:
                replace_file(target, photos.get(digest))
            except PhotoMissingError:
                missing.append(digest)
        if report is not None and not done % _STEP:
            report(f"{done} photos copied")
    return tuple(missing)
