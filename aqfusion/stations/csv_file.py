"""A person's own stations from a CSV file: good rows are measurements, bad rows are listed.

The titles stand in any order and case; `lat`, `latitude`, `PM2.5` and `pm2_5` are understood. A
row is one station at one time: `id` or `name`, `lat`, `lon` and `time` are required, `aqi` and the
six pollutants are not, one of the last seven is.

Units: ug/m3, CO mg/m3; another one stands in the title, as in `o3 (ppb)`, for the whole column.
Time: ISO 8601 with its offset, or on the clock that a column `timezone` names or that the place
has; never just guessed. What comes in and what is made of it stands in docs/formats.md.
"""

from dataclasses import dataclass
from datetime import datetime

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.fault import Fault
from aqfusion.csv_table.header import Columns, CsvTableError, Header
from aqfusion.csv_table.rows import read_rows
from aqfusion.csv_table.titles import POLLUTANT_TITLES
from aqfusion.stations.csv_row import Row, RowReader
from aqfusion.stations.gathering import gather
from aqfusion.stations.station import Measurement
from aqfusion.time_zones import date_order

__all__ = ["Parsed", "parse_stations", "template"]

MOST_BYTES = 5_000_000
MOST_ROWS = 100_000
COLUMNS = Columns(
    {
        "id": ("stationid", "sensorid", "locationid", "siteid", "deviceid", "stationcode"),
        "name": ("stationname", "locationname", "sitename", "station", "location", "site"),
        "lat": ("latitude",),
        "lon": ("lng", "long", "longitude"),
        "time": ("datetime", "timestamp", "dateandtime", "measuredat", "fromdate"),
        "date": ("day",),
        "timezone": ("tz", "timezonename", "zone"),
        "aqi": ("usaqi", "aqius", "airqualityindex"),
        **{name: POLLUTANT_TITLES[name] for name in POLLUTANTS},
    },
    required=(),
    one_of=(*POLLUTANTS, "aqi"),
)


@dataclass(frozen=True)
class Parsed:
    """What was read of a file: each row that is not blank is in a measurement or has a fault.

    Measurements are in the file's order, one for a station and time; `ignored` are titles of
    columns that nobody reads, `notes` sentences of what is not lost and yet must be told.
    """

    measurements: tuple[Measurement, ...]
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def bad_lines(self) -> tuple[int, ...]:
        """The lines whose rows were left out, in the file's order."""
        return tuple(dict.fromkeys(fault.line for fault in self.faults if not fault.row_kept))


def parse_stations(content: bytes, now: datetime, source: str = "your file") -> Parsed:
    """Read a file; `now` has a zone. What has no rows to speak of raises `CsvTableError`."""
    header, found = read_rows(content, COLUMNS, MOST_BYTES, MOST_ROWS)
    _check(header)
    rows = list(found)
    column = next((column for column in ("time", "date") if column in header.at), "")
    order = date_order(
        header.cell(cells, column) for _, cells in rows if not isinstance(cells, Fault)
    )
    if order:
        header.notes.add(f"dates are read with the {order}, as some can be read in no other way")
    reader = RowReader(header, now, order=order)
    read: list[Row] = []
    faults: list[Fault] = []
    for line, cells in rows:
        row = (cells,) if isinstance(cells, Fault) else reader.read(line, cells)
        if isinstance(row, Row):
            read.append(row)
        else:
            faults += row
    measurements, contradictions = gather(read, header, source)
    faults += contradictions
    if not measurements and not faults:
        raise CsvTableError("the file must have a row below its titles, got none")
    faults.sort(key=lambda fault: fault.line)
    return Parsed(measurements, tuple(faults), header.ignored, header.notes.sentences())


def template() -> str:
    """Return an example to download and overwrite: three ways to give time and readings."""
    titles = "id,name,lat,lon,time,timezone,pm25,pm10,o3 (ppb),co,so2,no2,aqi"
    rows = (
        'roof-1,"School roof, Delhi",28.6286,77.2411,2023-02-01T08:30+05:30,,80,150,30,1.2,5,40,',
        "roof-2,Bus park Biratnagar,26.4451,87.2751,2023-02-01 08:30,Asia/Kathmandu,65.5,,,,,,151",
        "roof-2,Bus park Biratnagar,26.4451,87.2751,2023-02-01 09:30,Asia/Kathmandu,70,98,,,,,",
    )
    return "\r\n".join((titles, *rows, ""))


def _check(header: Header) -> None:
    """Refuse titles that do not tell whose measurements they are, where and when."""
    for columns in (("id", "name"), ("lat",), ("lon",), ("time", "date")):
        if not any(column in header.at for column in columns):
            titles = ", ".join(header.titles)
            raise CsvTableError(
                f"the file must have the column {' or '.join(columns)}, got {titles[:80]!r}"
            )
    if "id" not in header.at:
        header.notes.add("stations are told apart by their names, as there is no column id")
