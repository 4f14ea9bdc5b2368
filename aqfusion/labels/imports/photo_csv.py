"""A CSV file that lists photos: good rows are candidates, bad rows are listed.

The first line holds the titles: `photo` is required; the six pollutants, `place`, `time`,
`timezone`, `aqi`, `gold`, `licence` and `units_stated` are not. `aqi` is a label that may be wrong,
`gold` an AQI that is known. Photos lie below the file's own folder.

Units: ug/m3, CO mg/m3; another one stands in the title, as in `o3 (ppb)`, for the whole column.
A `units_stated` of "no" says that nobody knows them, so that no formula judges the readings.
Time: with its offset, or on the clock of `timezone`, of `lat` and `lon`, or of a sample place; else
it is left out. The day of a group is the local one.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.cell_values import is_absent, plain_number
from aqfusion.csv_table.fault import CellError, Fault
from aqfusion.csv_table.header import Columns, CsvTableError, Header
from aqfusion.csv_table.row import RowCells, past, required
from aqfusion.csv_table.rows import read_rows
from aqfusion.csv_table.titles import POLLUTANT_TITLES
from aqfusion.dataset.photo_names import PhotoTree
from aqfusion.dataset.photo_rows import LONGEST_PLACE
from aqfusion.labels.capture_time import local_time, place_day, timezone_of, zone_name
from aqfusion.labels.imports.listing import Candidate, Listing, plain_name
from aqfusion.time_zones import TimeError, read_time, zone, zone_at

__all__ = ["TABLES", "list_photo_csv", "list_photo_rows"]

TABLES = (".csv", ".tsv", ".txt", ".xlsx")

MOST_BYTES = 100_000_000
MOST_ROWS = 1_000_000
LONGEST_PATH = 1000
_PLACES = (("lat", 90), ("lon", 180))
COLUMNS = Columns(
    {
        "photo": ("image", "file", "filename", "path", "imagename", "photoname"),
        **{name: POLLUTANT_TITLES[name] for name in POLLUTANTS},
        "place": ("location",),
        "time": ("datetime", "timestamp", "takenat"),
        "timezone": ("tz", "timezonename"),
        "lat": ("latitude",),
        "lon": ("lng", "long", "longitude"),
        "aqi": (),
        "gold": ("goldaqi", "knownaqi"),
        "licence": ("license",),
        "units_stated": ("unitsstated",),
    },
    required=("photo",),
)


def list_photo_csv(file: Path, now: datetime, default: tzinfo | None = None) -> Listing:
    """List the rows of a file; one that cannot be taken apart raises `CsvTableError`.

    `default` is the zone of times for which the table names none.
    """
    with file.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    find = PhotoTree(file.parent).find
    return list_photo_rows(content, plain_name(file.name), find, now, default)


def list_photo_rows(
    content: bytes,
    name: str,
    find: Callable[[str], Path],
    now: datetime,
    default: tzinfo | None = None,
) -> Listing:
    """List the rows of a file's content; `find` gives a named photo's path or `CellError`."""
    header, rows = read_rows(content, COLUMNS, MOST_BYTES, MOST_ROWS)
    candidates: list[Candidate] = []
    faults: list[Fault] = []
    for line, cells in rows:
        if isinstance(cells, Fault):
            faults.append(cells)
            continue
        candidate, wrong = _row(find, header, line, cells, now, default)
        candidates += [candidate] if candidate else []
        faults += wrong
    if not candidates and not faults:
        raise CsvTableError("the file must have a row below its titles, got none")
    notes = header.notes.sentences()
    return Listing(name, tuple(candidates), tuple(faults), header.ignored, notes)


def _row(
    find: Callable[[str], Path],
    header: Header,
    line: int,
    cells: Sequence[str],
    now: datetime,
    default: tzinfo | None,
) -> tuple[Candidate | None, tuple[Fault, ...]]:
    """Read a row: its photo, if it can be one, and the faults of the row or of single cells."""
    row = RowCells(header, line, cells)
    path = row.take("photo", lambda text: find(required(text)), LONGEST_PATH)
    if path is None:
        return None, row.lost()
    reading = row.reading()
    place = row.optional("place", _text, LONGEST_PLACE)
    local = _local(row, place, default)
    clock = zone(header.zone) if header.zone and _is_zone(header.zone) else local
    time = row.optional("time", lambda text: _time(text, clock, now))
    time_zone = _zone_name(local, time)
    day = local_time(time, time_zone, place)
    candidate = Candidate(
        line=line,
        column=header.title("photo"),
        name=row.text("photo"),
        path=path,
        reading=reading,
        place=place,
        taken_at=time,
        time_zone=time_zone,
        group=place_day(place, day.date() if day else None),
        licence=row.optional("licence", _text, 1000),
        given_aqi=row.aqi("aqi"),
        known_aqi=row.aqi("gold"),
        units_stated=not row.denies("units_stated"),
    )
    return candidate, row.kept()


def _text(text: str) -> str | None:
    return None if is_absent(text) else text


def _time(text: str, clock: tzinfo | None, now: datetime) -> datetime | None:
    if is_absent(text):
        return None
    return past(read_time(text, clock), now)


def _local(row: RowCells, place: str | None, default: tzinfo | None) -> tzinfo | None:
    """Return the zone that a row states, else that of its coordinates or of a sample place."""
    if not is_absent(row.text("timezone")):
        return row.optional("timezone", zone)
    if not is_absent(row.text("lat")) and not is_absent(row.text("lon")):
        lat, lon = (row.optional(name, partial(_degrees, most)) for name, most in _PLACES)
        zone_of_coordinates = None if lat is None or lon is None else zone_at(lat, lon)
        if zone_of_coordinates is not None:
            return zone_of_coordinates
    zone_of_place = timezone_of(place)
    return zone(zone_of_place) if zone_of_place else default


def _degrees(most: int, text: str) -> float:
    degrees = plain_number(text)
    if abs(degrees) > most:
        raise CellError(f"must be -{most} to {most}")
    return degrees


def _is_zone(text: str) -> bool:
    try:
        zone(text)
    except TimeError:
        return False
    return True


def _zone_name(local: tzinfo | None, time: datetime | None) -> str | None:
    """Name the zone that is stated, else the time's own offset."""
    if local is not None:
        return zone_name(local)
    return None if time is None or time.tzinfo is None else zone_name(time.tzinfo)
