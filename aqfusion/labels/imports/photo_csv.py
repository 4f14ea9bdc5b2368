"""A CSV file that lists photos: good rows are candidates, bad rows are listed.

The first line holds the titles: `photo` is required; the six pollutants, `place`, `time`,
`timezone`, `aqi`, `gold` and `licence` are not. `aqi` is a label that may be wrong, `gold` an AQI
that is known. Photos lie below the file's own folder.

Units: ug/m3, CO mg/m3; another one stands in the title, as in `o3 (ppb)`, for the whole column.
Time: ISO 8601, with its offset or on the clock of `timezone` or of a sample place. The day of a
group is the local one.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path, PurePosixPath

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.fault import CellError, Fault
from aqfusion.csv_table.header import Columns, CsvTableError, Header
from aqfusion.csv_table.row import RowCells, given, past
from aqfusion.csv_table.rows import read_rows
from aqfusion.csv_table.titles import POLLUTANT_TITLES
from aqfusion.labels.capture_time import local_time, place_day, timezone_of, zone_name
from aqfusion.labels.imports.listing import Candidate, Listing, plain_name
from aqfusion.stations.local_time import read_time, zone

__all__ = ["TABLES", "list_photo_csv", "list_photo_rows", "photo_below"]

TABLES = (".csv", ".tsv", ".txt")

MOST_BYTES = 100_000_000
MOST_ROWS = 1_000_000
LONGEST_PATH = 1000
COLUMNS = Columns(
    {
        "photo": ("image", "file", "filename", "path"),
        **{name: POLLUTANT_TITLES[name] for name in POLLUTANTS},
        "place": ("location",),
        "time": ("datetime", "timestamp", "takenat"),
        "timezone": ("tz",),
        "aqi": (),
        "gold": ("goldaqi", "knownaqi"),
        "licence": ("license",),
    },
    required=("photo",),
)


def list_photo_csv(file: Path, now: datetime) -> Listing:
    """List the rows of a file; one that cannot be taken apart raises `CsvTableError`."""
    with file.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    return list_photo_rows(content, plain_name(file.name), partial(photo_below, file.parent), now)


def list_photo_rows(
    content: bytes, name: str, find: Callable[[str], Path], now: datetime
) -> Listing:
    """List the rows of a file's content; `find` gives a named photo's path or `CellError`."""
    header, rows = read_rows(content, COLUMNS, MOST_BYTES, MOST_ROWS)
    candidates: list[Candidate] = []
    faults: list[Fault] = []
    for line, cells in rows:
        if isinstance(cells, Fault):
            faults.append(cells)
            continue
        candidate, wrong = _row(find, header, line, cells, now)
        candidates += [candidate] if candidate else []
        faults += wrong
    if not candidates and not faults:
        raise CsvTableError("the file must have a row below its titles, got none")
    return Listing(name, tuple(candidates), tuple(faults), header.ignored)


def photo_below(folder: Path, text: str) -> Path:
    """Return the file that a table names; a path that could lead elsewhere raises `CellError`."""
    below = PurePosixPath(text)
    if "\\" in text or below.is_absolute() or ".." in below.parts:
        raise CellError("must be a path below the folder of this file, with / between its parts")
    path = folder
    try:
        for part in below.parts:
            path = path / part
            if path.is_symlink():
                raise CellError("must lead over no link")
    except OSError as error:
        raise CellError("must be the path of a photo") from error
    return path


def _row(
    find: Callable[[str], Path], header: Header, line: int, cells: Sequence[str], now: datetime
) -> tuple[Candidate | None, tuple[Fault, ...]]:
    """Read a row: its photo, if it can be one, and the faults of the row or of single cells."""
    row = RowCells(header, line, cells)
    path = row.take("photo", lambda text: find(given(text)), LONGEST_PATH)
    reading = row.reading()
    place = row.take("place", str) or None
    local = row.take("timezone", lambda text: _zone(text or timezone_of(place)))
    time = row.take("time", lambda text: past(read_time(text, local), now) if text else None)
    given_aqi, known_aqi = row.aqi("aqi"), row.aqi("gold")
    licence = row.take("licence", str, 1000) or None
    if row.faults or path is None:
        return None, row.lost()
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
        licence=licence,
        given_aqi=given_aqi,
        known_aqi=known_aqi,
    )
    return candidate, row.kept()


def _zone(text: str | None) -> tzinfo | None:
    return zone(text) if text else None


def _zone_name(local: tzinfo | None, time: datetime | None) -> str | None:
    """Name the zone that is stated, else the time's own offset."""
    if local is not None:
        return zone_name(local)
    return None if time is None or time.tzinfo is None else zone_name(time.tzinfo)
