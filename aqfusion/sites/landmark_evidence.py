"""Evidence of today's extinction on today's AQI, by the days of the site that have both.

A line through log AQI over extinction whose slope has a prior, as few days say little, and whose
noise is Student's t, as back-light and glare make outliers in which least squares drowns (Lange,
Little and Taylor 1989). An extinction far from all others counts as a high one, and weighs less.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.sites.site import Day, Site

Floats = NDArray[np.floating[Any]]
FEWEST_DAYS = 2
USUAL_SPREAD = 0.4  # of log AQI over a place's days
SLOPE, SLOPE_STD = 0.25, 0.15  # log AQI per unit of extinction: a prior, wide enough to be wrong
_OFFSET_STD = 0.2  # how far the days with a landmark may lie from the level of all days
_UNEXPLAINED = 0.8  # of the spread of log AQI, before any day was seen
_USUAL_EXTINCTION_SPREAD = 0.4
_PRIOR_DAYS = 4.0  # what the usual spreads weigh, in days
_FREEDOM = 4.0  # of Student's t
_TO_NORMAL = 1.4  # variance of normal noise over the square of the scale that is fitted to it
_FURTHEST = 2.5  # spreads of the extinction
_BEYOND = 6.0  # spreads: one landmark in glare must not drown the others
_STEPS = 30


@dataclass(frozen=True)
class LandmarkEvidence:
    """Today's log AQI less the site's level, as a normal distribution: `shift` and `std`.

    It is what to believe, not a likelihood: the spread of the site's days is in it already.
    `slope` is in log AQI per unit of extinction, with its own standard deviation; `days` counts
    those that it was fitted on.
    """

    shift: float
    std: float
    slope: float
    slope_std: float
    days: int

    def factor(self, spread: float) -> tuple[float, float] | None:
        """Mean and std of the normal factor that turns N(0, spread²) into this one.

        Multiply it into an opinion that has the spread of the site's days; `None` where it would
        not make that any narrower.

        >>> mean, std = LandmarkEvidence(0.2, 0.3, 0.25, 0.1, 9).factor(0.5)
        >>> round(mean, 4), round(std, 4)
        (0.3125, 0.375)
        """
        if self.std >= 0.999 * spread:
            return None
        precision = 1 / self.std**2 - 1 / spread**2
        return self.shift / self.std**2 / precision, 1 / math.sqrt(precision)


def site_evidence(
    site: Site,
    today: Mapping[str, float],
    level: float | None = None,
    spread: float = USUAL_SPREAD,
) -> LandmarkEvidence | None:
    """The evidence of today's extinctions, by landmark; to judge a day, leave its date out first.

    `level` and `spread` are those of the site's log AQI.
    """
    names = [landmark.name for landmark in site.landmarks]
    dates = _dates(site)
    if not names or len(dates) < FEWEST_DAYS:
        return None
    log_aqi = np.array([_log_aqi(days) for days in dates])
    table = np.array([[_mean_extinction(days, name) for name in names] for days in dates])
    past, now = combined(table, np.array([today.get(name, math.nan) for name in names]))
    return landmark_evidence(past, log_aqi, now, level, spread)


def landmark_evidence(
    history_extinctions: Floats,
    history_log_aqi: Floats,
    today: float,
    level: float | None = None,
    spread: float = USUAL_SPREAD,
) -> LandmarkEvidence | None:
    """Fit days (D,), without those that are NaN; `None` for fewer than two, or none today.

    `level` is the site's log AQI by all of its days, by default the mean of these, and `spread`
    the standard deviation of its days.
    """
    usable = np.isfinite(history_extinctions) & np.isfinite(history_log_aqi)
    if usable.sum() < FEWEST_DAYS or not math.isfinite(today):
        return None
    extinction, log_aqi = history_extinctions[usable], history_log_aqi[usable]
    centre, width = _centre_and_width(extinction)
    far = np.maximum(np.abs(extinction - centre) / (_FURTHEST * width), 1)
    trust = far**-2  # Mallows' weights: a far point has a long lever
    x = _standard(extinction, centre, width) * width
    y = log_aqi - (float(log_aqi.mean()) if level is None else level)
    design = np.stack([np.ones_like(x), x], 1)  # (D, 2)
    prior = np.array([0.0, SLOPE])
    prior_precision = np.diag([_OFFSET_STD**-2, SLOPE_STD**-2])
    usual = (_UNEXPLAINED * spread) ** 2
    line, variance, weight = prior, usual, trust
    for _ in range(_STEPS):
        precision = prior_precision + (design.T * weight) @ design / variance
        line = np.linalg.solve(
            precision, prior_precision @ prior + design.T @ (weight * y) / variance
        )
        rest = y - design @ line
        weight = trust * (_FREEDOM + 1) / (_FREEDOM + rest**2 / variance)
        variance = (_PRIOR_DAYS * usual + float(weight @ rest**2)) / (
            _PRIOR_DAYS + float(trust.sum())
        )
    covariance = np.linalg.inv(precision)
    now = np.array([1.0, float(_standard(np.array([today]), centre, width)[0]) * width])
    return LandmarkEvidence(
        shift=float(now @ line),
        std=math.sqrt(_TO_NORMAL * variance + float(now @ covariance @ now)),
        slope=float(line[1]),
        slope_std=math.sqrt(covariance[1, 1]),
        days=len(y),
    )


def combined(history: Floats, today: Floats) -> tuple[Floats, float]:
    """One extinction for each day, (D,), and today's, of landmarks (D, L) and (L,); NaN is unknown.

    The mean of the standardised ones, in units of their mean spread: a far landmark loses more
    light in the same air, and must not drown the near ones.
    """
    past, now, widths = [], [], []
    for column, value in zip(history.T, today, strict=True):
        finite = column[np.isfinite(column)]
        if len(finite) >= FEWEST_DAYS:
            centre, width = _centre_and_width(finite)
            past.append(np.clip((column - centre) / width, -_BEYOND, _BEYOND))
            now.append(min(max((value - centre) / width, -_BEYOND), _BEYOND))
            widths.append(width)
    if not widths:
        return np.full(len(history), np.nan), math.nan
    scale = float(np.mean(widths))
    days = [_mean(row) * scale for row in np.array(past).T]
    return np.array(days), _mean(np.array(now)) * scale


def _centre_and_width(values: Floats) -> tuple[float, float]:
    """Median and robust spread, which for few values is near the usual one."""
    centre = float(np.median(values))
    own = 1.4826 * float(np.median(np.abs(values - centre)))
    both = _PRIOR_DAYS * _USUAL_EXTINCTION_SPREAD**2 + len(values) * own**2
    return centre, math.sqrt(both / (_PRIOR_DAYS + len(values)))


def _standard(values: Floats, centre: float, width: float) -> Floats:
    return np.asarray(np.clip((values - centre) / width, -_FURTHEST, _FURTHEST))


def _mean(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


def _dates(site: Site) -> list[list[Day]]:
    """The days of the history by local date; one without a time is a date of its own."""
    dates: dict[object, list[Day]] = {}
    for number, day in enumerate(site.history):
        dates.setdefault(site.date_of(day) or number, []).append(day)
    return list(dates.values())


def _log_aqi(days: Sequence[Day]) -> float:
    return float(np.mean([math.log(max(day.aqi, 1.0)) for day in days]))


def _mean_extinction(days: Sequence[Day], name: str) -> float:
    extinctions = [
        day.photo.extinction.get(name, math.nan) for day in days if day.photo is not None
    ]
    return _mean(np.array(extinctions, float))
