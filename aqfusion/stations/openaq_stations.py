"""Which stations of OpenAQ are nearest to a place, and what they measure now.

API v3 (https://docs.openaq.org) through its own client; what a server says is checked here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from openaq import OpenAQ, RateLimitError
from openaq.core.responses import LatestResponse, LocationsResponse

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.io.json_models import TableError
from aqfusion.stations.latest import DAY, Sensor, latest
from aqfusion.stations.left_out import LeftOut
from aqfusion.stations.openaq_transport import USED_UP, Fault
from aqfusion.stations.outside import coordinate, distance_km, in_zone, plain_text, time_of
from aqfusion.stations.station import Measurement, Station
from aqfusion.table_file import Field, parse_table

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
    entries: tuple[Field, ...] = ()
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


def _near(entry: Field, place: tuple[float, float], now: datetime) -> _Near | None:
    """Read one location; `None` where it has been silent or measures none of our pollutants."""
    last = entry.optional("datetimeLast", lambda times: time_of(times["utc"]))
    sensors = {
        sensor["id"].whole(): Sensor(name, unit if isinstance(unit, str) else "")
        for sensor in entry["sensors"].entries()
        if (name := sensor["parameter"]["name"].text()) in POLLUTANTS
        for unit in (sensor["parameter"]["units"].value,)
    }
    if last is None or last < now - DAY or not sensors:
        return None
    number, at = entry["id"].count(), entry["coordinates"]
    where = coordinate(at["latitude"], 90), coordinate(at["longitude"], 180)
    name = plain_text(entry.optional("name", Field.text) or "") or f"Station {number}"
    provider = plain_text(entry["provider"]["name"].text())
    station = Station(f"openaq-{number}", name, *where, approximate=False, source=_source(provider))
    zone = entry.optional("timezone", Field.text)
    return _Near(number, station, zone, sensors, distance_km(place, where))


def _source(provider: str) -> str:
    return f"OpenAQ, {provider}" if provider else "OpenAQ"


def _rows(ask: Callable[[], LocationsResponse | LatestResponse]) -> tuple[Field, ...]:
    try:
        content = ask().json().encode(errors="replace")
        return parse_table(content, "OpenAQ")["results"].entries()
    except RateLimitError as error:  # the client's own count of the requests that are left
        raise Fault(USED_UP, final=True) from error
    except _MALFORMED as error:
        raise Fault(_STRANGE) from error
