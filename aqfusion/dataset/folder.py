"""Reads a data folder in the layout of the public India/Nepal archive, every row checked.

Layout: `IND_and_Nep_AQI_Dataset.csv` beside `All_img/`, in the folder itself or in its
`Combined_Dataset/`. `MANIFEST.csv` (sessions, groups, folds) is optional in the same places.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from aqfusion.air.sensors import Reading
from aqfusion.csv_table.fault import Fault
from aqfusion.dataset.grouping import FOLDS, assign_folds, group_by_place_day
from aqfusion.dataset.records import DataError, Record, RowError, records
from aqfusion.errors import InputError

__all__ = [
    *("CSV_NAME", "MANIFEST_NAME", "PHOTO_FOLDER", "READING_COLUMNS"),
    *("DataError", "Row", "read_folder"),
]

CSV_NAME = "IND_and_Nep_AQI_Dataset.csv"
MANIFEST_NAME = "MANIFEST.csv"
PHOTO_FOLDER = "All_img"
READING_COLUMNS = {
    "PM2.5": "pm25",
    "PM10": "pm10",
    "O3": "o3",
    "CO": "co",
    "SO2": "so2",
    "NO2": "no2",
}
_TIME_COLUMNS = ("Year", "Month", "Day", "Hour")
_COLUMNS = ("Location", "Filename", *_TIME_COLUMNS, "AQI", *READING_COLUMNS)
_MANIFEST_COLUMNS = ("Filename", "Location", "session", "group", "fold5")


@dataclass(frozen=True)
class Row:
    """One photo with the readings and the AQI of its session.

    `session` is a place at an hour; `group` holds sessions that must not be split (place-days,
    merged where photos are identical); `fold` is 0 to 4. The readings have no stated units in
    the public set and are taken as canonical ones. `line` is where the table has it.
    """

    photo: Path
    place: str
    session: str
    group: str
    fold: int
    reading: Reading
    aqi: float
    line: int = field(default=0, compare=False)


def read_folder(folder: Path, on_fault: Callable[[Fault], None] | None = None) -> tuple[Row, ...]:
    """Read every row; anything wrong raises `DataError`, nothing is skipped.

    Where `on_fault` is given it hears of each bad row of the table, and the others are returned.
    """
    if not folder.is_dir():
        raise DataError(f"data folder must exist, got {folder}")
    home = folder if (folder / CSV_NAME).is_file() else folder / "Combined_Dataset"
    table = home / CSV_NAME
    if not table.is_file():
        raise DataError(f"data folder must hold {CSV_NAME} (or Combined_Dataset/), got {folder}")
    photos = home / PHOTO_FOLDER
    if not photos.is_dir():
        raise DataError(f"data folder must hold {PHOTO_FOLDER}/ beside {CSV_NAME}, got {home}")
    rows = tuple(_rows(table, photos, on_fault))
    if not rows and on_fault is None:
        raise DataError(f"{table.name} must have at least one row, got none")
    manifest = next((p for p in (folder, home) if (p / MANIFEST_NAME).is_file()), None)
    if manifest is not None:
        return _with_manifest(rows, manifest / MANIFEST_NAME)
    groups = group_by_place_day(
        [row.session for row in rows], [row.group for row in rows], [row.photo for row in rows]
    )
    folds = assign_folds(groups, [row.place for row in rows])
    return tuple(
        replace(row, group=group, fold=folds[group])
        for row, group in zip(rows, groups, strict=True)
    )


def _rows(table: Path, photos: Path, on_fault: Callable[[Fault], None] | None) -> Iterator[Row]:
    existing = {path.name for path in photos.iterdir() if path.is_file()}
    seen: set[str] = set()
    for record in records(table, _COLUMNS):
        try:
            row = _row(record, photos, existing, seen)
        except RowError as error:
            if on_fault is None:
                raise
            on_fault(error.fault)
            continue
        seen.add(row.photo.name)
        yield row


def _row(record: Record | RowError, photos: Path, existing: set[str], seen: set[str]) -> Row:
    if isinstance(record, RowError):
        raise record
    name = record["Filename"]
    if name != Path(name).name or name in {"", ".", ".."} or "\\" in name:
        raise record.error("Filename", "must be a plain file name")
    if name not in existing:
        rule = f"must be that of a file in {PHOTO_FOLDER}"
        told = f"{PHOTO_FOLDER}/{name} must exist, and does not"
        raise record.error("Filename", rule, told)
    if name in seen:
        raise record.error(
            "Filename", "must be unique", f"Filename must be unique, got {name!r} again"
        )
    place = record["Location"].strip()
    if not place:
        raise record.error("Location", "must be given", "Location must be given, got nothing")
    moment = [record.whole(column) for column in _TIME_COLUMNS[:3]]
    day = "|".join([place, *map(str, moment)])
    session = f"{day}|{record['Hour'].strip()}"
    reading, aqi = _reading(record), _aqi(record)
    return Row(photos / name, place, session, day, 0, reading, aqi, record.line)


def _reading(record: Record) -> Reading:
    try:
        return Reading.of({name: record[column] for column, name in READING_COLUMNS.items()})
    except InputError as error:
        name = str(error).split()[0]  # a ReadingError opens with the pollutant
        column = next((c for c, n in READING_COLUMNS.items() if n == name), "readings")
        rule = str(error).removeprefix(f"{name} ").partition(", got ")[0]
        raise record.error(column, rule, f"{column}: {error}") from error


def _aqi(record: Record) -> float:
    try:
        aqi = float(record["AQI"])
    except ValueError:
        aqi = float("nan")
    if not 0 <= aqi <= 500:
        raise record.error("AQI", "must be a number from 0 to 500")
    return aqi


def _with_manifest(rows: tuple[Row, ...], manifest: Path) -> tuple[Row, ...]:
    listed: dict[str, tuple[str, str, str, int]] = {}
    group_of: dict[str, str] = {}
    fold_of: dict[str, int] = {}
    for record in records(manifest, _MANIFEST_COLUMNS):
        if isinstance(record, RowError):
            raise record
        session, group = record["session"], record["group"]
        fold = record.whole("fold5")
        where = record.where
        if not 0 <= fold < FOLDS:
            raise DataError(f"{where}: fold5 must be 0 to {FOLDS - 1}, got {fold}")
        # A manifest that cuts through a session or a group would make every figure too rosy.
        if group_of.setdefault(session, group) != group:
            raise DataError(
                f"{where}: group must be one for the whole session {session!r}, "
                f"got {group!r} after {group_of[session]!r}"
            )
        if fold_of.setdefault(group, fold) != fold:
            raise DataError(
                f"{where}: fold5 must be one fold for the whole group {group!r}, "
                f"got {fold} after {fold_of[group]}"
            )
        listed[record["Filename"]] = (record["Location"], session, group, fold)
    unlisted = next((row.photo.name for row in rows if row.photo.name not in listed), None)
    if unlisted is not None:
        raise DataError(f"{manifest.name} must list every photo, {unlisted!r} is not in it")
    return tuple(_listed(row, *listed[row.photo.name]) for row in rows)


def _listed(row: Row, place: str, session: str, group: str, fold: int) -> Row:
    return replace(row, place=place, session=session, group=group, fold=fold)
