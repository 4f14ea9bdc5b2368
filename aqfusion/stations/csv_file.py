"""A person's own stations from a CSV file: good rows are measurements, bad rows are listed.

The first line holds the titles, in any order and case; `lat`, `latitude`, `PM2.5` and `pm2_5` are
understood. A row is one station at one time: `id`, `lat`, `lon` and `time` are required, `name`,
`aqi` and the six pollutants are not, one of the last seven is. Separators are commas, semicolons
or tabs, numbers have a decimal point, a row ends with its line, quoted or not.

Units: ug/m3, CO mg/m3; another one stands in the title, as in `o3 (ppb)`, for the whole column.
Time: ISO 8601 with its offset, or on the clock that a column `timezone` names; never just guessed.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.fault import Fault, shown
from aqfusion.csv_table.header import Columns, CsvTableError, Header
from aqfusion.csv_table.rows import read_rows
from aqfusion.stations.csv_row import RowReader
from aqfusion.stations.station import Measurement, Station

__all__ = ["Parsed", "parse_stations", "template"]

MOST_BYTES = 5_000_000
MOST_ROWS = 100_000
COLUMNS = Columns(
    {
        "id": ("stationid", "sensorid"),
        "name": ("stationname", "station"),
        "lat": ("latitude",),
        "lon": ("lng", "long", "longitude"),
        "time": ("datetime", "timestamp"),
        "timezone": ("tz",),
        "aqi": (),
        **{name: () for name in POLLUTANTS},
    },
    required=("id", "lat", "lon", "time"),
    one_of=(*POLLUTANTS, "aqi"),
)


@dataclass(frozen=True)
class Parsed:
    """Each row that is not blank is a measurement or has a fault or more.

    Measurements are in the file's order; `ignored` are titles of columns that nobody reads.
    """

    measurements: tuple[Measurement, ...]
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...]

    @property
    def bad_lines(self) -> tuple[int, ...]:
        """The lines with faults, in the file's order."""
        return tuple(dict.fromkeys(fault.line for fault in self.faults))


def parse_stations(content: bytes, now: datetime, source: str = "your file") -> Parsed:
    """Read a file; `now` has a zone. What has no rows to speak of raises `CsvTableError`."""
    header, rows = read_rows(content, COLUMNS, MOST_BYTES, MOST_ROWS)
    reader = RowReader(header, now, source)
    book = _Book()
    faults: list[Fault] = []
    for line, cells in rows:
        read = (cells,) if isinstance(cells, Fault) else reader.read(line, cells)
        faults += book.enter(line, read, header) if isinstance(read, Measurement) else read
    if not book.measurements and not faults:
        raise CsvTableError("the file must have a row below its titles, got none")
    return Parsed(tuple(book.measurements), tuple(faults), header.ignored)


def template() -> str:
    """Return an example to download and overwrite: three ways to give time and readings."""
    titles = "id,name,lat,lon,time,timezone,pm25,pm10,o3 (ppb),co,so2,no2,aqi"
    rows = (
        'roof-1,"School roof, Delhi",28.6286,77.2411,2023-02-01T08:30+05:30,,80,150,30,1.2,5,40,',
        "roof-2,Bus park Biratnagar,26.4451,87.2751,2023-02-01 08:30,Asia/Kathmandu,65.5,,,,,,151",
        "roof-2,Bus park Biratnagar,26.4451,87.2751,2023-02-01 09:30,Asia/Kathmandu,70,98,,,,,",
    )
    return "\r\n".join((titles, *rows, ""))


class _Book:
    """The measurements so far; a later row must agree with them about its station."""

    def __init__(self) -> None:
        self.measurements: list[Measurement] = []
        self._stations: dict[str, tuple[int, Station]] = {}
        self._lines: dict[tuple[str, datetime], int] = {}

    def enter(self, line: int, measurement: Measurement, header: Header) -> tuple[Fault, ...]:
        """Keep a measurement, or say what it contradicts."""
        station, time = measurement.station, measurement.time
        first, known = self._stations.get(station.id, (line, station))
        told = [
            ("lat", known.latitude, station.latitude),
            ("lon", known.longitude, station.longitude),
            ("name", known.name, known.name if station.name == station.id else station.name),
        ]
        faults = [
            Fault(
                line, header.title(column), f"must be {wanted} for this id, as in line {first}", got
            )
            for column, wanted, got in ((name, shown(str(w)), shown(str(g))) for name, w, g in told)
            if wanted != got
        ]
        if (station.id, time) in self._lines:
            rule = f"must be another time for this id than in line {self._lines[station.id, time]}"
            faults.append(Fault(line, header.title("time"), rule, time.isoformat()))
        if not faults:
            self._stations[station.id] = (first, known)
            self._lines[station.id, time] = line
            self.measurements.append(replace(measurement, station=known))
        return tuple(faults)
