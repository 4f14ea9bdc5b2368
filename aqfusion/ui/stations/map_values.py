"""Values on the map: measured index, prediction or its error, and the mark of a station."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import streamlit as st

from aqfusion.air.aqi import Category, standard
from aqfusion.air.pollutants import pollutant
from aqfusion.data.sample_places import sample_places
from aqfusion.data.session_time import session_time
from aqfusion.errors import InputError
from aqfusion.metric_values import Estimate
from aqfusion.metrics import Run
from aqfusion.stations.measurements import (
    MeasurementSummary,
    StationMeasurement,
    age_in_words,
    is_old,
    summarise,
)
from aqfusion.ui import cached_metrics
from aqfusion.ui.markup import show_error

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_PLAIN = re.compile(r'[^A-Za-z0-9 \[\],:"\\.+-]')  # `_` is not among them


@dataclass(frozen=True)
class Mark:
    """One station on the map; colours as #RRGGBB, `label` short enough for a coin (128, C).

    `id`, `name` and `lines` may come from outside: they are shown as text, whatever they hold.
    A `count` above 1 makes it the mark of so many stations.
    """

    id: str
    name: str
    latitude: float
    longitude: float
    colour: str
    text_colour: str
    label: str
    lines: tuple[str, ...] = ()
    old: bool = False
    approximate: bool = False
    count: int = 1

    def __post_init__(self) -> None:
        """Refuse what the browser would stumble over; colours go into its style sheets."""
        for colour in (self.colour, self.text_colour):
            if not _COLOUR.fullmatch(colour):
                raise ValueError(f"colour must be #RRGGBB, got {colour!r}")
        if not abs(self.latitude) <= 90 or not abs(self.longitude) <= 180:
            raise ValueError(
                f"latitude must be -90 to 90 and longitude -180 to 180, "
                f"got {self.latitude}, {self.longitude}"
            )


def as_script(marks: Sequence[Mark]) -> str:
    r"""The marks as rows in JSON that means the same in JavaScript, HTML and streamlit-folium.

    streamlit-folium replaces words that begin with `_` and leaves them out when it asks whether a
    map has changed: so all that is not plain is written as \uXXXX.
    """
    rows = [
        [
            *(mark.id, mark.name, mark.latitude, mark.longitude, mark.colour, mark.text_colour),
            *(mark.label, list(mark.lines), int(mark.old), int(mark.approximate)),
            *([mark.count] if mark.count > 1 else []),
        ]
        for mark in marks
    ]
    return as_plain_json(rows)


def as_plain_json(value: object) -> str:
    """Write JSON in which all that is not plain is escaped."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return _PLAIN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


US, INDIA, MODEL, ERROR = "US AQI", "India AQI", "Model", "Model's error"
MEASURED = (US, INDIA)
_UNKNOWN = ("#8A9299", "#000000")
Estimates = Mapping[tuple[str, datetime], Estimate]  # by station and time


@dataclass(frozen=True)
class Band:
    """A colour of the map and its meaning."""

    colour: str
    text_colour: str
    name: str
    range: str


# Of the model's error, by its upper end: from much too low to much too high, ColorBrewer PuOr.
_ERRORS = (
    (-100.0, Band("#B35806", "#FFFFFF", "Much too low", "by more than 100")),
    (-25.0, Band("#FDB863", "#000000", "Too low", "by 25 to 100")),
    (25.0, Band("#F7F7F7", "#000000", "About right", "within 25")),
    (100.0, Band("#B2ABD2", "#000000", "Too high", "by 25 to 100")),
    (float("inf"), Band("#542788", "#FFFFFF", "Much too high", "by more than 100")),
)


def bands(view: str) -> tuple[Band, ...]:
    """All colours of a view, for its legend."""
    if view == ERROR:
        return tuple(band for _, band in _ERRORS)
    return tuple(_band(category) for category in standard(standard_of(view)).categories)


def judge(measurement: StationMeasurement, view: str) -> MeasurementSummary:
    """The measured index of a view; that of the model's views is the US one."""
    return _judged(measurement, standard_of(view))


@lru_cache(maxsize=10_000)  # the formulas compute exactly: 0.3 ms each, 2,000 stations at a time
def _judged(measurement: StationMeasurement, standard_name: str) -> MeasurementSummary:
    return summarise(measurement, standard(standard_name))


def estimate_of(measurement: StationMeasurement, estimates: Estimates) -> Estimate | None:
    """The prediction of a measurement, by a network not trained on it."""
    return estimates.get((measurement.station.id, measurement.time))


def error_of(measurement: StationMeasurement, estimates: Estimates) -> float | None:
    """By how many AQI points the model is above what was measured."""
    estimate = estimate_of(measurement, estimates)
    return None if estimate is None or measurement.aqi is None else estimate.value - measurement.aqi


def marks(
    measurements: Sequence[StationMeasurement],
    view: str,
    estimates: Estimates,
    at: datetime,
    *,
    live: bool,
) -> tuple[Mark, ...]:
    """The marks of the measurements at a time."""
    return tuple(_mark(measurement, view, estimates, at, live) for measurement in measurements)


def _mark(
    measurement: StationMeasurement, view: str, estimates: Estimates, at: datetime, live: bool
) -> Mark:
    label, colours, lines = _label(measurement, view, estimates)
    return Mark(
        measurement.station.id,
        measurement.station.name,
        measurement.station.latitude,
        measurement.station.longitude,
        *colours,
        label,
        (*lines, when(measurement.time), age_in_words(measurement.time, at)),
        is_old(measurement.time, at, live),
        measurement.station.approximate,
    )


def when(time: datetime) -> str:
    """A time on the clock of its place.

    >>> when(datetime.fromisoformat("2023-02-02T09:00+05:30"))
    '2 Feb 2023, 09:00 UTC+05:30'
    """
    offset = time.isoformat(timespec="seconds")[19:] if time.utcoffset() else ""
    clock = f"{time:%H:%M:%S}" if time.second else f"{time:%H:%M}"
    return f"{time.day} {time:%b %Y}, {clock} UTC{offset}"


def _label(
    measurement: StationMeasurement, view: str, estimates: Estimates
) -> tuple[str, tuple[str, str], tuple[str, ...]]:
    summary = judge(measurement, view)
    measured = _measured(summary, view)
    if view in MEASURED:
        if summary.category is None:
            return "?", _UNKNOWN, measured
        label = f"{summary.aqi}+" if summary.beyond else str(summary.aqi)
        return label, _colours(summary.category), measured
    estimate, off = estimate_of(measurement, estimates), error_of(measurement, estimates)
    if estimate is None or off is None:
        return "?", _UNKNOWN, (*measured, "No independent prediction")
    lines = (
        *measured,
        f"Model AQI {estimate.value:.0f} ({estimate.low:.0f} to {estimate.high:.0f})",
    )
    if view == MODEL:
        return f"{estimate.value:.0f}", _colours(standard("us").category_of(estimate.value)), lines
    band = next(band for end, band in _ERRORS if off <= end)
    return f"{off:+.0f}".replace("-", "−"), (band.colour, band.text_colour), lines


def _measured(summary: MeasurementSummary, view: str) -> tuple[str, ...]:
    if summary.category is None:
        return (summary.why,)
    head = f"Measured {_standard_name(view)} {summary.aqi}, {summary.category.name}"
    worst = f"Dominant pollutant: {pollutant(summary.dominant).label}" if summary.dominant else ""
    return (head, worst) if worst else (head,)


def standard_of(view: str) -> str:
    """The name of a view's standard."""
    return "india" if view == INDIA else "us"


def _standard_name(view: str) -> str:
    return standard(standard_of(view)).short_name


def _colours(category: Category) -> tuple[str, str]:
    return category.colour, category.text_colour


def _band(category: Category) -> Band:
    reach = f"{category.i_low} to {category.i_high}"
    return Band(category.colour, category.text_colour, category.name, reach)


PROTOCOL = "leak-safe"
SAYS = (
    "The predictions are from networks that had not seen any photo of that place on that day "
    "(leak-safe folds, photo and readings together)."
)


def leak_safe(backbone: str) -> dict[tuple[str, datetime], Estimate]:
    """The fused prediction by station and time; nothing where there are no figures."""
    try:
        run = cached_metrics.metrics().run(PROTOCOL, backbone)
    except InputError as error:
        show_error(error, "The predictions of the model cannot be shown: ", kind="warning")
        return {}
    return _by_station(run) if run else {}


@st.cache_resource(max_entries=4, show_spinner=False)
def _by_station(_run: Run) -> dict[tuple[str, datetime], Estimate]:
    places = {place.location: place for place in sample_places()}
    estimates = {}
    for session in _run.sessions:
        place, estimate = places.get(session.place), session.predicted["fused"]
        time = session_time(session.key, place.timezone) if place else None
        if place and time and estimate:
            estimates[place.id, time] = estimate
    return estimates
