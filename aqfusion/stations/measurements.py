"""Stations, their measurements, and summaries of them for a map."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aqfusion.air.aqi import Category, Standard
from aqfusion.air.aqi import standard as standard_named
from aqfusion.air.pollutants import pollutant
from aqfusion.air.readings import Reading


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class StationMeasurement:
    """A measurement at a station at a time, which names its zone; `aqi` where it was stated."""

    station: Station
    time: datetime
    reading: Reading
    aqi: int | None


_NEAR = 25  # AQI points: what hourly values and newer breakpoints make of a published index
_STATED = "us"  # the scale of a stated AQI, in the public set and in a person's own file
# Live stations report every hour; in a record, a measurement of the same day still counts.
LIVE_IS_OLD_AFTER = timedelta(hours=3)
RECORD_IS_OLD_AFTER = timedelta(hours=24)
# A unit is used up to its number: 47 hours, then 2 days; 59 days, then 2 months of 30.44.
_AGES = (
    ("minute", timedelta(minutes=1), timedelta(hours=1)),
    ("hour", timedelta(hours=1), timedelta(hours=48)),
    ("day", timedelta(days=1), timedelta(days=61)),
    ("month", timedelta(days=30.44), timedelta(days=730.5)),
    ("year", timedelta(days=365.25), timedelta.max),
)


@dataclass(frozen=True)
class MeasurementSummary:
    """The AQI of a measurement: `aqi` is the stated one where there is one.

    `category` is the standard's for that AQI; `dominant` is the measured pollutant that sets it,
    `None` where none comes near a stated AQI. Without any AQI all three are `None` and `why`
    is the reason; else it is the source of the AQI.
    """

    aqi: int | None
    category: Category | None
    dominant: str | None
    stated: bool
    beyond: bool
    why: str


def latest(
    measurements: Iterable[StationMeasurement], at: datetime
) -> tuple[StationMeasurement, ...]:
    """Return each station's last measurement at a time or before, in the order of its name."""
    newest: dict[Station, StationMeasurement] = {}
    for measurement in measurements:
        last = newest.get(measurement.station)
        if measurement.time <= at and (last is None or measurement.time >= last.time):
            newest[measurement.station] = measurement
    return tuple(sorted(newest.values(), key=lambda m: (m.station.name, m.station.id)))


def summarise(measurement: StationMeasurement, standard: Standard) -> MeasurementSummary:
    """Judge a measurement by a standard; the US AQI that its source states wins over the formula.

    In another standard the same number would mean another air.
    """
    index = standard.index(measurement.reading)
    if measurement.aqi is not None and standard is standard_named(_STATED):
        worst = _setting(measurement.aqi, index.sub_indices)
        category = standard.category_of(measurement.aqi)
        return MeasurementSummary(
            measurement.aqi, category, worst, True, False, "AQI as stated by its source"
        )
    if measurement.reading.present and not measurement.station.units_stated:
        why = (
            f"The {standard.short_name} cannot be calculated: the station does not state its units."
        )
        return MeasurementSummary(None, None, None, False, False, why)
    if index.aqi is None:
        return MeasurementSummary(None, None, None, False, False, index.incomplete or "")
    labels = ", ".join(pollutant(name).label for name in measurement.reading.present)
    why = f"{standard.short_name} by formula, from {labels}"
    return MeasurementSummary(index.aqi, index.category, index.dominant, False, index.beyond, why)


def _setting(stated: int, sub_indices: Mapping[str, int]) -> str | None:
    """The pollutant that explains a stated AQI best.

    Not the one with the worst sub-index: stations give CO in units that nobody states, and
    by formula a clean day in Bengaluru would be hazardous.
    """
    near = {name: abs(index - stated) for name, index in sub_indices.items()}
    best = min(near, key=lambda name: near[name], default=None)
    return best if best is not None and near[best] <= _NEAR else None


def age_in_words(time: datetime, now: datetime) -> str:
    """The age of a time, rounded down.

    >>> now = datetime(2024, 1, 4, 12, tzinfo=UTC)
    >>> age_in_words(datetime(2024, 1, 1, tzinfo=UTC), now), age_in_words(now, now)
    ('3 days old', 'just now')
    """
    age = now - time
    if age < timedelta(minutes=1):
        return "just now"
    name, unit = next((name, unit) for name, unit, end in _AGES if age < end)
    count = age // unit
    return f"{count} {name}{'' if count == 1 else 's'} old"


def is_old(time: datetime, at: datetime, live: bool) -> bool:
    """Return whether a measurement must be marked as old at a time."""
    return at - time > (LIVE_IS_OLD_AFTER if live else RECORD_IS_OLD_AFTER)


def time_steps(measurements: Iterable[StationMeasurement]) -> tuple[datetime, ...]:
    """Return the moments of measurements in UTC, each once, oldest first.

    Between two of them `latest` does not change.
    """
    return tuple(sorted({measurement.time.astimezone(UTC) for measurement in measurements}))
