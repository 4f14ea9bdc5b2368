"""A place where air is measured, and one measurement there."""

from dataclasses import dataclass
from datetime import datetime

from aqfusion.air.sensors import Reading


@dataclass(frozen=True)
class Station:
    """A place; latitude and longitude in degrees (WGS 84), `approximate` where they are not stated.

    `name` and `id` come from outside: text to show, never HTML and never a path. Without
    `units_stated` the units of its readings are unknown, so that no formula applies to them.
    """

    id: str
    name: str
    latitude: float
    longitude: float
    approximate: bool
    source: str
    units_stated: bool = True


@dataclass(frozen=True)
class Measurement:
    """A measurement at a station at a time, which names its zone; `aqi` where it was stated."""

    station: Station
    time: datetime
    reading: Reading
    aqi: int | None
