"""A plain folder of photos: nothing is known of them but what they show."""

import os
from pathlib import Path

from aqfusion.csv_table.fault import Fault, shortened
from aqfusion.dataset.photo_names import is_passed_over
from aqfusion.labels.imports.listing import Candidate, Listing, plain_name

__all__ = ["SUFFIXES", "list_photo_folder"]

SUFFIXES = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".heic", ".heif", ".avif")


def list_photo_folder(folder: Path) -> Listing:
    """List all photos in a folder and those below it, by name.

    Files of other kinds and links are listed as faults; hidden files are passed over.
    """
    candidates: list[Candidate] = []
    faults: list[Fault] = []
    for line, path in enumerate(_files(folder), start=1):
        name = plain_name(path.relative_to(folder).as_posix())
        if path.is_symlink():
            faults.append(Fault(line, "file", "must be no link", shortened(name)))
        elif path.suffix.casefold() not in SUFFIXES:
            rule = f"must end with {', '.join(SUFFIXES)}"
            faults.append(Fault(line, "file", rule, shortened(name)))
        else:
            candidates.append(Candidate(line=line, column="file", name=name, path=path))
    return Listing(folder.resolve().name, tuple(candidates), tuple(faults))


def _files(folder: Path) -> list[Path]:
    paths: list[Path] = []
    for base, below, names in os.walk(folder):
        links = [name for name in below if (Path(base) / name).is_symlink()]
        below[:] = [name for name in below if not is_passed_over(name) and name not in links]
        paths += (Path(base) / name for name in (*names, *links) if not is_passed_over(name))
    return sorted(paths)
