"""The figures that a prediction is judged by; plain arrays in, plain numbers out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aqfusion.air.aqi import round_half_up, standard

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """Accuracy of the six categories, errors in AQI over photos, and over sessions' means.

    `session_rmse` compares the mean prediction of a session's photos with its measured AQI,
    every session counted once.
    """

    accuracy: float
    rmse: float
    mae: float
    session_rmse: float


def scores(measured: Floats, predicted: Floats, session: Whole) -> Scores:
    """Score N photos: AQI (N,), predicted AQI (N,), number of the photo's session (N,)."""
    error = predicted - measured
    count = np.bincount(session)
    present = count > 0
    session_error = np.bincount(session, error)[present] / count[present]
    return Scores(
        accuracy=float(np.mean(_categories(measured) == _categories(predicted))),
        rmse=_root_mean_square(error),
        mae=float(np.mean(np.abs(error))),
        session_rmse=_root_mean_square(session_error),
    )


def coverage(measured: Floats, low: Floats, high: Floats) -> float:
    """Share of photos whose measured AQI lies in low..high, borders included."""
    return float(np.mean((low <= measured) & (measured <= high)))


def _categories(aqi: Floats) -> Whole:
    """The number of the US category of each AQI, by the standard's own rounding."""
    ends = np.array([category.i_high for category in standard("us").categories])
    rounded = np.array([round_half_up(value) for value in aqi])
    return np.searchsorted(ends, rounded).astype(np.int64)


def _root_mean_square(error: Floats) -> float:
    return float(np.sqrt(np.mean(error**2)))
