"""One row of a station table, in the formats that networks publish, or the row's faults."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache, partial

from aqfusion.air.pollutants import POLLUTANTS, parse_unit, pollutant
from aqfusion.air.readings import Reading
from aqfusion.csv_table.column_titles import POLLUTANT_TITLES, title_key
from aqfusion.csv_table.errors import CellError, TableFault, shortened
from aqfusion.csv_table.header import Header
from aqfusion.csv_table.typed_row import (
    RowCells,
    concentration,
    is_absent,
    is_missing,
    past,
    plain_number,
    required,
)
from aqfusion.time_zones import (
    DateOrder,
    TimeError,
    names_offset,
    on_the_clock_of,
    read_time,
    zone,
    zone_at,
)

__all__ = ["FORMATS", "SWAPPED", "Format", "format_of", "refuse_swapped"]

SWAPPED = "are lat and lon swapped?"


@lru_cache(maxsize=4096)
def refuse_swapped(latitude: float, longitude: float) -> None:
    """Raise `CellError` for 0, 0, and for a place at sea that would be on land the other way.

    77.2, 28.6 lies in the Barents Sea, and 28.6, 77.2 is Delhi.
    """
    if abs(latitude) < 0.01 and abs(longitude) < 0.01:
        raise CellError(
            "and lon must be those of a place; 0, 0 often stands for an unknown position"
        )
    if abs(longitude) > 90 or zone_at(latitude, longitude) is not None:
        return
    if zone_at(longitude, latitude) is not None:
        raise CellError(f"must be on land: {SWAPPED}")


_DEGREES = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?(e-[0-9]{1,3})?")
_DEGREES_WITH_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_HAS_DAY = re.compile(r"[0-9]{1,4}[-/. ]")
_SECONDS = re.compile(r"[0-9]{9,10}(\.[0-9]*)?")
_PLACED = ("lat", "lon")
_POLLUTANT_NAMES = {key: name for name in POLLUTANTS for key in (name, *POLLUTANT_TITLES[name])}


@dataclass(frozen=True, slots=True)
class StationRow:
    """The values of one row; a place in degrees (WGS 84), `None` where the table has none."""

    line: int
    id: str
    name: str
    place: tuple[float, float] | None
    time: datetime
    reading: Reading
    aqi: int | None
    cell_faults: tuple[TableFault, ...]
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

    def read(self, line: int, cells: Sequence[str]) -> StationRow | tuple[TableFault, ...]:
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
            row.faults.append(TableFault(line, "", "must have a reading or an aqi", ""))
        lives = aqi is not None or reading.present
        if row.faults or not lives or not id or time is None:
            return row.lost()
        place = None if latitude is None or longitude is None else (latitude, longitude)
        flags = _yes(row), not row.denies("units_stated")
        return StationRow(line, id, name or id, place, time, reading, aqi, row.kept(), *flags)

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
                f"times without an offset are in the time zone {by_place}, according to the "
                "coordinates",
                row.line,
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


@dataclass(frozen=True)
class Format:
    """A network's own table: the keys of titles that only it has all of, and its properties.

    `names` are its own titles, from key to column, `None` where a title means something else here.
    `zone` is that of its times, `order` that of its dates, `seconds` whether times may be counts of
    seconds since 1970. `refused` is the reason why it cannot be read.
    """

    name: str
    needs: frozenset[str]
    names: Mapping[str, str | None] = field(default_factory=dict)
    zone: str | None = None
    order: DateOrder | None = None
    seconds: bool = False
    note: str | None = None
    refused: str | None = None


_FEED = (
    "this is the feed of India's open-data portal (data.gov.in): its numbers are sub-indices of "
    "the AQI, not concentrations, so they cannot be read as readings"
)
_PURPLEAIR = {
    **dict.fromkeys(("pm25atm", "pm25alt", "pm25atma", "pm25cf1", "pm25cf1a"), "pm25"),
    **dict.fromkeys(("pm100atm", "pm100atma", "pm100cf1", "pm100cf1a"), "pm10"),
    "sensorindex": "id",
    "timestamp": "time",
}
# https://docs.openaq.org/aws/about, https://archive.sensor.community, AirGradient's dashboard,
# https://api.purpleair.com (sensor history as CSV), https://app.cpcbccr.com (CAAQM reports).
FORMATS = (
    *(
        Format("data.gov.in", frozenset(("pollutantid", mean)), {mean: "value"}, refused=_FEED)
        for mean in ("pollutantavg", "avgvalue")
    ),
    Format("OpenAQ", frozenset(("locationid", "sensorsid", "parameter", "units", "value"))),
    Format("OpenAQ", frozenset(("locationid", "parameter", "value", "unit", "datetimeutc"))),
    Format(
        "OpenAQ",
        frozenset(("location", "utc", "parameter", "value", "unit")),
        {"local": None, "location": "name", "locationid": "id"},
    ),
    Format(
        "sensor.community",
        frozenset(("sensorid", "sensortype", "timestamp", "p1", "p2")),
        {"p1": "pm10", "p2": "pm25", "location": None},
        zone="UTC",
        note="P1 is PM10 and P2 is PM2.5, in ug/m3; the times are UTC",
    ),
    Format("AirGradient", frozenset(("locationid", "locationname", "placeopen"))),
    Format(
        "PurpleAir",
        frozenset(("timestamp", "sensorindex")),
        _PURPLEAIR,
        seconds=True,
        note="readings are as the sensor gives them, without any correction for humidity",
    ),
    Format(
        "CPCB",
        frozenset(("fromdate", "todate")),
        {"fromdate": "time"},
        zone="Asia/Kolkata",
        order="day first",
        note="dates have the day first, times are the start of each mean, on the clock of India",
    ),
)


def format_of(titles: Sequence[str]) -> Format | None:
    """Return the network whose table these titles are of, `None` where it is none of them.

    >>> found = format_of(["From Date", "To Date", "PM2.5 (ug/m3)"])
    >>> found and found.name
    'CPCB'
    """
    keys = {title_key(title) for title in titles}
    return next((entry for entry in FORMATS if entry.needs <= keys), None)
