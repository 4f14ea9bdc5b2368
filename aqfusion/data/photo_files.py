r"""Find the photos that a table names, in a data folder that may lie some levels down.

Unicode is composed on Windows and taken apart on macOS, parts of a path are joined with a slash or
a backslash, case is lost, .jpg and .jpeg are one. A name that then fits several files is nobody's.
No name leads out of the folder or over a link.
"""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aqfusion.csv_table.errors import CellError
from aqfusion.errors import InputError

__all__ = [
    "CSV_NAME",
    "MANIFEST_NAME",
    "PHOTO_FOLDER",
    "DataError",
    "DatasetFiles",
    "PhotoNames",
    "PhotoTree",
    "find_home",
    "is_passed_over",
    "path_parts",
]

BELOW = "must be a path below the folder of this file"
MOST_FILES = 200_000  # that are looked through for a file in another folder
DEEPEST = 8
_OF_SYSTEMS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "$recycle.bin"}
_ONE_SUFFIX = {".jpeg": ".jpg", ".jpe": ".jpg", ".jfif": ".jpg"}


def is_passed_over(name: str) -> bool:
    """Return whether a file or folder is the system's or hidden, not a person's.

    >>> [is_passed_over(name) for name in ("._a.jpg", "Thumbs.db", "__MACOSX", "a.jpg")]
    [True, True, True, False]
    """
    return name.startswith(".") or name.casefold() in _OF_SYSTEMS


def path_parts(text: str) -> tuple[str, ...]:
    r"""Take a path apart; one that leads anywhere but below raises `CellError`.

    >>> path_parts(".\\img\\a.jpg"), path_parts("img//a.jpg ")
    (('img', 'a.jpg'), ('img', 'a.jpg'))
    """
    plain = text.replace("\\", "/")
    drive = len(plain) > 1 and plain[1] == ":" and plain[0].isalpha()
    parts = tuple(part.strip() for part in plain.split("/"))
    if plain.startswith("/") or drive or ".." in parts or "\0" in plain:
        raise CellError(BELOW)
    kept = tuple(part for part in parts if part not in {"", "."})
    if not kept:
        raise CellError("must be the path of a photo")
    return kept


class PhotoNames:
    """The names in one folder, looked up as exactly as they are given and then less so."""

    def __init__(self, names: Iterable[str]) -> None:
        """Keep the names of files, without folders."""
        self._names = frozenset(names)

    def find(self, text: str) -> str | None:
        """Return the one name that a text means, `None` where there is none.

        Where several match, it raises `CellError`.
        """
        if text in self._names:
            return text
        for index, key in zip(self._indexes, _keys(text), strict=True):
            matches = index.get(key, ())
            if len(matches) > 1:
                first, second, *_ = sorted(matches)
                raise CellError(f"must mean one file, but fits {first!r} and {second!r}")
            if matches:
                return matches[0]
        return None

    @cached_property
    def _indexes(self) -> tuple[dict[str, list[str]], ...]:
        indexes: tuple[dict[str, list[str]], ...] = tuple(defaultdict(list) for _ in range(3))
        for name in self._names:
            for index, key in zip(indexes, _keys(name), strict=True):
                index[key].append(name)
        return indexes


class PhotoTree:
    """The photos below a table's folder, listed once where a table names them."""

    def __init__(self, folder: Path) -> None:
        """Begin without reading anything."""
        self._folder = folder
        self._below: dict[Path, PhotoNames] = {}

    def find(self, text: str) -> Path:
        """Return the file that a table means, or raise `CellError`.

        One that is in no such folder may be in another below: where that is one alone, it is
        meant, as zips are taken apart into folders of their own.
        """
        parts = path_parts(text)
        if "\\" in text and self._names(self._folder).find(text) == text:  # a zip made it so
            return self._checked(self._folder / text)
        path = self._folder
        for part in parts:
            name = self._names(path).find(part)
            if name is None:
                return self._elsewhere(parts)
            path = self._checked(path / name)
        return path

    @staticmethod
    def _checked(path: Path) -> Path:
        if path.is_symlink():
            raise CellError("must not lead through a link")
        return path

    def _names(self, folder: Path) -> PhotoNames:
        if folder not in self._below:
            try:
                self._below[folder] = PhotoNames(entry.name for entry in os.scandir(folder))
            except OSError:
                self._below[folder] = PhotoNames(())
        return self._below[folder]

    def _elsewhere(self, parts: tuple[str, ...]) -> Path:
        wanted = _keys("/".join(parts))
        for index, key in zip(self._everywhere, wanted, strict=True):
            matches = index.get(key, ())
            if len(matches) > 1:
                first, second = (path.relative_to(self._folder).as_posix() for path in matches[:2])
                raise CellError(f"must mean one file, but fits {first!r} and {second!r}")
            if matches:
                return matches[0]
        raise CellError("must be that of a file below the folder of this file")

    @cached_property
    def _everywhere(self) -> tuple[dict[str, list[Path]], ...]:
        """All files below by each end of their path, without links."""
        indexes: tuple[dict[str, list[Path]], ...] = tuple(defaultdict(list) for _ in range(3))
        count = 0
        for base, folders, names in os.walk(self._folder):
            here = Path(base)
            depth = len(here.relative_to(self._folder).parts)
            folders[:] = sorted(
                name
                for name in folders
                if depth < DEEPEST and not is_passed_over(name) and not (here / name).is_symlink()
            )
            for name in sorted(names):
                path = here / name
                count += 1
                if count > MOST_FILES:
                    return indexes
                if is_passed_over(name) or path.is_symlink():
                    continue
                own = path.relative_to(self._folder).parts
                for start in range(1, len(own)):
                    for index, key in zip(indexes, _keys("/".join(own[start:])), strict=True):
                        index[key].append(path)
        return indexes


def _keys(name: str) -> tuple[str, str, str]:
    """Return a name as it is compared: composed, then without case, then with one ending."""
    plain = unicodedata.normalize("NFC", name.strip())
    folded = unicodedata.normalize("NFC", plain.casefold())
    stem, dot, ending = folded.rpartition(".")
    return plain, folded, stem + _ONE_SUFFIX.get(dot + ending, dot + ending)


CSV_NAME = "IND_and_Nep_AQI_Dataset.csv"
MANIFEST_NAME = "MANIFEST.csv"
PHOTO_FOLDER = "All_img"
_INNER = "Combined_Dataset"
_DEEPEST = 4
_MOST_FOLDERS = 2000
_TABLES = (".csv", ".xlsx")  # a spreadsheet program may have saved the table as its own


class DataError(InputError):
    """A data folder that cannot be used: the message names file, row, column, rule and value."""


@dataclass(frozen=True)
class DatasetFiles:
    """The table, the folder of photos beside it, and the manifest where there is one."""

    table: Path
    photos: Path
    manifest: Path | None


def find_home(folder: Path) -> DatasetFiles | None:
    """Find table and photos in a folder, its Combined_Dataset/ or a few folders further down.

    `None` where there is no such table; `DataError` where there are several, or no photos.
    """
    for place in (folder, folder / _INNER):
        table = _named(place, *_table_names())
        if table is not None:
            photos = _photos(place)
            if photos is None:
                rule = f"data folder must hold {PHOTO_FOLDER}/ beside {CSV_NAME}"
                raise DataError(f"{rule}, got {place}", public=rule)
            return DatasetFiles(table, photos, _manifest(folder, place))
    table_folders = [place for place in _below(folder) if _named(place, *_table_names())]
    homes = [place for place in table_folders if _photos(place) is not None]
    if not homes:
        return None
    if len(homes) > 1:
        got = " and ".join(str(place.relative_to(folder)) for place in homes[:2])
        rule = f"data folder must hold one {CSV_NAME}"
        raise DataError(f"{rule}, got those in {got}", public=f"{rule}, got several")
    (place,) = homes
    home_table, photos = _named(place, *_table_names()), _photos(place)
    assert home_table is not None
    assert photos is not None
    return DatasetFiles(home_table, photos, _manifest(folder, place, place.parent))


def _table_names() -> tuple[str, ...]:
    stem = CSV_NAME.rpartition(".")[0]
    return tuple(stem + ending for ending in _TABLES)


def _photos(place: Path) -> Path | None:
    photo_folder = _named(place, PHOTO_FOLDER, folder=True)
    return photo_folder if photo_folder is not None and photo_folder.is_dir() else None


def _manifest(*places: Path) -> Path | None:
    return next((path for place in places if (path := _named(place, MANIFEST_NAME))), None)


def _named(place: Path, *names: str, folder: bool = False) -> Path | None:
    """Return what has one of these names in a folder, in any case, an exact one first."""
    is_right = Path.is_dir if folder else Path.is_file
    for name in names:
        if is_right(place / name):
            return place / name
        try:
            entries = sorted(path.name for path in place.iterdir())
        except OSError:
            return None
        for entry in entries:
            if entry.casefold() == name.casefold() and is_right(place / entry):
                return place / entry
    return None


def _below(folder: Path) -> Iterator[Path]:
    """Go through the folders below, without links and the photos' own ones."""
    for count, (base, folders, _) in enumerate(os.walk(folder)):
        here = Path(base)
        if count >= _MOST_FOLDERS:
            return
        yield here
        deep = len(here.relative_to(folder).parts)
        folders[:] = sorted(
            name
            for name in folders
            if deep < _DEEPEST
            and not is_passed_over(name)
            and name.casefold() != PHOTO_FOLDER.casefold()
            and not (here / name).is_symlink()
        )
