"""Gaussian processes over days with an effect of the place, as they answer: numpy alone.

`aqfusion.network.site_gaussian_process` fits them and says why they are so; a test compares both.
"""

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from aqfusion.model.architecture import SENSOR_COUNT
from aqfusion.model.array_math import Array
from aqfusion.model.bins import BIN_COUNT, EDGES, bin_masses
from aqfusion.model.stored_weights import StoredWeights

TERMS = ("common", "level", "weather", "smooth", "smooth_here", "noise")  # variances
LENGTHS = ("weather_days", "reading_length")
HYPERPARAMETERS = (*TERMS, *LENGTHS)
CENTRE_AQI = 130.0  # that the axes are centred on: near the mean of the public sets
LEAST_AQI = 5.0
ODD, ODD_SPREAD = 0.1, 3.0
FAR = 1e6  # days
MOST_DAYS = 5000  # a day more costs as many multiplications as there are days, squared

Mask = tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class DayTable:
    """Measured days: AQI (D,), readings (D, 6) with NaN, local time in days (D,) or NaN, place.

    `place` (D,) is a number; days of one place share its level.
    """

    aqi: Array
    readings: Array
    time: Array
    place: Array

    @classmethod
    def none(cls) -> "DayTable":
        """No days at all."""
        nothing = np.zeros(0)
        return cls(nothing, np.zeros((0, SENSOR_COUNT)), nothing, nothing.astype(np.int64))

    def where(self, keep: Array) -> "DayTable":
        """Only the days for which `keep` (D,) is true."""
        return DayTable(*(column[keep] for column in vars(self).values()))

    def and_also(self, others: "DayTable") -> "DayTable":
        """These days and others."""
        pairs = zip(vars(self).values(), vars(others).values(), strict=True)
        return DayTable(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True, eq=False)
class _Points:
    """Days as the kernel sees them: readings standardised with flags (D, F), time, place."""

    features: Array
    reading_present: Array
    time: Array
    place: Array


@dataclass(frozen=True, eq=False)
class _Solution:
    """What a process has learned of its days, for one set of readings."""

    points: _Points
    whitening: Array  # the inverse of the covariance's lower factor (D, D)
    weights: Array  # (D,)


class DayProcess:
    """Both processes, without readings and with them, and the days of the training."""

    def __init__(self, weights: StoredWeights, places: int) -> None:
        """Take the process's weights; `places` is how many places it may number."""
        root = "sites.process"
        place = weights.arrays.get(f"{root}.place", np.zeros(()))
        if place.dtype != np.int64 or place.ndim != 1 or len(place) > MOST_DAYS:
            raise weights.misfit(f"must have a list of place numbers {root}.place")
        if len(place) and not (place.min() >= 0 and place.max() < places):
            raise weights.misfit(f"must number the places of the config in {root}.place")
        count = len(place)
        self.days = DayTable(
            weights.array(f"{root}.aqi", count),
            weights.array(f"{root}.readings", count, SENSOR_COUNT),
            weights.array(f"{root}.time", count),
            weights.array(f"{root}.place", count),
        )
        self._mean = weights.array(f"{root}.mean", SENSOR_COUNT)
        self._std = weights.array(f"{root}.std", SENSOR_COUNT)
        self._theta = np.exp(weights.array(f"{root}.theta", 2, len(HYPERPARAMETERS)))
        self._spread = weights.array(f"{root}.spread", SENSOR_COUNT + 1)

    def solve(self, days: DayTable, mask: Mask) -> _Solution:
        """Learn `days`, as far as they have the readings of `mask`."""
        points, theta = self._points(days, mask), self._named(mask)
        covariance = _kernel(points, points, theta)
        covariance[np.diag_indices(len(covariance))] += _of_its_own(points, theta)
        whitening = np.linalg.inv(np.linalg.cholesky(covariance))
        return _Solution(points, whitening, whitening.T @ (whitening @ _axis(mask, days.aqi)))

    def probabilities(
        self, solved: _Solution, readings: Array, mask: Mask, time: Array, place: int
    ) -> Array:
        """Probabilities of the AQI bins (B, 50), of readings (B, 6) at a time (B,)."""
        places = np.full(len(readings), place)
        points = self._points(DayTable(time, readings, time, places), mask)
        theta = self._named(mask)
        across = _kernel(points, solved.points, theta)  # (B, D)
        explained = across @ solved.whitening.T
        active = TERMS if any(mask) else ("common", "level", "weather", "noise")
        variance = sum(theta[name] for name in active) - (explained * explained).sum(1)
        std = np.sqrt(np.maximum(variance, 1e-4)) * self._spread[sum(mask)]
        return _masses(across @ solved.weights, std, mask)

    def _points(self, days: DayTable, mask: Mask) -> _Points:
        if not any(mask):
            nothing = np.zeros((len(days.time), 0))
            return _Points(nothing, np.zeros(len(days.time)), days.time, days.place)
        columns = [number for number, is_there in enumerate(mask) if is_there]
        logs = (np.log1p(days.readings[:, columns]) - self._mean[columns]) / self._std[columns]
        lacking = np.isnan(logs)
        features = np.concatenate([np.where(lacking, 0.0, logs), lacking], 1)
        present = (~lacking.all(1)).astype(np.float64)
        return _Points(features, present, days.time, days.place)

    def _named(self, mask: Mask) -> dict[str, float]:
        return dict(zip(HYPERPARAMETERS, self._theta[int(any(mask))].tolist(), strict=True))


class SiteAnswers:
    """A process that has learned the training days and those of one place, for any readings."""

    def __init__(self, process: DayProcess, history: DayTable, place: int) -> None:
        """`history` takes the place of what the process knows of `place`; `time` is asked about."""
        self._process, self._place = process, place
        self._days = process.days.where(process.days.place != place).and_also(history)
        self._solved: dict[Mask, _Solution] = {}
        self._unread: tuple[float | None, Array] | None = None  # of the last time

    def log_probabilities(self, readings: Array, present: Array, time: float) -> Array:
        """Logarithms of the bins' probabilities (B, 50), from readings (B, 6) at a time.

        `present` (B, 6) says which readings are there; `time` is as `clock_days`.
        """
        # What is asked twice is computed once, and comes out the same whatever stands beside it.
        rows_of: dict[Mask, dict[bytes, list[int]]] = {}
        for row, mask in enumerate(map(tuple, present.tolist())):
            key = readings[row].tobytes() if any(mask) else b""
            rows_of.setdefault(mask, {}).setdefault(key, []).append(row)
        logarithms = np.empty((len(readings), BIN_COUNT))
        for mask, alike in rows_of.items():
            asked = readings[[rows[0] for rows in alike.values()]]
            answers = self._ask(mask, asked, time) if any(mask) else self._without_readings(time)
            for rows, answer in zip(alike.values(), answers, strict=True):
                logarithms[rows] = answer
        return logarithms

    def _without_readings(self, time: float) -> Array:
        """The answer (1, 50) where a slider moves that is not shown: it depends on the time."""
        when = None if math.isnan(time) else time
        unread = self._unread
        if unread is None or unread[0] != when:
            nothing = np.full((1, SENSOR_COUNT), math.nan)
            unread = (when, self._ask((False,) * SENSOR_COUNT, nothing, time))
            self._unread = unread
        return unread[1]

    def _ask(self, mask: Mask, readings: Array, time: float) -> Array:
        # Two threads may both solve it: the outcome is the same.
        solved = self._solved.get(mask) or self._process.solve(self._days, mask)
        self._solved[mask] = solved
        times = np.full(len(readings), time)
        return np.log(self._process.probabilities(solved, readings, mask, times, self._place))


def clock_days(clock: datetime | None) -> float:
    """Days since 1970 on the clock of the place, or NaN: time zones do not matter at one place."""
    if clock is None:
        return math.nan
    return (clock.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds() / 86_400


def _kernel(a: _Points, b: _Points, theta: dict[str, float]) -> Array:
    """Covariance (A, B) of points on the axis, without noise."""
    same = (a.place[:, None] == b.place[None]).astype(np.float64)
    apart = np.abs(a.time[:, None] - b.time[None])
    apart = np.where(np.isnan(apart), FAR, apart)  # a time that is not known is near to no other
    weather = theta["weather"] * np.exp(-apart / theta["weather_days"])
    total: Array = theta["common"] + same * (theta["level"] + weather)
    if not (a.reading_present.any() and b.reading_present.any()):
        return total
    difference = a.features[:, None] - b.features[None]  # (A, B, F)
    squares = np.einsum("abf,abf->ab", difference, difference)
    distance = np.sqrt(squares) * (3**0.5 / theta["reading_length"])
    smooth = (1 + distance) * np.exp(-distance)  # Matern 3/2
    both = a.reading_present[:, None] * b.reading_present[None]
    total += both * smooth * (theta["smooth"] + same * theta["smooth_here"])
    return total


def _of_its_own(points: _Points, theta: dict[str, float]) -> Array:
    """The variance (D,) that a day shares with no other: noise, and what is not known of it."""
    own: Array = theta["noise"] + theta["weather"] * np.isnan(points.time)
    if points.features.shape[1] > 0:
        own = own + (1 - points.reading_present) * (theta["smooth"] + theta["smooth_here"])
    return own


def _axis(mask: Mask, aqi: Array) -> Array:
    """The transformed axis: the logarithm where readings are known, else the square root."""
    ratio: Array = np.maximum(aqi, LEAST_AQI) / CENTRE_AQI
    on_axis: Array = np.log(ratio) if any(mask) else (np.sqrt(ratio) - 1) / 0.5
    return on_axis


def _open_edges(mask: Mask) -> Array:
    # Below the least AQI the axis has no room: what lies there is of the first bin.
    return np.concatenate([[-np.inf], _axis(mask, EDGES)[1:]])


_AXIS_EDGES = {any_reading: _open_edges((any_reading,)) for any_reading in (False, True)}  # (51,)


def _masses(mean: Array, std: Array, mask: Mask) -> Array:
    """Probabilities of the AQI bins (B, 50) from mean and deviation (B,) on the axis."""
    standardised = (_AXIS_EDGES[any(mask)] - mean[:, None]) / std[:, None]
    # A contaminated normal (Tukey 1960): one day in ten is unlike what is known.
    both = bin_masses(np.concatenate([standardised, standardised / ODD_SPREAD]))
    return (1 - ODD) * both[: len(mean)] + ODD * both[len(mean) :]
