"""The figures that a model is judged by.

Shares run from 0 to 1; RMSE, MAE and widths are in AQI points; coverage is of the 90 % interval.
"""

from collections.abc import Mapping
from dataclasses import dataclass

FIGURES = ("accuracy", "macro_f1", "kappa", "rmse", "mae", "r2")
KINDS = ("fused", "image_only", "sensors_only")


@dataclass(frozen=True)
class Estimate:
    """A figure between the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores:
    """`FIGURES` by name, photos or sessions weighing alike, and the RMSE of sessions' means."""

    photos: Mapping[str, Estimate]
    sessions: Mapping[str, Estimate]
    session_rmse: float


@dataclass(frozen=True)
class PlaceFigures:
    """How well one place is met."""

    photos: int
    sessions: int
    accuracy: float
    rmse: float
    mae: float
    coverage: float
    width: float


@dataclass(frozen=True)
class Trust:
    """How far stated probabilities are from what happens: ECE and Brier score, 0 is best."""

    ece: float
    brier: float


@dataclass(frozen=True)
class ConfidenceBin:
    """Photos whose stated confidence is alike, and the share of them that came true."""

    confidence: float
    accuracy: float
    photos: int


@dataclass(frozen=True)
class Calibration:
    """Trust before and after calibration; `reliability` is after."""

    before: Trust
    after: Trust
    reliability: tuple[ConfidenceBin, ...]


@dataclass(frozen=True)
class Interval:
    """How often the interval holds the measured AQI, and how wide it is."""

    coverage: float
    width: float


@dataclass(frozen=True)
class Kind:
    """All about one kind of input; `confusion` counts photos, rows measured, Good first."""

    scores: Scores
    per_place: Mapping[str, PlaceFigures]
    confusion: tuple[tuple[int, ...], ...]
    calibration: Calibration
    interval: Interval
    interval_by_readings: Mapping[int, Interval]


@dataclass(frozen=True)
class MaskedRmse:
    """Session RMSE where so many readings are shown, a mean over `masks` choices of them."""

    readings: int
    masks: int
    sensors_only: float
    fused: float
    better_single: float


@dataclass(frozen=True)
class PartialSensors:
    """What missing readings cost; `fused_wins` is the share of choices where the photo helps."""

    by_readings: tuple[MaskedRmse, ...]
    mean_over_masks: Mapping[str, float]
    fused_wins: float
