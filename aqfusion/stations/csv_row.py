"""One row of a station file: a station's measurement at a time, or the faults of the row."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache, partial

from aqfusion.air.pollutants import POLLUTANTS, parse_unit, pollutant
from aqfusion.air.sensors import Reading
from aqfusion.csv_table.cell_values import concentration, is_absent, is_missing, plain_number
from aqfusion.csv_table.fault import CellError, Fault, shortened
from aqfusion.csv_table.header import Header
from aqfusion.csv_table.row import RowCells, past, required
from aqfusion.csv_table.titles import POLLUTANT_TITLES, title_key
from aqfusion.stations.swapped import refuse_swapped
from aqfusion.time_zones import (
    DateOrder,
    TimeError,
    names_offset,
    on_the_clock_of,
    read_time,
    zone,
    zone_at,
)

_DEGREES = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?(e-[0-9]{1,3})?")
_DEGREES_WITH_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_HAS_DAY = re.compile(r"[0-9]{1,4}[-/. ]")
_SECONDS = re.compile(r"[0-9]{9,10}(\.[0-9]*)?")
_PLACED = ("lat", "lon")
_POLLUTANT_NAMES = {key: name for name in POLLUTANTS for key in (name, *POLLUTANT_TITLES[name])}


@dataclass(frozen=True)
class Row:
    """The values of one row; a place in degrees (WGS 84), `None` where the table has none."""

    line: int
    id: str
    name: str
    place: tuple[float, float] | None
    time: datetime
    reading: Reading
    aqi: int | None
    cell_faults: tuple[Fault, ...]
    approximate: bool = False
    units_stated: bool = True


@dataclass(frozen=True)
class RowReader:
    """Reads the rows of one file.

    `place` and `station` are those of all rows where the table itself names none; `zone` and
    `order` are those of its times, which may be counts of `seconds` since 1970.
    """

    header: Header
    now: datetime
    place: tuple[float, float] | None = None
    station: str = "station"
    zone: tzinfo | None = None
    order: DateOrder | None = None
    seconds: bool = False

    @property
    def is_long(self) -> bool:
        """Whether each row has one pollutant's value, with its name in another column."""
        return {"parameter", "value"} <= self.header.at.keys() and not any(
            name in self.header.at for name in POLLUTANTS
        )

    def read(self, line: int, cells: Sequence[str]) -> Row | tuple[Fault, ...]:
        """Read one row, which has a cell for each title; one of another parameter has no faults."""
        row = RowCells(self.header, line, cells)
        if self.is_long and not self._is_of_a_pollutant(row):
            return ()
        name = _text(row.text("name"))
        id = _text(row.take("id", required)) if "id" in self.header.at else name or self.station
        latitude, longitude = self._place(row)
        local = self._local(row, latitude, longitude)
        time = self._time(row, latitude, longitude, local)
        aqi = row.aqi("aqi") if "aqi" in self.header.at else None
        reading = self._long_reading(row) if self.is_long else row.reading()
        if not row.lost() and aqi is None and not reading.present:
            row.faults.append(Fault(line, "", "must have a reading or an aqi", ""))
        lives = aqi is not None or reading.present
        if row.faults or not lives or not id or time is None:
            return row.lost()
        place = None if latitude is None or longitude is None else (latitude, longitude)
        flags = _yes(row), not row.denies("units_stated")
        return Row(line, id, name or id, place, time, reading, aqi, row.kept(), *flags)

    def _local(
        self, row: RowCells, latitude: float | None, longitude: float | None
    ) -> tzinfo | None:
        if "timezone" not in self.header.at:
            return None
        # A time that names its own offset can do without the zone.
        take = row.optional if names_offset(self._time_text(row)) else row.take
        return take("timezone", partial(_zone, latitude=latitude, longitude=longitude))

    def _is_of_a_pollutant(self, row: RowCells) -> bool:
        parameter = row.text("parameter")
        if title_key(parameter) in _POLLUTANT_NAMES:
            return True
        self.header.notes.add(f"rows of {shortened(parameter)!r} are not read", row.line)
        return False

    def _long_reading(self, row: RowCells) -> Reading:
        name = _POLLUTANT_NAMES[title_key(row.text("parameter"))]
        stated = row.text("unit")
        if "unit" not in self.header.at:
            stated = pollutant(name).unit
            self.header.notes.add(f"{name} has no unit and is taken in {stated}")

        def read(text: str) -> float | None:
            if is_missing(text):
                return None
            unit = parse_unit(name, stated)
            self.header.refuse_doubtful(text)
            return concentration(name, text, unit, self.header.decimal_comma)

        return Reading(**{name: row.optional("value", read)})

    def _place(self, row: RowCells) -> tuple[float | None, float | None]:
        if not all(column in self.header.at for column in _PLACED):
            return self.place or (None, None)
        comma = self.header.decimal_comma
        across = row.text("lon")
        latitude = row.take("lat", lambda text: _latitude(text, across, comma))
        longitude = row.take("lon", lambda text: _degrees(text, 180, comma))
        if latitude is not None and longitude is not None:
            row.take("lat", lambda _: refuse_swapped(latitude, longitude))
        return latitude, longitude

    def _time(
        self, row: RowCells, latitude: float | None, longitude: float | None, local: tzinfo | None
    ) -> datetime | None:
        text = self._time_text(row)
        column = "time" if "time" in self.header.at else "date"
        if self.seconds and _SECONDS.fullmatch(text):
            moment = datetime.fromtimestamp(float(text), UTC)
            moment = moment if local is None else on_the_clock_of(local, moment)
            return row.take(column, lambda _: past(moment, self.now))
        named = self.zone
        if self.header.zone and named is None:
            stated = str(self.header.zone)
            named = row.take(column, lambda _: _zone(stated, latitude, longitude))
        by_place = None
        placed = latitude is not None and longitude is not None
        if named is None and local is None and placed and not names_offset(text):
            by_place = zone_at(latitude or 0.0, longitude or 0.0)

        def read(_: str) -> datetime:
            clock = (named or local or by_place) if not names_offset(text) else local
            time = past(read_time(required(text), clock, self.order), self.now)
            return time if local is None else on_the_clock_of(local, time)

        time = row.take(column, read)
        if time is not None and by_place is not None:
            self.header.notes.add(
                f"times without an offset are those of {by_place}, by the coordinates", row.line
            )
        return time

    def _time_text(self, row: RowCells) -> str:
        """Return the time as it is written, in one column or with its day in another."""
        day, clock = row.text("date"), row.text("time")
        if "date" not in self.header.at:
            return clock
        if "time" not in self.header.at:
            return day
        # A time that names its own day needs no other.
        day = day.removesuffix(" 00:00:00") if clock else day  # a spreadsheet's plain day
        return clock if _HAS_DAY.match(clock) else f"{day} {clock}".strip()


def _yes(row: RowCells) -> bool:
    return row.text("approximate").casefold() in {"yes", "true", "1"}


def _text(text: str | None) -> str:
    """A name on one line, empty where the cell holds none."""
    plain = " ".join((text or "").split())
    return "" if is_absent(plain) else plain


def _zone(text: str, latitude: float | None, longitude: float | None) -> tzinfo | None:
    """Read a zone; a short name as IST, which many have, only where the place's clock has it."""
    if is_absent(text):
        return None
    try:
        return zone(text)
    except TimeError:
        placed = latitude is not None and longitude is not None
        there = zone_at(latitude or 0.0, longitude or 0.0) if placed else None
        short = {datetime(2026, month, 1, tzinfo=there).tzname() for month in (1, 7)}
        if there is not None and text.strip().upper() in short:
            return there
        raise


@lru_cache(maxsize=4096)
def _degrees(text: str, most: int, comma: bool) -> float:
    plain = required(text).replace("−", "-")
    if _DEGREES_WITH_COMMA.fullmatch(plain):
        plain = str(plain_number(plain, comma))
    if not _DEGREES.fullmatch(plain):
        raise CellError("must be a number of degrees as in 28.6286")
    if not abs(float(plain)) <= most:
        raise CellError(f"must be -{most} to {most}")
    return float(plain)


def _latitude(text: str, across: str, comma: bool) -> float:
    """Read a latitude; one that can only be a longitude may be in the wrong column."""
    try:
        return _degrees(text, 90, comma)
    except CellError as error:
        pair = [cell.replace(",", ".") if comma else cell for cell in (text, across)]
        swapped = _within(pair[0], 180) and _within(pair[1], 90)
        raise CellError(f"{error}: are lat and lon swapped?" if swapped else str(error)) from error


def _within(text: str, most: int) -> bool:
    return bool(_DEGREES.fullmatch(text)) and abs(float(text)) <= most
