"""The rows of a data folder's table: photos with their cells; a bad cell costs no row."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path, PurePosixPath

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.readings import Reading
from aqfusion.csv_table.column_titles import POLLUTANT_TITLES
from aqfusion.csv_table.errors import CellError, TableFault
from aqfusion.csv_table.header import Columns, Header
from aqfusion.csv_table.reader import read_rows
from aqfusion.csv_table.typed_row import RowCells, aqi_value, is_absent, is_missing, plain_number
from aqfusion.data.photo_files import (
    PHOTO_FOLDER,
    DataError,
    DatasetFiles,
    PhotoNames,
    is_passed_over,
    path_parts,
)
from aqfusion.data.session_time import clock_time, hour_name
from aqfusion.errors import InputError
from aqfusion.time_zones import zone, zone_at

__all__ = ["MOST_BYTES", "MOST_ROWS", "PhotoRow", "photo_rows"]

MOST_BYTES = 200_000_000
MOST_ROWS = 2_000_000
LONGEST_PLACE = 180  # a group is named by it and the day, in 200 characters
_COLUMNS = Columns(
    {
        "filename": ("photo", "image", "file", "imagename", "photoname", "path"),
        "location": ("place",),
        **{name: () for name in ("year", "month", "day", "hour", "aqi")},
        **{name: POLLUTANT_TITLES[name] for name in POLLUTANTS},
        "timezone": ("tz", "timezonename"),
        "lat": ("latitude",),
        "lon": ("lng", "long", "longitude"),
    },
    required=("filename",),
)
_DATE = ("year", "month", "day")
_HIGHEST_INDEX, _BEYOND_REASON = 500, 9998
_NO_UNIT = re.compile(r"ha(s|ve) no unit in (its|their) titles?")


@dataclass(frozen=True)
class PhotoRow:
    """A photo and its row; `None` where the row has no valid value.

    `day` (place and date) and `session` (place, date and hour) name what belongs together;
    `clock` is what the clock of the place showed, `local` its zone where the table states it.
    `units_stated` is whether the table names the unit of every reading, as the public set never
    does.
    """

    photo: Path
    place: str | None
    day: str | None
    session: str | None
    clock: datetime | None
    local: tzinfo | None
    reading: Reading
    aqi: float | None
    line: int
    wrong: tuple[TableFault, ...]
    units_stated: bool


def photo_rows(
    home: DatasetFiles, on_fault: Callable[[TableFault], None], on_note: Callable[[str], None]
) -> Iterator[PhotoRow]:
    """Read each row that names a photo; rows that name none are passed to `on_fault`.

    A table that cannot be split into rows raises `DataError`.
    """
    name = home.table.name
    try:
        with home.table.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        header, rows = read_rows(content, _COLUMNS, MOST_BYTES, MOST_ROWS)
        files = PhotoNames(
            path.name for path in home.photos.iterdir() if not is_passed_over(path.name)
        )
        seen: set[str] = set()
        for line, cells in rows:
            if isinstance(cells, TableFault):
                on_fault(cells)
                continue
            row = RowCells(header, line, cells)
            photo = row.take("filename", partial(_photo, home.photos, files, seen), 1000)
            if photo is None:
                for fault in row.faults:
                    on_fault(fault)
                continue
            seen.add(photo.name)
            yield _row(row, header, line, photo)
    except DataError:
        raise
    except InputError as error:
        raise DataError(f"{name}: {error}") from error
    for sentence in header.notes.sentences():
        if not _NO_UNIT.search(sentence):  # which the public set never has
            on_note(f"{name}: {sentence}")


def _photo(folder: Path, files: PhotoNames, seen: set[str], text: str) -> Path:
    parts = path_parts(text) if not is_absent(text) else ()
    # The table may name the folder that the photos lie in.
    if not parts or (len(parts) > 1 and parts[-2].casefold() != folder.name.casefold()):
        raise CellError("must be a plain file name")
    name = files.find(PurePosixPath(*parts).name)
    if name is None or not (folder / name).is_file():
        raise CellError(f"must be that of a file in {PHOTO_FOLDER}")
    if name in seen:
        raise CellError("must be unique")
    return folder / name


def _row(row: RowCells, header: Header, line: int, photo: Path) -> PhotoRow:
    place = row.optional("location", _place, LONGEST_PLACE)
    date = _date(row)
    clock: datetime | None = None
    hour = row.text("hour")
    if date is not None and date[0] > 0 and not is_absent(hour):
        clock = row.optional("hour", partial(clock_time, *date))
    day = session = None
    if place is not None and date is not None:
        if clock is not None:
            date = clock.year, clock.month, clock.day  # 24:00 is of the next day
        day = "|".join([place, *map(str, date)])
        session = f"{day}|{hour_name(clock) if clock else hour}"
    aqi = row.optional("aqi", partial(_aqi, header, line))
    reading = row.reading()
    local = _zone(row)
    return PhotoRow(
        *(photo, place, day, session, clock, local, reading, aqi, line),
        wrong=row.kept(),
        units_stated=all(map(header.states_unit, reading.present)),
    )


def _place(text: str) -> str:
    if is_absent(text):
        raise CellError("must be given")
    return text


def _date(row: RowCells) -> tuple[int, int, int] | None:
    """Return year, month and day; all of them 0 where unknown, as our exports write it."""
    parts = [row.optional(name, _whole) for name in _DATE]
    if None in parts:
        return None
    year, month, day = (part or 0 for part in parts)
    if year == month == day == 0:
        return 0, 0, 0
    return row.optional("day", lambda _text: _existing(year, month, day))


def _existing(year: int, month: int, day: int) -> tuple[int, int, int]:
    try:
        if year < 1970:
            raise CellError("must be of a year from 1970 on")
        datetime(year, month, day)
    except ValueError:
        raise CellError(f"must be a day of month {month} of {year}") from None
    return year, month, day


def _whole(text: str) -> int:
    try:
        number = -1.0 if is_missing(text) else plain_number(text)
    except CellError:
        number = -1.0
    if number != int(number) or not 0 <= number < 10_000:
        raise CellError("must be a whole number")
    return int(number)


def _aqi(header: Header, line: int, text: str) -> float | None:
    if is_missing(text, _BEYOND_REASON):
        return None
    try:
        aqi = plain_number(text, header.decimal_comma)
    except CellError:
        try:
            rounded, note = aqi_value(text)  # which knows an index with its category behind it
        except CellError:
            raise CellError("must be a number from 0 to 500") from None
        if note:
            header.notes.add(f"{header.title('aqi')} {note}", line)
        return rounded
    if not 0 <= aqi <= _BEYOND_REASON:
        raise CellError("must be a number from 0 to 500")
    if aqi > _HIGHEST_INDEX:
        note = f"is above the index and kept as {_HIGHEST_INDEX}"
        header.notes.add(f"{header.title('aqi')} {note}", line)
        return float(_HIGHEST_INDEX)
    return aqi


def _zone(row: RowCells) -> tzinfo | None:
    """Return the zone that a row states, else that of its coordinates."""
    text = row.text("timezone")
    if not is_absent(text):
        return row.optional("timezone", zone)
    if is_absent(row.text("lat")) or is_absent(row.text("lon")):
        return None
    lat = row.optional("lat", partial(_degrees, 90))
    lon = row.optional("lon", partial(_degrees, 180))
    return None if lat is None or lon is None else zone_at(lat, lon)


def _degrees(most: int, text: str) -> float:
    degrees = plain_number(text)
    if abs(degrees) > most:
        raise CellError(f"must be -{most} to {most}")
    return degrees
