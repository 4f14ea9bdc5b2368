"""Reads a data folder in the layout of the public India/Nepal archive, every row checked.

Layout: `IND_and_Nep_AQI_Dataset.csv` beside `All_img/`, in the folder itself, in its
`Combined_Dataset/` or a few folders further down. `MANIFEST.csv` (sessions, groups, folds) is
optional. A cell that breaks a rule is excluded alone, a row once no cell of it remains.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from aqfusion.air.readings import Reading
from aqfusion.csv_table.errors import TableFault
from aqfusion.data.group_split import assign_folds, group_by_place_day, groups_beside
from aqfusion.data.photo_files import (
    CSV_NAME,
    MANIFEST_NAME,
    PHOTO_FOLDER,
    DataError,
    DatasetFiles,
    find_home,
)
from aqfusion.data.photo_table import PhotoRow, photo_rows
from aqfusion.data.split_manifest import Manifest, read_manifest

__all__ = [
    "CSV_NAME",
    "MANIFEST_NAME",
    "PHOTO_FOLDER",
    "READING_COLUMNS",
    "DataError",
    "DatasetRow",
    "FolderPhoto",
    "read_folder",
    "read_photos",
]

READING_COLUMNS = {
    "PM2.5": "pm25",
    "PM10": "pm10",
    "O3": "o3",
    "CO": "co",
    "SO2": "so2",
    "NO2": "no2",
}


@dataclass(frozen=True)
class DatasetRow:
    """One photo with the readings and the AQI of its session.

    `session` is a place at an hour; `group` holds sessions that must not be split (place-days,
    merged where photos are identical); `fold` is 0 to 4. The readings have no stated units in
    the public set and are read as canonical ones. `line` is its line of the table; `clock` what
    the clock of the place showed, where it is stated.
    """

    photo: Path
    place: str
    session: str
    group: str
    fold: int
    reading: Reading
    aqi: float
    line: int = field(default=0, compare=False)
    clock: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class FolderPhoto:
    """A photo to be labelled: place, session and group are `None` where they are unknown."""

    row: PhotoRow
    place: str | None
    session: str | None
    group: str | None


def read_folder(
    folder: Path,
    on_fault: Callable[[TableFault], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> tuple[DatasetRow, ...]:
    """Read all rows that have a photo, a place, a day and an AQI.

    `on_fault` is called for each excluded cell and row, and `on_note` with what
    was made of the rest. `DataError` where no row is good, or where there is no table.
    """
    log = _FaultLog(on_fault, on_note)
    home = _home(folder)
    manifest = read_manifest(home.manifest, log.fault, log.note)
    good = []
    for row in photo_rows(home, log.fault, log.note):
        entry = manifest.entry_for(row.photo)
        placed = entry is not None and entry.group is not None
        fault = _unusable(row, placed and (row.place or (entry and entry.place)) is not None)
        if fault is None:
            good.append(row)
            for wrong in row.wrong:
                log.fault(wrong)
        else:
            log.fault(_own_fault(fault, row))
    rows = _rows(good, manifest, log)
    if not rows:
        got = f"{log.faults} bad ones, the first in {log.first}" if log.first else "none"
        raise DataError(f"{home.table.name} must have at least one good row, got {got}")
    return rows


def read_photos(
    folder: Path, on_fault: Callable[[TableFault], None], on_note: Callable[[str], None]
) -> tuple[FolderPhoto, ...]:
    """Read all rows that have a photo, to be labelled; `DataError` where there is no table."""
    log = _FaultLog(on_fault, on_note)
    home = _home(folder)
    manifest = read_manifest(home.manifest, log.fault, log.note)
    rows = []
    for row in photo_rows(home, log.fault, log.note):
        for wrong in row.wrong:
            log.fault(wrong)
        rows.append(row)
    dated = [row for row in rows if row.day is not None]
    groups = dict(zip((row.photo for row in dated), _groups(dated, manifest, log), strict=True))
    photos = []
    for row in rows:
        entry = manifest.entry_for(row.photo)
        place = (entry and entry.place) or row.place
        group = groups.get(row.photo) or (entry and entry.group) or place
        photos.append(FolderPhoto(row, place, (entry and entry.session) or row.session, group))
    return tuple(photos)


class _FaultLog:
    """Passes faults and notes on, and counts faults for the error that no row was good."""

    def __init__(
        self, on_fault: Callable[[TableFault], None] | None, on_note: Callable[[str], None] | None
    ) -> None:
        self.faults = 0
        self.first: TableFault | None = None
        self._on_fault, self.note = on_fault, on_note or (lambda sentence: None)

    def fault(self, fault: TableFault) -> None:
        if not fault.row_kept:
            self.faults += 1
            self.first = self.first or fault
        if self._on_fault is not None:
            self._on_fault(fault)


def _home(folder: Path) -> DatasetFiles:
    if not folder.is_dir():
        raise DataError(f"data folder must exist, got {folder}", public="data folder must exist")
    home = find_home(folder)
    if home is None:
        rule = f"data folder must hold {CSV_NAME} (or Combined_Dataset/)"
        raise DataError(f"{rule}, got {folder}", public=rule)
    return home


def _unusable(row: PhotoRow, placed: bool) -> TableFault | None:
    """Return the fault that makes a row unusable for training; a manifest may have placed it."""
    if row.aqi is None:
        return TableFault(row.line, "AQI", "must be a number from 0 to 500", "")
    if placed:
        return None
    if row.place is None:
        return TableFault(row.line, "Location", "must be given", "")
    if row.day is None:
        return TableFault(row.line, "Day", "must be known by Year, Month and Day", "")
    return None


def _own_fault(fault: TableFault, row: PhotoRow) -> TableFault:
    """Return what the row's own cell broke, where that is why."""
    of_day = {"year", "month", "day"}
    names = of_day if fault.column == "Day" else {fault.column.casefold()}
    own = (wrong for wrong in row.wrong if wrong.column.casefold() in names)
    return replace(next(own, fault), row_kept=False)


def _rows(good: Sequence[PhotoRow], manifest: Manifest, log: _FaultLog) -> tuple[DatasetRow, ...]:
    groups = _groups(good, manifest, log)
    kept = [(row, group) for row, group in zip(good, groups, strict=True) if group is not None]
    entries = [manifest.entry_for(row.photo) for row, _ in kept]
    places = [
        (entry and entry.place) or row.place or ""
        for (row, _), entry in zip(kept, entries, strict=True)
    ]
    folds = assign_folds([group for _, group in kept], places, manifest.folds)
    return tuple(
        DatasetRow(
            row.photo,
            place,
            (entry and entry.session) or row.session or f"{place}|{row.photo.name}",
            group,
            folds[group],
            row.reading,
            row.aqi if row.aqi is not None else float("nan"),
            row.line,
            row.clock,
        )
        for (row, group), place, entry in zip(kept, places, entries, strict=True)
    )


def _groups(rows: Sequence[PhotoRow], manifest: Manifest, log: _FaultLog) -> list[str | None]:
    """Name each row's group; `None` where it belongs to several groups of the manifest."""
    entries = [manifest.entry_for(row.photo) for row in rows]
    sessions = [
        (entry and entry.session) or row.session or str(row.photo)
        for row, entry in zip(rows, entries, strict=True)
    ]
    days = [row.day or f"{row.place}|{row.photo.name}" for row in rows]
    photos = [row.photo for row in rows]
    if not manifest.has_groups:
        return [*group_by_place_day(sessions, days, photos)]
    fixed = [entry.group if entry is not None else None for entry in entries]
    unlisted = [row for row, group in zip(rows, fixed, strict=True) if group is None]
    if not unlisted:
        return [*fixed]
    log.note(
        f"{MANIFEST_NAME} has no group for {_count(unlisted)}: "
        "each is in the group of its place and day"
    )
    groups = groups_beside(fixed, sessions, days, photos)
    for row, group in zip(rows, groups, strict=True):
        if group is None:
            rule = f"must belong to one group of {MANIFEST_NAME}, but resembles photos of several"
            log.fault(TableFault(row.line, "Filename", rule, row.photo.name))
    return groups


def _count(rows: Iterable[PhotoRow]) -> str:
    names = [row.photo.name for row in rows]
    return f"{len(names)} photo{'s' * (len(names) != 1)} (the first is {names[0]!r})"
