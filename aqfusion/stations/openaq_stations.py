"""Which stations of OpenAQ are nearest to a place, and what they measure now.

API v3 (https://docs.openaq.org) through its own client; what a server says is checked here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from openaq import OpenAQ, RateLimitError
from openaq.core.responses import LatestResponse, LocationsResponse

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.io.json_models import Count, TableError, Text, Whole, check, parse_table
from aqfusion.stations.latest import DAY, Sensor, latest
from aqfusion.stations.left_out import LeftOut
from aqfusion.stations.openaq_transport import USED_UP, Fault
from aqfusion.stations.outside import (
    Latitude,
    Longitude,
    UtcTime,
    distance_km,
    in_zone,
    plain_text,
)
from aqfusion.stations.station import Measurement, Station

STATIONS = 5
RADIUS_KM = 25  # the largest that the API takes
_CLOSER_KM = 5
_MOST_LOCATIONS = 1000
_SLACK_KM = 1.0  # the API's earth is not quite ours
_STRANGE = "OpenAQ's answer does not have the form of its API"
_NONE = f"OpenAQ has nothing from the last day within {RADIUS_KM} km"
_LONG = 600  # seconds; a station reports once an hour
# What the client raises at an answer of another shape.
_MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class _Answer:
    results: list[Any]


@dataclass(frozen=True)
class Fetched:
    """What one fetch brought, nearest station first; `fault` is why some of it may be missing."""

    measurements: tuple[Measurement, ...]
    left_out: LeftOut
    fault: Fault | None


@dataclass(frozen=True)
class _Near:
    number: int
    station: Station
    zone: str | None
    sensors: Mapping[int, Sensor]
    distance_km: float


def fetch(client: OpenAQ, place: tuple[float, float], now: datetime) -> Fetched:
    """Ask one or two lists and at most `STATIONS` stations; `Fault` where nothing came of it."""
    near = _nearest(client, place, now)
    if not near:
        raise Fault(_NONE, _LONG, here_only=True)
    found: list[Measurement] = []
    left_out, answered, fault = LeftOut(), 0, None
    for one in near:
        try:
            rows = _rows(partial(client.locations.latest, one.number))
            now_there = latest(rows, one.sensors, now)
        except (Fault, TableError) as error:
            fault = error if isinstance(error, Fault) else Fault(_STRANGE)
            if fault.final:
                break
            continue
        answered += 1
        left_out += now_there.left_out
        if now_there.time is not None:
            time = in_zone(now_there.time, one.zone)
            found.append(Measurement(one.station, time, now_there.reading, aqi=None))
    if fault is not None and not answered:
        raise fault
    left_out += LeftOut(unanswered=len(near) - answered)
    if not found:
        told = left_out.sentence
        raise Fault(f"{_NONE} ({told.rstrip('.')})" if told else _NONE, _LONG, here_only=True)
    return Fetched(tuple(found), left_out, fault)


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
        raise Fault(_STRANGE)
    within = [one for one in read if one and one.distance_km <= RADIUS_KM + _SLACK_KM]
    unique = {one.number: one for one in within}.values()
    return sorted(unique, key=lambda one: (one.distance_km, one.number))[:STATIONS]


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
class _Times:
    utc: UtcTime


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
        answer: _Answer = check(_Answer, parse_table(content, "OpenAQ"), "OpenAQ")
        return answer.results
    except RateLimitError as error:  # the client's own count of the requests that are left
        raise Fault(USED_UP, final=True) from error
    except _MALFORMED as error:
        raise Fault(_STRANGE) from error
