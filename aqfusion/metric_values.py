"""The figures that a model is judged by.

Shares run from 0 to 1; RMSE, MAE and widths are in AQI points; coverage is of the 90 % interval.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from aqfusion.io.json_models import Count, Names, Number, ReadAs, Share, Size

FIGURES = ("accuracy", "macro_f1", "kappa", "rmse", "mae", "r2")
KINDS = ("fused", "image_only", "sensors_only")
_CATEGORIES = 6
_TOO_LARGE = 1_000_000


@dataclass(frozen=True)
class Estimate:
    """A figure between the ends of its interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, numbers: tuple[float, ...]) -> "Estimate":
        """Make one of [value, low, high], as files have it; `ValueError` where it is none."""
        if len(numbers) != 3 or numbers[1] > numbers[2]:
            raise ValueError("must be [value, low, high] with low <= high")
        if max(map(abs, numbers)) > _TOO_LARGE:
            raise ValueError(f"must be within {_TOO_LARGE} of 0")
        return cls(*numbers)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> dict[str, Any]:
        """Read [value, low, high]."""
        return ReadAs(tuple[Number, ...], cls.of).__get_pydantic_core_schema__(source, handler)


def _confusion(rows: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    if [len(row) for row in rows] != [_CATEGORIES] * _CATEGORIES:
        raise ValueError(f"must have {_CATEGORIES} rows of {_CATEGORIES} counts")
    return rows


@dataclass(frozen=True)
class Scores:
    """`FIGURES` by name, photos or sessions weighing alike, and the RMSE of sessions' means."""

    photos: Annotated[Mapping[str, Estimate], Names(FIGURES)]
    sessions: Annotated[Mapping[str, Estimate], Names(FIGURES)]
    session_rmse: Size


@dataclass(frozen=True)
class PlaceFigures:
    """How well one place is met."""

    photos: Count
    sessions: Count
    accuracy: Share
    rmse: Size
    mae: Size
    coverage: Share
    width: Size


@dataclass(frozen=True)
class Trust:
    """How far stated probabilities are from what happens: ECE and Brier score, 0 is best."""

    ece: Size
    brier: Size


@dataclass(frozen=True)
class ConfidenceBin:
    """Photos whose stated confidence is alike, and the share of them that came true."""

    confidence: Share
    accuracy: Share
    photos: Count


@dataclass(frozen=True)
class CalibrationMetrics:
    """Trust before and after calibration; `reliability` is after."""

    before: Trust
    after: Trust
    reliability: tuple[ConfidenceBin, ...]


@dataclass(frozen=True)
class Interval:
    """How often the interval holds the measured AQI, and how wide it is."""

    coverage: Share
    width: Size


@dataclass(frozen=True)
class _ReadingsInterval(Interval):
    readings: Count


def _by_readings(entries: tuple[_ReadingsInterval, ...]) -> dict[int, Interval]:
    return {entry.readings: Interval(entry.coverage, entry.width) for entry in entries}


@dataclass(frozen=True)
class InputKindMetrics:
    """All about one kind of input; `confusion` counts photos, rows measured, Good first."""

    scores: Scores
    per_place: Mapping[str, PlaceFigures]
    confusion: Annotated[
        tuple[tuple[int, ...], ...], ReadAs(tuple[tuple[Count, ...], ...], _confusion)
    ]
    calibration: CalibrationMetrics
    interval: Interval
    interval_by_readings: Annotated[
        Mapping[int, Interval], ReadAs(tuple[_ReadingsInterval, ...], _by_readings)
    ]


@dataclass(frozen=True)
class MaskedRmse:
    """Session RMSE where so many readings are shown, a mean over `masks` choices of them."""

    readings: Count
    masks: Count
    sensors_only: Size
    fused: Size
    better_single: Size


@dataclass(frozen=True)
class MissingReadingsMetrics:
    """What missing readings cost; `fused_wins` is the share of choices where the photo helps."""

    by_readings: tuple[MaskedRmse, ...]
    mean_over_masks: Annotated[
        Mapping[str, Size], Names(("sensors_only", "fused", "better_single"))
    ]
    fused_wins: Share
