"""Views of a measurement on the map: the measured index, the prediction, or its error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from aqfusion.air.aqi import Category, standard
from aqfusion.air.pollutants import pollutant
from aqfusion.figures import Estimate
from aqfusion.stations.station import Measurement
from aqfusion.stations.summary import Verdict, age_in_words, is_old, verdict
from aqfusion.ui.stations.mark import Mark

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


def judge(measurement: Measurement, view: str) -> Verdict:
    """The measured index of a view; that of the model's views is the US one."""
    return _judged(measurement, standard_of(view))


@lru_cache(maxsize=10_000)  # the formulas compute exactly: 0.3 ms each, 2,000 stations at a time
def _judged(measurement: Measurement, standard_name: str) -> Verdict:
    return verdict(measurement, standard(standard_name))


def estimate_of(measurement: Measurement, estimates: Estimates) -> Estimate | None:
    """The prediction of a measurement, by a network not trained on it."""
    return estimates.get((measurement.station.id, measurement.time))


def error_of(measurement: Measurement, estimates: Estimates) -> float | None:
    """By how many AQI points the model is above what was measured."""
    estimate = estimate_of(measurement, estimates)
    return None if estimate is None or measurement.aqi is None else estimate.value - measurement.aqi


def marks(
    measurements: Sequence[Measurement],
    view: str,
    estimates: Estimates,
    at: datetime,
    *,
    live: bool,
) -> tuple[Mark, ...]:
    """The marks of the measurements at a time."""
    return tuple(_mark(measurement, view, estimates, at, live) for measurement in measurements)


def _mark(
    measurement: Measurement, view: str, estimates: Estimates, at: datetime, live: bool
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
    measurement: Measurement, view: str, estimates: Estimates
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
        return "?", _UNKNOWN, (*measured, "No prediction that is fair to show")
    lines = (
        *measured,
        f"Model AQI {estimate.value:.0f} ({estimate.low:.0f} to {estimate.high:.0f})",
    )
    if view == MODEL:
        return f"{estimate.value:.0f}", _colours(standard("us").category_of(estimate.value)), lines
    band = next(band for end, band in _ERRORS if off <= end)
    return f"{off:+.0f}".replace("-", "−"), (band.colour, band.text_colour), lines


def _measured(summary: Verdict, view: str) -> tuple[str, ...]:
    if summary.category is None:
        return (summary.why,)
    head = f"Measured {_standard_name(view)} {summary.aqi}, {summary.category.name}"
    worst = f"Worst: {pollutant(summary.dominant).label}" if summary.dominant else ""
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
