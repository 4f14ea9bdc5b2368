"""One station's latest readings: of each pollutant the newest, in canonical units, none stale."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aqfusion.air.pollutants import POLLUTANTS, ReadingError, parse_unit
from aqfusion.air.sensors import Reading
from aqfusion.io.json_models import Number, TableError, Whole, check
from aqfusion.stations.left_out import LeftOut
from aqfusion.stations.outside import UtcTime

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
    known = [row for entry in rows if (row := _row(entry, sensors, now))]
    dated = [(row.time, row) for row in known if row.time]
    since = max([now, *(time for time, _ in dated)]) - DAY
    current = sorted(((t, row) for t, row in dated if t >= since), key=lambda pair: pair[0])
    stale = {row.sensor.pollutant for _, row in dated} - {
        row.sensor.pollutant for _, row in current
    }
    left_out = LeftOut(impossible=len(known) - len(dated), older=len(stale))
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
class _Stored:
    value: Any
    datetime: Any = None


def _row(entry: object, sensors: Mapping[int, Sensor], now: datetime) -> _Row | None:
    sensor = sensors.get(check(_OfSensor, entry, "OpenAQ").sensorsId)
    if sensor is None or sensor.pollutant not in POLLUTANTS:
        return None
    stored: _Stored = check(_Stored, entry, "OpenAQ")
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
