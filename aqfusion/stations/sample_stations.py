"""The measured sessions of the public data set, at its eight places as stations.

They lie in `assets/stations/sessions.csv`, which tools/sample_stations.py makes.
"""

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from aqfusion.air.pollutants import POLLUTANTS, ReadingError
from aqfusion.air.readings import Reading
from aqfusion.data.sample_places import PLACES, SamplePlace, load_places
from aqfusion.io.json_models import TableError, fault
from aqfusion.stations.measurements import Station, StationMeasurement
from aqfusion.text_validation import plain_integer

TABLE_NAME = "sessions.csv"
COLUMNS = ("station", "time", *POLLUTANTS, "aqi")


@cache
def sample_measurements() -> tuple[StationMeasurement, ...]:
    """Every measured session, oldest first; read once."""
    return load_sample(PLACES.parent)


def load_sample(folder: Path) -> tuple[StationMeasurement, ...]:
    """Read and check both files; a fault raises `TableError`."""
    stations = {place.id: _station(place) for place in load_places(folder / PLACES.name)}
    measurements: list[StationMeasurement] = []
    seen: set[tuple[Station, datetime]] = set()
    for row in _rows(folder / TABLE_NAME):
        measurement = _measurement(row, stations)
        key = (measurement.station, measurement.time)
        if key in seen:
            rule = "must be another station or another time than the lines above"
            raise fault(row.file, f"line {row.number}", rule, row.cells)
        if measurements and measurement.time < measurements[-1].time:
            raise row.fault("time", "must not be earlier than the line above")
        seen.add(key)
        measurements.append(measurement)
    return tuple(measurements)


def _station(place: SamplePlace) -> Station:
    return Station(
        place.id,
        place.name,
        place.latitude,
        place.longitude,
        place.approximate,
        place.source,
        place.units_stated,
    )


@dataclass(frozen=True)
class _Line:
    """A line of the table, whose cells are never empty where `text` reads them."""

    file: str
    number: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """The text of a cell."""
        if not self.cells[column].strip():
            raise self.fault(column, "must be a text that is not empty")
        return self.cells[column]

    def fault(self, column: str, rule: str) -> TableError:
        """The error that says that a cell breaks `rule`."""
        return fault(self.file, f"line {self.number}.{column}", rule, self.cells[column])


def _rows(path: Path) -> list[_Line]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if tuple(header) != COLUMNS:
                raise fault(path.name, "line 1", f"must be {','.join(COLUMNS)}", header)
            lines = [(reader.line_num, cells) for cells in reader]
    except OSError as error:
        raise TableError(f"{path.name} must be a readable file: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{path.name} must be a CSV file in UTF-8: {error}") from error
    for number, cells in lines:
        if len(cells) != len(COLUMNS):
            rule = "must have as many cells as line 1"
            raise fault(path.name, f"line {number}", rule, cells)
    return [
        _Line(path.name, number, dict(zip(COLUMNS, cells, strict=True))) for number, cells in lines
    ]


def _measurement(row: _Line, stations: dict[str, Station]) -> StationMeasurement:
    station = stations.get(row.text("station"))
    if station is None:
        raise row.fault("station", f"must be a station of {PLACES.name}")
    return StationMeasurement(station, _time(row), _reading(row), _aqi(row))


def _time(row: _Line) -> datetime:
    try:
        time = datetime.fromisoformat(row.text("time"))
    except TableError:
        raise
    except ValueError as error:
        raise row.fault("time", "must be a time as in 2023-02-01T08:30+05:30") from error
    if time.tzinfo is None:
        raise row.fault("time", "must name its offset")
    return time


def _reading(row: _Line) -> Reading:
    try:
        return Reading.from_values({name: row.cells[name] for name in POLLUTANTS})
    except ReadingError as error:
        raise TableError(f"{row.file}: line {row.number}: {error}") from error


def _aqi(row: _Line) -> int:
    aqi = plain_integer(row.text("aqi"))
    if aqi is None or aqi > 500:
        raise row.fault("aqi", "must be a whole number from 0 to 500")
    return aqi
