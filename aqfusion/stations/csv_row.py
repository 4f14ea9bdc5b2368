"""One row of a station file: a measurement, or all that is wrong with its cells."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from aqfusion.air.pollutants import POLLUTANTS, ReadingError
from aqfusion.air.sensors import Reading
from aqfusion.errors import InputError
from aqfusion.stations.csv_header import Header
from aqfusion.stations.local_time import TimeError, read_time, zone
from aqfusion.stations.station import Measurement, Station

_LONGEST_CELL = 200
_DEGREES = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")
_DEGREES_WITH_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_WHOLE = re.compile(r"[0-9]{1,3}")
_T = TypeVar("_T")
_Take = Callable[[str, Callable[[str], object]], object]


class CellError(InputError):
    """A cell that breaks a rule; the message is the rule alone."""


@dataclass(frozen=True)
class Fault:
    """What is wrong in a line of a file, counted from 1; no `column` where it is the whole line."""

    line: int
    column: str
    rule: str
    value: str


@dataclass(frozen=True)
class RowReader:
    """How the rows of one file are read."""

    header: Header
    now: datetime
    source: str

    def read(self, line: int, cells: Sequence[str]) -> Measurement | tuple[Fault, ...]:
        """Read one row, which has a cell for each title."""
        faults: list[Fault] = []

        def take(column: str, read: Callable[[str], _T]) -> _T | None:
            text = self.header.cell(cells, column)
            try:
                if len(text) > _LONGEST_CELL:
                    raise CellError(f"must have at most {_LONGEST_CELL} characters")
                return read(text)
            except (CellError, TimeError) as error:
                faults.append(Fault(line, self.header.title(column), str(error), shown(text)))
                return None

        across = self.header.cell(cells, "lon")
        id = take("id", _given)
        name = take("name", str)
        latitude = take("lat", lambda text: _latitude(text, across))
        longitude = take("lon", lambda text: _degrees(text, 180))
        local = take("timezone", lambda text: zone(text) if text else None)
        time = take("time", lambda text: _past(read_time(_given(text), local), self.now))
        aqi = take("aqi", _aqi)
        reading = self._reading(cells, take)
        if not faults and aqi is None and not reading.present:
            faults.append(Fault(line, "", "must have a reading or an aqi", ""))
        if faults or id is None or latitude is None or longitude is None or time is None:
            return tuple(faults)
        station = Station(id, name or id, latitude, longitude, False, self.source)
        return Measurement(station, time, reading, aqi)

    def _reading(self, cells: Sequence[str], take: _Take) -> Reading:
        """Read all six at once, and one by one only where one of them is wrong."""
        units = self.header.units
        try:
            return Reading.of({name: self.header.cell(cells, name) for name in POLLUTANTS}, units)
        except ReadingError:
            for name in POLLUTANTS:
                unit = {name: units[name]} if name in units else {}
                take(name, partial(_concentration, name, unit))
            return Reading()


def shown(text: str) -> str:
    """Shorten a cell for a list of faults."""
    return text if len(text) <= 80 else f"{text[:77]}..."


def _given(text: str) -> str:
    if not text:
        raise CellError("must be given")
    return text


def _degrees(text: str, most: int) -> float:
    if _DEGREES_WITH_COMMA.fullmatch(_given(text)):
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


def _past(time: datetime, now: datetime) -> datetime:
    if time > now:
        raise CellError("must not be in the future")
    return time


def _aqi(text: str) -> int | None:
    if not text:
        return None
    if not (_WHOLE.fullmatch(text) and int(text) <= 500):
        raise CellError("must be a whole number from 0 to 500")
    return int(text)


def _concentration(name: str, unit: Mapping[str, str], text: str) -> None:
    try:
        Reading.of({name: text}, unit)
    except ReadingError as error:  # "pm25 must be >= 0 ug/m3, got -1"
        raise CellError(str(error).removeprefix(f"{name} ").partition(", got ")[0]) from error
