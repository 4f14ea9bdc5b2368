"""The stations of OpenAQ nearest to a place and their latest readings, none stale.

API v3 (https://docs.openaq.org) through its own client; what a server says is checked here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from openaq import OpenAQ, RateLimitError
from openaq.core.responses import LatestResponse, LocationsResponse

from aqfusion.air.pollutants import POLLUTANTS, ReadingError, parse_unit
from aqfusion.air.readings import Reading
from aqfusion.io.json_models import (
    Count,
    Latitude,
    Longitude,
    Number,
    TableError,
    Text,
    Whole,
    check,
    parse_table,
)
from aqfusion.stations.external_values import UtcTime, distance_km, in_zone, plain_text
from aqfusion.stations.measurements import Station, StationMeasurement
from aqfusion.stations.openaq_transport import USED_UP, TransportError


@dataclass(frozen=True)
class LeftOut:
    """Counts: readings in unknown units, impossible ones, older ones, and silent stations."""

    unknown_units: int = 0
    impossible: int = 0
    older: int = 0
    unanswered: int = 0

    def __add__(self, other: "LeftOut") -> "LeftOut":
        """Count both."""
        sums = (getattr(self, f.name) + getattr(other, f.name) for f in fields(self))
        return LeftOut(*sums)

    @property
    def sentence(self) -> str | None:
        """The excluded measurements in a sentence; `None` where there are none.

        >>> LeftOut(unknown_units=1, older=2).sentence
        'Left out: 1 reading in an unknown unit, 2 readings more than a day old.'
        """
        counted = (
            (self.unknown_units, "reading{s} in an unknown unit"),
            (self.impossible, "reading{s} with an impossible value or time"),
            (self.older, "reading{s} more than a day old"),
            (self.unanswered, "station{s} whose readings could not be loaded"),
        )
        phrases = [f"{n} {what.format(s='s' * (n > 1))}" for n, what in counted if n]
        return f"Left out: {', '.join(phrases)}." if phrases else None


DAY = timedelta(days=1)
AHEAD = timedelta(hours=1)  # clocks differ, and an hour's mean may carry the hour's end


@dataclass(frozen=True)
class Sensor:
    """What a sensor measures, as its owner says: one of `POLLUTANTS`, and any unit."""

    pollutant: str
    unit: str


@dataclass(frozen=True)
class Latest:
    """What a station measures now; `time` in UTC is the newest reading's, `None` without any."""

    reading: Reading
    time: datetime | None
    left_out: LeftOut


@dataclass(frozen=True)
class _Row:
    sensor: Sensor
    value: object
    time: datetime | None  # None: not a time, or one to come


def latest(rows: Iterable[object], sensors: Mapping[int, Sensor], now: datetime) -> Latest:
    """Read the rows of OpenAQ's `latest`; those of sensors that are not in `sensors` are ignored.

    A reading that is a day older than now, or than the station's newest, is not mixed with it.
    """
    read = [row for entry in rows if (row := _row(entry, sensors, now))]
    dated = [(row.time, row) for row in read if row.time]
    since = max([now, *(time for time, _ in dated)]) - DAY
    current = sorted(((t, row) for t, row in dated if t >= since), key=lambda pair: pair[0])
    stale = {row.sensor.pollutant for _, row in dated} - {
        row.sensor.pollutant for _, row in current
    }
    left_out = LeftOut(impossible=len(read) - len(dated), older=len(stale))
    values: dict[str, float] = {}
    newest: datetime | None = None
    for time, row in current:  # a later one replaces an earlier one
        try:
            values[row.sensor.pollutant] = _canonical(row)
            newest = time
        except _UnknownUnit:
            left_out += LeftOut(unknown_units=1)
        except (ReadingError, TableError):
            left_out += LeftOut(impossible=1)
    return Latest(Reading(**values), newest, left_out)


class _UnknownUnit(Exception):
    pass


@dataclass(frozen=True)
class _OfSensor:
    sensorsId: Whole


@dataclass(frozen=True)
class _Times:
    utc: UtcTime


@dataclass(frozen=True)
class _StoredLatest:
    value: Any
    datetime: Any = None


def _row(entry: object, sensors: Mapping[int, Sensor], now: datetime) -> _Row | None:
    sensor = sensors.get(check(_OfSensor, entry, "OpenAQ").sensorsId)
    if sensor is None or sensor.pollutant not in POLLUTANTS:
        return None
    stored: _StoredLatest = check(_StoredLatest, entry, "OpenAQ")
    try:
        time: datetime = check(_Times, stored.datetime, "OpenAQ").utc
    except TableError:
        return _Row(sensor, stored.value, None)
    return _Row(sensor, stored.value, time if time <= now + AHEAD else None)


def _canonical(row: _Row) -> float:
    name = row.sensor.pollutant
    try:
        unit = parse_unit(name, row.sensor.unit)
    except ReadingError as error:
        raise _UnknownUnit from error
    number: float = check(Number, row.value, "OpenAQ")
    value = getattr(Reading.from_values({name: number}, {name: unit}), name)
    return float(value)


STATIONS = 5
RADIUS_KM = 25  # the largest that the API takes
_CLOSER_KM = 5
_MOST_LOCATIONS = 1000
_SLACK_KM = 1.0  # the API's earth is not quite ours
_STRANGE = "OpenAQ's answer does not have the form of its API"
_NONE = f"OpenAQ has no data from the last day within {RADIUS_KM} km"
_LONG = 600  # seconds; a station reports once an hour
# What the client raises at an answer of another shape.
_MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class _StationsPage:
    results: list[Any]


@dataclass(frozen=True)
class Fetched:
    """What one fetch brought, nearest station first; `fault` is why some of it may be missing."""

    measurements: tuple[StationMeasurement, ...]
    left_out: LeftOut
    fault: TransportError | None


@dataclass(frozen=True)
class _Near:
    number: int
    station: Station
    zone: str | None
    sensors: Mapping[int, Sensor]
    distance_km: float


def fetch(client: OpenAQ, place: tuple[float, float], now: datetime) -> Fetched:
    """Ask one or two lists and at most `STATIONS` stations; `TransportError` where that fails."""
    near = _nearest(client, place, now)
    if not near:
        raise TransportError(_NONE, _LONG, here_only=True)
    measurements: list[StationMeasurement] = []
    left_out, answered, fault = LeftOut(), 0, None
    for location in near:
        try:
            rows = _rows(partial(client.locations.latest, location.number))
            now_there = latest(rows, location.sensors, now)
        except (TransportError, TableError) as error:
            fault = error if isinstance(error, TransportError) else TransportError(_STRANGE)
            if fault.final:
                break
            continue
        answered += 1
        left_out += now_there.left_out
        if now_there.time is not None:
            time = in_zone(now_there.time, location.zone)
            measurements.append(
                StationMeasurement(location.station, time, now_there.reading, aqi=None)
            )
    if fault is not None and not answered:
        raise fault
    left_out += LeftOut(unanswered=len(near) - answered)
    if not measurements:
        reason = left_out.sentence
        raise TransportError(
            f"{_NONE} ({reason.rstrip('.')})" if reason else _NONE, _LONG, here_only=True
        )
    return Fetched(tuple(measurements), left_out, fault)


def _nearest(client: OpenAQ, place: tuple[float, float], now: datetime) -> list[_Near]:
    """Return the stations that measure now; the API sorts by id only, so all are asked for."""
    entries: list[Any] = []
    for radius in (RADIUS_KM, _CLOSER_KM):
        entries = _rows(
            partial(
                client.locations.list,
                coordinates=place,
                radius=radius * 1000,
                limit=_MOST_LOCATIONS,
                mobile=False,
            )
        )
        if len(entries) < _MOST_LOCATIONS:
            break
    read, strange = [], 0
    for entry in entries:
        try:
            read.append(_near(entry, place, now))
        except TableError:
            strange += 1
    if strange and not read:
        raise TransportError(_STRANGE)
    within = [entry for entry in read if entry and entry.distance_km <= RADIUS_KM + _SLACK_KM]
    unique = {entry.number: entry for entry in within}.values()
    return sorted(unique, key=lambda entry: (entry.distance_km, entry.number))[:STATIONS]


@dataclass(frozen=True)
class _Parameter:
    name: Text


@dataclass(frozen=True)
class _AnySensor:
    parameter: _Parameter


@dataclass(frozen=True)
class _ParameterWithUnits:
    name: Text
    units: Any


@dataclass(frozen=True)
class _OurSensor:
    id: Whole
    parameter: _ParameterWithUnits


@dataclass(frozen=True)
class _Activity:
    sensors: list[Any]
    datetimeLast: _Times | None = None


@dataclass(frozen=True)
class _Coordinates:
    latitude: Latitude
    longitude: Longitude


@dataclass(frozen=True)
class _Provider:
    name: Text


@dataclass(frozen=True)
class _Location:
    id: Count
    coordinates: _Coordinates
    provider: _Provider
    name: Text | None = None
    timezone: Text | None = None


def _near(entry: object, place: tuple[float, float], now: datetime) -> _Near | None:
    """Read one location; `None` where it has been silent or measures none of our pollutants."""
    activity: _Activity = check(_Activity, entry, "OpenAQ")
    sensors = {}
    for stored in activity.sensors:
        if check(_AnySensor, stored, "OpenAQ").parameter.name in POLLUTANTS:
            sensor: _OurSensor = check(_OurSensor, stored, "OpenAQ")
            units = sensor.parameter.units
            unit = units if isinstance(units, str) else ""
            sensors[sensor.id] = Sensor(sensor.parameter.name, unit)
    last = activity.datetimeLast
    if last is None or last.utc < now - DAY or not sensors:
        return None
    location: _Location = check(_Location, entry, "OpenAQ")
    where = location.coordinates.latitude, location.coordinates.longitude
    name = plain_text(location.name or "") or f"Station {location.id}"
    source = _source(plain_text(location.provider.name))
    station = Station(f"openaq-{location.id}", name, *where, approximate=False, source=source)
    return _Near(location.id, station, location.timezone, sensors, distance_km(place, where))


def _source(provider: str) -> str:
    return f"OpenAQ, {provider}" if provider else "OpenAQ"


def _rows(ask: Callable[[], LocationsResponse | LatestResponse]) -> list[Any]:
    try:
        content = ask().json().encode(errors="replace")
        answer: _StationsPage = check(_StationsPage, parse_table(content, "OpenAQ"), "OpenAQ")
        return answer.results
    except RateLimitError as error:  # the client's own count of the requests that are left
        raise TransportError(USED_UP, final=True) from error
    except _MALFORMED as error:
        raise TransportError(_STRANGE) from error
