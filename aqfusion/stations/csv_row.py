"""One row of a station file: a measurement, or all that is wrong with its cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aqfusion.csv_table.fault import CellError, Fault
from aqfusion.csv_table.header import Header
from aqfusion.csv_table.row import RowCells, given, past, whole_aqi
from aqfusion.stations.local_time import read_time, zone
from aqfusion.stations.station import Measurement, Station

_DEGREES = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")
_DEGREES_WITH_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")


@dataclass(frozen=True)
class RowReader:
    """How the rows of one file are read."""

    header: Header
    now: datetime
    source: str

    def read(self, line: int, cells: Sequence[str]) -> Measurement | tuple[Fault, ...]:
        """Read one row, which has a cell for each title."""
        row = RowCells(self.header, line, cells)
        across = row.text("lon")
        id = row.take("id", given)
        name = row.take("name", str)
        latitude = row.take("lat", lambda text: _latitude(text, across))
        longitude = row.take("lon", lambda text: _degrees(text, 180))
        local = row.take("timezone", lambda text: zone(text) if text else None)
        time = row.take("time", lambda text: past(read_time(given(text), local), self.now))
        aqi = row.take("aqi", whole_aqi)
        reading = row.reading()
        if not row.faults and aqi is None and not reading.present:
            row.faults.append(Fault(line, "", "must have a reading or an aqi", ""))
        if row.faults or id is None or latitude is None or longitude is None or time is None:
            return tuple(row.faults)
        station = Station(id, name or id, latitude, longitude, False, self.source)
        return Measurement(station, time, reading, aqi)


def _degrees(text: str, most: int) -> float:
    if _DEGREES_WITH_COMMA.fullmatch(given(text)):
        raise CellError("must have a point, not a comma")
    if not _DEGREES.fullmatch(text):
        raise CellError("must be a number of degrees as in 28.6286")
    if not abs(float(text)) <= most:
        raise CellError(f"must be -{most} to {most}")
    return float(text)


def _latitude(text: str, across: str) -> float:
    """Read a latitude; one that only a longitude can be may stand in the wrong column."""
    try:
        return _degrees(text, 90)
    except CellError as error:
        swapped = _within(text, 180) and _within(across, 90)
        raise CellError(f"{error}: are lat and lon swapped?" if swapped else str(error)) from error


def _within(text: str, most: int) -> bool:
    return bool(_DEGREES.fullmatch(text)) and abs(float(text)) <= most
