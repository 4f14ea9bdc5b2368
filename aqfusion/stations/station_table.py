"""A person's stations from a table: good rows are measurements, bad rows are listed.

The titles stand in any order and case; `lat`, `latitude`, `PM2.5` and `pm2_5` are understood. A
row is one station at one time: `id` or `name`, `lat`, `lon` and `time` are required, `aqi` and the
six pollutants are not, one of the last seven is.

Units: ug/m3, CO mg/m3; another one is in the title, as in `o3 (ppb)`, for the whole column.
Time: ISO 8601 with its offset, or on the clock that a column `timezone` names or that the place
has; never just guessed. docs/formats.md has the formats in full.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.column_titles import POLLUTANT_TITLES, title_key
from aqfusion.csv_table.errors import TableFault, shortened
from aqfusion.csv_table.header import Columns, CsvTableError, Header
from aqfusion.csv_table.reader import read_rows
from aqfusion.stations.measurements import Station, StationMeasurement
from aqfusion.stations.station_row import SWAPPED, RowReader, StationRow, format_of
from aqfusion.time_zones import DateOrder, date_order, zone

__all__ = [
    "TOLERANCE_M",
    "Parsed",
    "UploadedStation",
    "group_measurements",
    "parse_stations",
    "template",
]

# Positioning moves by some metres, and a monitor from one end of its roof to the other.
TOLERANCE_M = 250.0
_MOST_ANCHORS = 20  # places of one id that are counted: a table from outside may have any number
_METRES_PER_DEGREE = 111_195.0

Place = tuple[float, float]


@dataclass
class _Anchor:
    place: Place
    line: int
    rows: int = 1


def group_measurements(
    rows: Iterable[StationRow], header: Header, source: str, by_pollutant: bool = False
) -> tuple[tuple[StationMeasurement, ...], list[TableFault]]:
    """Return the measurements in the order of their rows, and faults where rows contradict.

    A station is where most of its rows say it is, up to `TOLERANCE_M`, and has its first name. A
    row that repeats another counts once; one that adds to another of its time is joined to it,
    as all are in a table that is written `by_pollutant`.
    """
    rows = list(rows)
    anchors = _anchors(rows)
    names = _names(rows, header)
    by_station_time: dict[tuple[str, datetime], tuple[StationRow, StationMeasurement]] = {}
    faults: list[TableFault] = []
    approximate = {row.id for row in rows if row.approximate}
    unstated = {row.id for row in rows if not row.units_stated}
    for row in rows:
        anchor = anchors[row.id]
        if row.place is None or _metres(row.place, anchor.place) > TOLERANCE_M:
            faults.append(_elsewhere(row, anchor, header))
            continue
        if row.place != anchor.place:
            header.notes.add(
                f"{shortened(row.id)!r} is one station, although its position varies by up to "
                f"{TOLERANCE_M:.0f} m",
                row.line,
            )
        station = Station(
            *(row.id, names[row.id], *anchor.place, row.id in approximate, source),
            units_stated=row.id not in unstated,
        )
        key = row.id, row.time
        if key in by_station_time:
            first, measurement = by_station_time[key]
            joined, wrong = _joined(first, measurement, row, header)
            if joined is not measurement and not by_pollutant:
                header.notes.add(
                    "a row is merged with another row of the same station and time", row.line
                )
            by_station_time[key] = first, joined
            faults += wrong
        else:
            by_station_time[key] = row, StationMeasurement(station, row.time, row.reading, row.aqi)
            faults += row.cell_faults
    return tuple(measurement for _, measurement in by_station_time.values()), faults


def _anchors(rows: Iterable[StationRow]) -> dict[str, _Anchor]:
    """Each id's place: the one that most of its rows are near to, of equals the first."""
    places: dict[str, list[_Anchor]] = {}
    for row in rows:
        if row.place is None:
            continue
        anchors = places.setdefault(row.id, [])
        near = next((a for a in anchors if _metres(a.place, row.place) <= TOLERANCE_M), None)
        if near:
            near.rows += 1
        elif len(anchors) < _MOST_ANCHORS:
            anchors.append(_Anchor(row.place, row.line))
    return {id: max(anchors, key=lambda anchor: anchor.rows) for id, anchors in places.items()}


def _names(rows: Iterable[StationRow], header: Header) -> Mapping[str, str]:
    """Each id's name: the first one; another one is noted, except for case and spaces."""
    names: dict[str, str] = {}
    for row in rows:
        if row.name == row.id:
            continue
        first = names.setdefault(row.id, row.name)
        if first.casefold() != row.name.casefold():
            header.notes.add(
                f"{shortened(row.id)!r} is called {shortened(first)!r}, as first written, and also "
                f"{shortened(row.name)!r}",
                row.line,
            )
    return {row.id: names.get(row.id, row.id) for row in rows}


def _elsewhere(row: StationRow, anchor: _Anchor, header: Header) -> TableFault:
    latitude, longitude = row.place or (math.nan, math.nan)
    wanted = f"{anchor.place[0]}, {anchor.place[1]}"
    rule = f"and lon must be within {TOLERANCE_M:.0f} m of {wanted} for this id"
    rule += f", as in line {anchor.line}"
    if _metres((longitude, latitude), anchor.place) <= TOLERANCE_M:
        rule += f": {SWAPPED}"
    return TableFault(row.line, header.title("lat"), rule, f"{latitude}, {longitude}")


def _joined(
    first: StationRow, measurement: StationMeasurement, row: StationRow, header: Header
) -> tuple[StationMeasurement, list[TableFault]]:
    """Join a row to the one before it of that station and time; different values are excluded."""
    stated: dict[str, float | None] = {name: getattr(row.reading, name) for name in POLLUTANTS}
    stated["aqi"] = row.aqi
    has: dict[str, float | None] = {n: getattr(measurement.reading, n) for n in POLLUTANTS}
    has["aqi"] = measurement.aqi
    added = {n: v for n, v in stated.items() if v is not None and has[n] is None}
    other = [n for n, v in stated.items() if v is not None and has[n] not in (None, v)]
    where = f"for this id and time, as in line {first.line}"
    # Where the row only contradicts, nothing of it is used: the whole row is excluded.
    faults = [
        TableFault(
            row.line,
            header.title(name),
            f"must be {has[name]:.10g} {where}",
            f"{stated[name]:.10g}",
            row_kept=bool(added),
        )
        for name in other
    ]
    if not added:
        if not other:
            header.notes.add(
                "duplicate rows count once: an earlier row has the same values for this station "
                "and time",
                row.line,
            )
        return measurement, [*faults, *row.cell_faults]
    values = {n: v for n, v in added.items() if n != "aqi"}
    reading = replace(measurement.reading, **values) if values else measurement.reading
    aqi = row.aqi if "aqi" in added else measurement.aqi
    return replace(measurement, reading=reading, aqi=aqi), [*faults, *row.cell_faults]


def _metres(left: Place, right: Place) -> float:
    """The distance of two near places; far ones only need to come out as far."""
    north = left[0] - right[0]
    east = (left[1] - right[1] + 180) % 360 - 180
    east *= math.cos(math.radians((left[0] + right[0]) / 2))
    return math.hypot(north, east) * _METRES_PER_DEGREE


MOST_BYTES = 5_000_000
MOST_ROWS = 100_000
MOST_FAULTS = 100_000  # a row may have one in each of its cells


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
class UploadedStation:
    """The place of the one station of a table without coordinates, in degrees (WGS 84)."""

    latitude: float
    longitude: float
    name: str = ""


@dataclass(frozen=True)
class Parsed:
    """The content of a file: each row that is not blank is in a measurement or has a fault.

    Measurements are in the file's order, one for a station and time; `ignored` are titles of
    columns not read, `notes` sentences on what was changed without loss. `network` is the table's
    publisher. `unplaced` are measurements of one station whose `UploadedStation` the user must
    enter:
    their coordinates mean nothing. `file_bytes` is the file's size.
    """

    measurements: tuple[StationMeasurement, ...]
    faults: tuple[TableFault, ...]
    ignored: tuple[str, ...]
    notes: tuple[str, ...] = ()
    network: str | None = None
    unplaced: tuple[StationMeasurement, ...] = ()
    file_bytes: int = field(default=0, compare=False)

    @cached_property
    def station_count(self) -> int:
        """Of how many stations the measurements are."""
        return len({m.station for m in self.measurements or self.unplaced})

    @property
    def bad_lines(self) -> tuple[int, ...]:
        """The lines whose rows were excluded, in the file's order."""
        return tuple(dict.fromkeys(fault.line for fault in self.faults if not fault.row_kept))


def parse_stations(
    content: bytes, now: datetime, source: str = "your file", place: UploadedStation | None = None
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
    read: list[StationRow] = []
    faults: list[TableFault] = []
    for line, cells in rows:
        row = (cells,) if isinstance(cells, TableFault) else reader.read(line, cells)
        if isinstance(row, StationRow):
            read.append(row)
        else:
            faults += row
            if len(faults) > MOST_FAULTS:
                raise CsvTableError(f"the file must have at most {MOST_FAULTS:,} faults")
    unplaced = not has_place and place is None
    if not has_place and len({row.id for row in read}) > 1:
        raise CsvTableError(
            f"the file must have the columns lat and lon, as it is of {len({r.id for r in read})} "
            "stations"
        )
    if unplaced:
        read = [replace(row, place=(0.0, 0.0)) for row in read]
        header.notes.add("the table has no coordinates; enter those of its station")
    measurements, contradictions = group_measurements(read, header, source, reader.is_long)
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
        len(content),
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


def _order(
    header: Header, rows: Iterable[tuple[int, Sequence[str] | TableFault]]
) -> DateOrder | None:
    """Return which of two numbers is the day, where the table itself shows it."""
    column = "date" if "date" in header.at else "time"
    order = date_order(
        header.cell(cells, column) for _, cells in rows if not isinstance(cells, TableFault)
    )
    if order:
        header.notes.add(
            f"dates are read with the {order}, because some can only be read in that way"
        )
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
        header.notes.add("stations are distinguished by their names, because there is no column id")
