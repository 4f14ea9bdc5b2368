"""From the rows of a table to measurements: one station for an id, one measurement for a time."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.csv_table.fault import Fault, shortened
from aqfusion.csv_table.header import Header
from aqfusion.stations.csv_row import Row
from aqfusion.stations.station import Measurement, Station
from aqfusion.stations.swapped import SWAPPED

__all__ = ["TOLERANCE_M", "gather"]

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


def gather(
    rows: Iterable[Row], header: Header, source: str, by_pollutant: bool = False
) -> tuple[tuple[Measurement, ...], list[Fault]]:
    """Return the measurements in the order of their rows, and faults where rows contradict.

    A station is where most of its rows say it is, up to `TOLERANCE_M`, and has its first name. A
    row that repeats another counts once; one that adds to another of its time is joined to it,
    as all are in a table that is written `by_pollutant`.
    """
    rows = list(rows)
    anchors = _anchors(rows)
    names = _names(rows, header)
    by_station_time: dict[tuple[str, datetime], tuple[Row, Measurement]] = {}
    faults: list[Fault] = []
    approximate = {row.id for row in rows if row.approximate}
    unstated = {row.id for row in rows if not row.units_stated}
    for row in rows:
        anchor = anchors[row.id]
        if row.place is None or _metres(row.place, anchor.place) > TOLERANCE_M:
            faults.append(_elsewhere(row, anchor, header))
            continue
        if row.place != anchor.place:
            header.notes.add(
                f"{shortened(row.id)!r} is one station, though its place moves by up to "
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
                header.notes.add("a row is joined to another of its station and time", row.line)
            by_station_time[key] = first, joined
            faults += wrong
        else:
            by_station_time[key] = row, Measurement(station, row.time, row.reading, row.aqi)
            faults += row.cell_faults
    return tuple(measurement for _, measurement in by_station_time.values()), faults


def _anchors(rows: Iterable[Row]) -> dict[str, _Anchor]:
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


def _names(rows: Iterable[Row], header: Header) -> Mapping[str, str]:
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


def _elsewhere(row: Row, anchor: _Anchor, header: Header) -> Fault:
    latitude, longitude = row.place or (math.nan, math.nan)
    wanted = f"{anchor.place[0]}, {anchor.place[1]}"
    rule = f"and lon must be within {TOLERANCE_M:.0f} m of {wanted} for this id"
    rule += f", as in line {anchor.line}"
    if _metres((longitude, latitude), anchor.place) <= TOLERANCE_M:
        rule += f": {SWAPPED}"
    return Fault(row.line, header.title("lat"), rule, f"{latitude}, {longitude}")


def _joined(
    first: Row, measurement: Measurement, row: Row, header: Header
) -> tuple[Measurement, list[Fault]]:
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
        Fault(
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
                "doubled rows count once: the same is said of its station and time before", row.line
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
