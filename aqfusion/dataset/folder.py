"""Reads a data folder in the layout of the public India/Nepal archive, every row checked.

Layout: `IND_and_Nep_AQI_Dataset.csv` beside `All_img/`, in the folder itself or in its
`Combined_Dataset/`. `MANIFEST.csv` (sessions, groups, folds) is optional in the same places.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aqfusion.air.sensors import Reading
from aqfusion.dataset.grouping import FOLDS, assign_folds, group_by_place_day
from aqfusion.errors import InputError

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


class DataError(InputError):
    """A data folder that cannot be used: the message names file, row, column, rule and value."""


@dataclass(frozen=True)
class Row:
    """One photo with the readings and the AQI of its session.

    `session` is a place at an hour; `group` holds sessions that must not be split (place-days,
    merged where photos are identical); `fold` is 0 to 4. The readings have no stated units in
    the public set and are taken as canonical ones.
    """

    photo: Path
    place: str
    session: str
    group: str
    fold: int
    reading: Reading
    aqi: float


def read_folder(folder: Path) -> tuple[Row, ...]:
    """Read every row; anything wrong raises `DataError`, nothing is skipped."""
    if not folder.is_dir():
        raise DataError(f"data folder must exist, got {folder}")
    home = folder if (folder / CSV_NAME).is_file() else folder / "Combined_Dataset"
    table = home / CSV_NAME
    if not table.is_file():
        raise DataError(f"data folder must hold {CSV_NAME} (or Combined_Dataset/), got {folder}")
    photos = home / PHOTO_FOLDER
    if not photos.is_dir():
        raise DataError(f"data folder must hold {PHOTO_FOLDER}/ beside {CSV_NAME}, got {home}")
    rows = tuple(_rows(table, photos))
    if not rows:
        raise DataError(f"{table.name} must have at least one row, got none")
    manifest = next((p for p in (folder, home) if (p / MANIFEST_NAME).is_file()), None)
    if manifest is not None:
        return _with_manifest(rows, manifest / MANIFEST_NAME)
    groups = group_by_place_day(
        [row.session for row in rows], [row.group for row in rows], [row.photo for row in rows]
    )
    folds = assign_folds(groups, [row.place for row in rows])
    return tuple(
        Row(row.photo, row.place, row.session, group, folds[group], row.reading, row.aqi)
        for row, group in zip(rows, groups, strict=True)
    )


def _rows(table: Path, photos: Path) -> Iterator[Row]:
    existing = {path.name for path in photos.iterdir() if path.is_file()}
    seen: set[str] = set()
    for where, record in _records(table, _COLUMNS):
        name = record["Filename"]
        if name != Path(name).name or name in {"", ".", ".."} or "\\" in name:
            raise DataError(f"{where}: Filename must be a plain file name, got {name!r}")
        if name not in existing:
            raise DataError(f"{where}: {PHOTO_FOLDER}/{name} must exist, and does not")
        if name in seen:
            raise DataError(f"{where}: Filename must be unique, got {name!r} again")
        seen.add(name)
        place = record["Location"].strip()
        if not place:
            raise DataError(f"{where}: Location must be given, got nothing")
        moment = [_whole(where, column, record[column]) for column in _TIME_COLUMNS[:3]]
        day = "|".join([place, *map(str, moment)])
        session = f"{day}|{record['Hour'].strip()}"
        yield Row(
            photos / name, place, session, day, 0, _reading(where, record), _aqi(where, record)
        )


def _records(table: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each data row with the words that say where it stands."""
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f"{table.name} must have the column {missing[0]}, and has not")
            for number, record in enumerate(reader, start=1):
                where = f"{table.name} row {number} (line {reader.line_num})"
                if None in record:
                    raise DataError(f"{where}: must have as many cells as the header, got more")
                yield where, record
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table.name} must be a CSV file in UTF-8: {error}") from error


def _reading(where: str, record: dict[str, str]) -> Reading:
    try:
        return Reading.of({name: record[column] for column, name in READING_COLUMNS.items()})
    except InputError as error:
        name = str(error).split()[0]  # a ReadingError opens with the pollutant
        column = next((c for c, n in READING_COLUMNS.items() if n == name), "readings")
        raise DataError(f"{where}: {column}: {error}") from error


def _aqi(where: str, record: dict[str, str]) -> float:
    try:
        aqi = float(record["AQI"])
    except ValueError:
        aqi = float("nan")
    if not 0 <= aqi <= 500:
        raise DataError(f"{where}: AQI must be a number from 0 to 500, got {record['AQI']!r}")
    return aqi


def _whole(where: str, column: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise DataError(f"{where}: {column} must be a whole number, got {text!r}") from None


def _with_manifest(rows: tuple[Row, ...], manifest: Path) -> tuple[Row, ...]:
    listed: dict[str, tuple[str, str, str, int]] = {}
    group_of: dict[str, str] = {}
    fold_of: dict[str, int] = {}
    for where, record in _records(manifest, _MANIFEST_COLUMNS):
        session, group = record["session"], record["group"]
        fold = _whole(where, "fold5", record["fold5"])
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
    return tuple(Row(row.photo, *listed[row.photo.name], row.reading, row.aqi) for row in rows)
