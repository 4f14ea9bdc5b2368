"""A person's own stations from a CSV file: good rows are measurements, bad rows are listed.

The titles stand in any order and case; `lat`, `latitude`, `PM2.5` and `pm2_5` are understood. A
row is one station at one time: `id` or `name`, `lat`, `lon` and `time` are required, `aqi` and the
six pollutants are not, one of the last seven is.

Units: ug/m3, CO mg/m3; another one is in the title, as in `o3 (ppb)`, for the whole column.
Time: ISO 8601 with its offset, or on the clock that a column `timezone` names or that the place
has; never just guessed. docs/formats.md has the formats in full.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.fault import Fault
from aqfusion.csv_table.header import Columns, CsvTableError, Header
from aqfusion.csv_table.rows import read_rows
from aqfusion.csv_table.titles import POLLUTANT_TITLES, title_key
from aqfusion.stations.csv_row import Row, RowReader
from aqfusion.stations.formats import format_of
from aqfusion.stations.gathering import gather
from aqfusion.stations.station import Measurement
from aqfusion.time_zones import DateOrder, date_order, zone

__all__ = ["Parsed", "Place", "parse_stations", "template"]

MOST_BYTES = 5_000_000
MOST_ROWS = 100_000


def _names_of_network(titles: Sequence[str]) -> Mapping[str, str | None]:
    network_format = format_of(titles)
    return network_format.names if network_format else {}


COLUMNS = Columns(
    {
        "id": ("stationid", "locationid", "siteid", "sensorid", "deviceid", "stationcode"),
        "name": ("stationname", "locationname", "sitename", "station", "location", "site"),
        "lat": ("latitude",),
        "lon": ("lng", "long", "longitude"),
        "time": ("datetime", "timestamp", "dateandtime", "measuredat", "fromdate"),
        "date": ("day",),
        "timezone": ("tz", "timezonename", "zone"),
        "approximate": ("positionapproximate",),
        "units_stated": ("unitsstated",),
        "aqi": ("usaqi", "aqius", "airqualityindex"),
        **{name: POLLUTANT_TITLES[name] for name in POLLUTANTS},
        "parameter": ("pollutant", "parametername"),
        "value": ("concentration",),
        "unit": ("units",),
    },
    required=(),
    one_of=(*POLLUTANTS, "aqi", "value"),
    more_names=_names_of_network,
)


@dataclass(frozen=True)
class Place:
    """The place of the one station of a table without coordinates, in degrees (WGS 84)."""

    latitude: float
    longitude: float
    name: str = ""


@dataclass(frozen=True)
class Parsed:
    """The content of a file: each row that is not blank is in a measurement or has a fault.

    Measurements are in the file's order, one for a station and time; `ignored` are titles of
    columns not read, `notes` sentences on what was changed without loss. `network` is the table's
    publisher. `unplaced` are measurements of one station whose `Place` the user must enter:
    their coordinates mean nothing.
    """

    measurements: tuple[Measurement, ...]
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...]
    notes: tuple[str, ...] = ()
    network: str | None = None
    unplaced: tuple[Measurement, ...] = ()

    @property
    def bad_lines(self) -> tuple[int, ...]:
        """The lines whose rows were excluded, in the file's order."""
        return tuple(dict.fromkeys(fault.line for fault in self.faults if not fault.row_kept))


def parse_stations(
    content: bytes, now: datetime, source: str = "your file", place: Place | None = None
) -> Parsed:
    """Read a file; `now` has a zone, `place` is needed where a table has no coordinates.

    A file without rows, or that is no table of readings, raises `CsvTableError`.
    """
    header, table_rows = read_rows(content, COLUMNS, MOST_BYTES, MOST_ROWS)
    network = format_of(header.titles)
    has_place = "lat" in header.at and "lon" in header.at
    _check(header)
    rows = list(table_rows)
    order = network.order if network and network.order else _order(header, rows)
    reader = RowReader(
        header,
        now,
        place=None if has_place or place is None else (place.latitude, place.longitude),
        station=(place.name if place and place.name else "") or _station_above(header),
        zone=zone(network.zone) if network and network.zone else None,
        order=order,
        seconds=network is not None and network.seconds,
    )
    if network and network.note:
        header.notes.add(f"{network.name}: {network.note}")
    read: list[Row] = []
    faults: list[Fault] = []
    for line, cells in rows:
        row = (cells,) if isinstance(cells, Fault) else reader.read(line, cells)
        if isinstance(row, Row):
            read.append(row)
        else:
            faults += row
    unplaced = not has_place and place is None
    if not has_place and len({row.id for row in read}) > 1:
        raise CsvTableError(
            f"the file must have the columns lat and lon, as it is of {len({r.id for r in read})} "
            "stations"
        )
    if unplaced:
        read = [replace(row, place=(0.0, 0.0)) for row in read]
        header.notes.add("the table has no coordinates: those of its station must be given")
    measurements, contradictions = gather(read, header, source, reader.is_long)
    faults += contradictions
    if not measurements and not faults:
        raise CsvTableError(
            "the file must have a row of pm25, pm10, o3, co, so2 or no2 below its titles, got none"
            if rows
            else "the file must have a row below its titles, got none"
        )
    faults.sort(key=lambda fault: fault.line)
    return Parsed(
        () if unplaced else measurements,
        tuple(faults),
        header.ignored,
        header.notes.sentences(),
        network.name if network else None,
        measurements if unplaced else (),
    )


def template() -> str:
    """Return an example to download and overwrite: three ways to give time and readings."""
    titles = "id,name,lat,lon,time,timezone,pm25,pm10,o3 (ppb),co,so2,no2,aqi"
    rows = (
        'roof-1,"School roof, Delhi",28.6286,77.2411,2023-02-01T08:30+05:30,,80,150,30,1.2,5,40,',
        "roof-2,Bus park Biratnagar,26.4451,87.2751,2023-02-01 08:30,Asia/Kathmandu,65.5,,,,,,151",
        "roof-2,Bus park Biratnagar,26.4451,87.2751,2023-02-01 09:30,Asia/Kathmandu,70,98,,,,,",
    )
    return "\r\n".join((titles, *rows, ""))


def _order(header: Header, rows: Iterable[tuple[int, Sequence[str] | Fault]]) -> DateOrder | None:
    """Return which of two numbers is the day, where the table itself shows it."""
    column = "date" if "date" in header.at else "time"
    order = date_order(
        header.cell(cells, column) for _, cells in rows if not isinstance(cells, Fault)
    )
    if order:
        header.notes.add(f"dates are read with the {order}, as some can be read in no other way")
    return order


def _station_above(header: Header) -> str:
    """The station named above the titles, as in the reports of CPCB."""
    for cells in header.above:
        if (
            len(cells) > 1
            and title_key(cells[0]) in {"station", "stationname"}
            and cells[1].strip()
        ):
            return cells[1].strip()[:200]
    return "station"


def _check(header: Header) -> None:
    """Refuse titles without the columns for station, place and time."""
    network = format_of(header.titles)
    if network and network.refused:
        raise CsvTableError(network.refused)
    titles = ", ".join(header.titles)[:80]
    placed = [column in header.at for column in ("lat", "lon")]
    if "value" in header.at and not {"parameter", "aqi", *POLLUTANTS} & header.at.keys():
        raise CsvTableError(f"the file must have the column parameter, got {titles!r}")
    for columns in (("time", "date"), ("id", "name"), ("lat",), ("lon",)):
        # One station alone needs no name, and the user can enter its place.
        if columns != ("time", "date") and not any(placed):
            continue
        if not any(column in header.at for column in columns):
            raise CsvTableError(
                f"the file must have the column {' or '.join(columns)}, got {titles!r}"
            )
    if "id" not in header.at and "name" in header.at:
        header.notes.add("stations are told apart by their names, as there is no column id")
