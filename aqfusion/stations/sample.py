"""The sample stations: the eight places of the public data set and its measured sessions.

`assets/stations/stations.json` holds the places, `sessions.csv` what was measured there;
tools/sample_stations.py makes the second.
"""

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from aqfusion.air.pollutants import POLLUTANTS, ReadingError
from aqfusion.air.sensors import Reading
from aqfusion.csv_table.fault import CellError
from aqfusion.dataset.clock import clock_time
from aqfusion.io.json_models import TableError
from aqfusion.settings import ASSETS
from aqfusion.stations.station import Measurement, Station
from aqfusion.table_file import Field, read_table
from aqfusion.time_zones import TimeError, at, zone

FOLDER = ASSETS / "stations"
PLACES_NAME = "stations.json"
TABLE_NAME = "sessions.csv"
COLUMNS = ("station", "time", *POLLUTANTS, "aqi")


@dataclass(frozen=True)
class Place:
    """A station, the data's own words for where it is, and the name of its time zone."""

    station: Station
    location: str
    timezone: str


@cache
def sample_measurements() -> tuple[Measurement, ...]:
    """Every measured session, oldest first; read once."""
    return load_sample(FOLDER)


@cache
def sample_places() -> tuple[Place, ...]:
    """The eight places; read once."""
    return load_places(FOLDER / PLACES_NAME)


def load_sample(folder: Path) -> tuple[Measurement, ...]:
    """Read and check both files; a fault raises `TableError`."""
    stations = {place.station.id: place.station for place in load_places(folder / PLACES_NAME)}
    measurements: list[Measurement] = []
    seen: set[tuple[Station, datetime]] = set()
    for row in _rows(folder / TABLE_NAME):
        measurement = _measurement(row, stations)
        key = (measurement.station, measurement.time)
        if key in seen:
            raise row.fault("must be another station or another time than the lines above")
        if measurements and measurement.time < measurements[-1].time:
            raise row["time"].fault("must not be earlier than the line above")
        seen.add(key)
        measurements.append(measurement)
    return tuple(measurements)


def load_places(path: Path) -> tuple[Place, ...]:
    """Read and check the places; a fault raises `TableError`."""
    table = read_table(path)
    credit = f"{table['source'].text()}, {table['licence'].text()}"
    units_stated = table["units_stated"].flag()
    entries = table["stations"].entries()
    for key in ("id", "location"):
        seen: set[str] = set()
        for entry in entries:
            if entry[key].text() in seen:
                raise entry[key].fault("must not be that of a place above")
            seen.add(entry[key].text())
    return tuple(_place(entry, credit, units_stated) for entry in entries)


def session_time(session: str, timezone: str) -> datetime | None:
    """When a session was, `place|year|month|day|hour` on the clock of its time zone."""
    parts = session.rsplit("|", 4)
    try:
        year, month, day = (int(part) for part in parts[1:4])
        return at(clock_time(year, month, day, parts[4]), zone(timezone))
    except (ValueError, IndexError, OverflowError, CellError, TimeError):
        return None


def _place(entry: Field, credit: str, units_stated: bool) -> Place:
    station = Station(
        id=entry["id"].text(),
        name=entry["name"].text(),
        latitude=_degrees(entry["latitude"], 90),
        longitude=_degrees(entry["longitude"], 180),
        approximate=entry["approximate"].flag(),
        source=credit,
        units_stated=units_stated,
    )
    return Place(station, entry["location"].text(), entry["timezone"].text())


def _degrees(field: Field, most: int) -> float:
    if not abs(field.number()) <= most:
        raise field.fault(f"must be -{most} to {most}")
    return float(field.number())


def _rows(path: Path) -> list[Field]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if tuple(header) != COLUMNS:
                raise Field(path.name, "line 1", header).fault(f"must be {','.join(COLUMNS)}")
            lines = [(reader.line_num, cells) for cells in reader]
    except OSError as error:
        raise TableError(f"{path.name} must be a readable file: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{path.name} must be a CSV file in UTF-8: {error}") from error
    for number, cells in lines:
        if len(cells) != len(COLUMNS):
            raise Field(path.name, f"line {number}", cells).fault(
                "must have as many cells as line 1"
            )
    return [
        Field(path.name, f"line {number}", dict(zip(COLUMNS, cells, strict=True)))
        for number, cells in lines
    ]


def _measurement(row: Field, stations: dict[str, Station]) -> Measurement:
    station = stations.get(row["station"].text())
    if station is None:
        raise row["station"].fault(f"must be a station of {PLACES_NAME}")
    return Measurement(station, _time(row["time"]), _reading(row), _aqi(row["aqi"]))


def _time(field: Field) -> datetime:
    try:
        time = datetime.fromisoformat(field.text())
    except ValueError as error:
        raise field.fault("must be a time as in 2023-02-01T08:30+05:30") from error
    if time.tzinfo is None:
        raise field.fault("must name its offset")
    return time


def _reading(row: Field) -> Reading:
    try:
        return Reading.from_values({name: str(row[name].value) for name in POLLUTANTS})
    except ReadingError as error:
        raise TableError(f"{row.file}: {row.path}: {error}") from error


def _aqi(field: Field) -> int:
    text = field.text()
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 500):
        raise field.fault("must be a whole number from 0 to 500")
    return int(text)
