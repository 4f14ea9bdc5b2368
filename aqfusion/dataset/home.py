"""The folders of a data set's table and photos, which may lie a few levels down after unzipping."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aqfusion.dataset.photo_names import is_passed_over
from aqfusion.errors import InputError

__all__ = ["CSV_NAME", "MANIFEST_NAME", "PHOTO_FOLDER", "DataError", "Home", "find_home"]

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
class Home:
    """The table, the folder of photos beside it, and the manifest where there is one."""

    table: Path
    photos: Path
    manifest: Path | None


def find_home(folder: Path) -> Home | None:
    """Find table and photos in a folder, its Combined_Dataset/ or a few folders further down.

    `None` where there is no such table; `DataError` where there are several, or no photos.
    """
    for place in (folder, folder / _INNER):
        table = _named(place, *_table_names())
        if table is not None:
            photos = _photos(place)
            if photos is None:
                rule = f"data folder must hold {PHOTO_FOLDER}/ beside {CSV_NAME}"
                raise DataError(f"{rule}, got {place}")
            return Home(table, photos, _manifest(folder, place))
    table_folders = [place for place in _below(folder) if _named(place, *_table_names())]
    homes = [place for place in table_folders if _photos(place) is not None]
    if not homes:
        return None
    if len(homes) > 1:
        got = " and ".join(str(place.relative_to(folder)) for place in homes[:2])
        raise DataError(f"data folder must hold one {CSV_NAME}, got those in {got}")
    (place,) = homes
    home_table, photos = _named(place, *_table_names()), _photos(place)
    assert home_table is not None
    assert photos is not None
    return Home(home_table, photos, _manifest(folder, place, place.parent))


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
