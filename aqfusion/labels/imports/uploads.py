"""Files from a browser: they lie under numbers, and their names are only looked up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from aqfusion.csv_table.fault import CellError, Fault, shortened
from aqfusion.dataset.photo_names import PhotoNames, path_parts
from aqfusion.labels.imports.intake import SourceError
from aqfusion.labels.imports.listing import Candidate, Listing, plain_name
from aqfusion.labels.imports.photo_csv import TABLES, list_photo_rows

__all__ = ["Upload", "list_uploads"]


@dataclass(frozen=True)
class Upload:
    """A file as its sender calls it, and where it lies."""

    name: str
    path: Path

    @property
    def is_table(self) -> bool:
        """Whether it lists photos and is none."""
        return PurePosixPath(self.name).suffix.casefold() in TABLES


def list_uploads(uploads: Sequence[Upload], now: datetime) -> Listing:
    """List photos, alone or with one table that tells of them; else `SourceError`.

    A photo that the table does not name does not come in, and is listed as a fault.
    """
    tables = [upload for upload in uploads if upload.is_table]
    photos = [upload for upload in uploads if not upload.is_table]
    if len(tables) > 1:
        raise SourceError(f"import must have one table or none, got {len(tables)}")
    if not photos:
        raise SourceError("import must have a photo, got none")
    if not tables:
        candidates = (
            Candidate(line=line, column="file", name=plain_name(photo.name), path=photo.path)
            for line, photo in enumerate(photos, start=1)
        )
        return Listing("upload", tuple(candidates))
    paths = {PurePosixPath(photo.name.replace("\\", "/")).name: photo.path for photo in photos}
    if len(paths) < len(photos):
        raise SourceError("photos must have different names where a table tells of them")
    named: set[str] = set()
    names = PhotoNames(paths)
    table = tables[0]
    listing = list_photo_rows(
        table.path.read_bytes(),
        plain_name(table.name),
        lambda text: paths[_find(names, text, named)],
        now,
    )
    left = (
        Fault(0, "file", "must be named in the table", shortened(photo.name))
        for photo in photos
        if PurePosixPath(photo.name.replace("\\", "/")).name not in named
    )
    return Listing(
        listing.name, listing.candidates, (*listing.faults, *left), listing.ignored, listing.notes
    )


def _find(names: PhotoNames, text: str, named: set[str]) -> str:
    # A browser tells a file's last name only.
    name = names.find(path_parts(text)[-1])
    if name is None:
        raise CellError("must be one of the photos that came with the table")
    named.add(name)
    return name
