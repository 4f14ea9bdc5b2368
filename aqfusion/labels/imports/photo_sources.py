"""Where photos come from: the data set's layout, a plain folder, a CSV file, uploads.

The first line holds the titles: `photo` is required; the six pollutants, `place`, `time`,
`timezone`, `aqi`, `gold`, `licence` and `units_stated` are not. `aqi` is a label that may be wrong,
`gold` an AQI that is known. Photos lie below the file's own folder.

Units: ug/m3, CO mg/m3; another one stands in the title, as in `o3 (ppb)`, for the whole column.
A `units_stated` of "no" says that nobody knows them, so that no formula judges the readings.
Time: with its offset, or on the clock of `timezone`, of `lat` and `lon`, or of a sample place; else
it is left out. The day of a group is the local one.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path, PurePosixPath

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.column_titles import POLLUTANT_TITLES
from aqfusion.csv_table.errors import CellError, TableFault, shortened
from aqfusion.csv_table.header import Columns, CsvTableError, Header
from aqfusion.csv_table.reader import read_rows
from aqfusion.csv_table.typed_row import RowCells, is_absent, past, plain_number, required
from aqfusion.data.dataset_folder import FolderPhoto, read_photos
from aqfusion.data.photo_files import PhotoNames, PhotoTree, is_passed_over, path_parts
from aqfusion.data.photo_table import LONGEST_PLACE
from aqfusion.data.sample_places import timezone_of
from aqfusion.data.session_time import session_time
from aqfusion.labels.capture_time import local_time, place_day, zone_name
from aqfusion.labels.imports.item_import import SourceError
from aqfusion.labels.imports.source_listing import ImportCandidate, Listing, plain_name
from aqfusion.time_zones import TimeError, at, read_time, zone, zone_at

__all__ = [
    "SUFFIXES",
    "TABLES",
    "Upload",
    "list_kaggle_folder",
    "list_photo_csv",
    "list_photo_folder",
    "list_photo_rows",
    "list_uploads",
]


def list_kaggle_folder(folder: Path, default: tzinfo | None = None) -> Listing:
    """List each photo of the table; what is wrong is listed too, a bad table raises `DataError`.

    Groups are those that a training must not split. Times are on the clock of the place, by the
    table, by its name or else by `default`; where none of these tells the zone there is no time.
    """
    faults: list[TableFault] = []
    notes: list[str] = []
    photos = read_photos(folder, faults.append, notes.append)
    candidates: list[ImportCandidate] = []
    without_zone: dict[str, int] = {}
    for photo in photos:
        local = photo.row.local or _of_place(photo.place) or default
        time = _folder_time(photo, local)
        if local is None and photo.row.clock is not None:
            place = photo.place or ""
            without_zone[place] = without_zone.get(place, 0) + 1
        candidates.append(
            ImportCandidate(
                line=photo.row.line,
                column="Filename",
                name=photo.row.photo.name,
                path=photo.row.photo,
                reading=photo.row.reading,
                place=photo.place,
                taken_at=time,
                time_zone=None if local is None or time is None else zone_name(local),
                group=photo.group,
                given_aqi=photo.row.aqi,
                units_stated=photo.row.units_stated,
            )
        )
    notes += [
        f"times at {place!r} are left out ({count} photos), as its time zone is not known: "
        "name it in a column timezone, or with --timezone"
        for place, count in without_zone.items()
    ]
    return Listing(folder.resolve().name, tuple(candidates), tuple(faults), notes=tuple(notes))


def _of_place(place: str | None) -> tzinfo | None:
    name = timezone_of(place)
    return None if name is None else zone(name)


def _folder_time(photo: FolderPhoto, local: tzinfo | None) -> datetime | None:
    """Return when it was by the name of its session, else by the table's own cells."""
    if local is None:
        return None
    session_start = session_time(photo.session, zone_name(local)) if photo.session else None
    if session_start is not None or photo.row.clock is None:
        return session_start
    try:
        return at(photo.row.clock, local)
    except TimeError:  # an hour that the clocks skipped or showed twice
        return None


SUFFIXES = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".heic", ".heif", ".avif")


def list_photo_folder(folder: Path) -> Listing:
    """List all photos in a folder and those below it, by name.

    Files of other kinds and links are listed as faults; hidden files are passed over.
    """
    candidates: list[ImportCandidate] = []
    faults: list[TableFault] = []
    for line, path in enumerate(_files(folder), start=1):
        name = plain_name(path.relative_to(folder).as_posix())
        if path.is_symlink():
            faults.append(TableFault(line, "file", "must not be a link", shortened(name)))
        elif path.suffix.casefold() not in SUFFIXES:
            rule = f"must end with {', '.join(SUFFIXES)}"
            faults.append(TableFault(line, "file", rule, shortened(name)))
        else:
            candidates.append(ImportCandidate(line=line, column="file", name=name, path=path))
    return Listing(folder.resolve().name, tuple(candidates), tuple(faults))


def _files(folder: Path) -> list[Path]:
    paths: list[Path] = []
    for base, below, names in os.walk(folder):
        links = [name for name in below if (Path(base) / name).is_symlink()]
        below[:] = [name for name in below if not is_passed_over(name) and name not in links]
        paths += (Path(base) / name for name in (*names, *links) if not is_passed_over(name))
    return sorted(paths)


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
    candidates: list[ImportCandidate] = []
    faults: list[TableFault] = []
    for line, cells in rows:
        if isinstance(cells, TableFault):
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
) -> tuple[ImportCandidate | None, tuple[TableFault, ...]]:
    """Read a row: its photo, if it can be one, and the faults of the row or of single cells."""
    row = RowCells(header, line, cells)
    path = row.take("photo", lambda text: find(required(text)), LONGEST_PATH)
    if path is None:
        return None, row.lost()
    reading = row.reading()
    place = row.optional("place", _text, LONGEST_PLACE)
    local = _local(row, place, default)
    clock = zone(header.zone) if header.zone and _is_zone(header.zone) else local
    time = row.optional("time", lambda text: _row_time(text, clock, now))
    time_zone = _zone_name(local, time)
    day = local_time(time, time_zone, place)
    candidate = ImportCandidate(
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


def _row_time(text: str, clock: tzinfo | None, now: datetime) -> datetime | None:
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
            ImportCandidate(line=line, column="file", name=plain_name(photo.name), path=photo.path)
            for line, photo in enumerate(photos, start=1)
        )
        return Listing("upload", tuple(candidates))
    paths = {PurePosixPath(photo.name.replace("\\", "/")).name: photo.path for photo in photos}
    if len(paths) < len(photos):
        raise SourceError("photos must have different names if there is a table")
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
        TableFault(0, "file", "must be named in the table", shortened(photo.name))
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
