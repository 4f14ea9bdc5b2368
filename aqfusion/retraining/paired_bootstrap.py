"""Two models on the same photos: figures of both, and an interval of the difference.

Whole groups are drawn anew, the same for both models: photos of one place-day are hardly more
evidence than one of them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.evaluation.scores import categories
from aqfusion.resampling import group_counts, with_interval
from aqfusion.retraining.batch_prediction import KINDS, Floats, Said

__all__ = [
    "EVERYWHERE",
    "Change",
    "ModelScores",
    "Moved",
    "changes",
    "error_before",
    "error_change",
]

RESAMPLES = 2000
EVERYWHERE = "everywhere"


@dataclass(frozen=True, eq=False)
class ModelScores:
    """N photos whose AQI is known: measured (N,), and the names of their places and groups."""

    measured: Floats
    place: Sequence[str]
    group: Sequence[str]


@dataclass(frozen=True)
class Moved:
    """A figure before and after, and how far it got worse (above 0), with a 95 % interval."""

    before: float
    after: float
    worse: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Change(Moved):
    """One figure of one kind of input at a place: RMSE in AQI, or accuracy as a share."""

    place: str
    kind: str
    figure: str
    groups: int
    photos: int

    def as_json(self) -> dict[str, Any]:
        """The change as a manifest keeps it."""
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def changes(judged: ModelScores, before: Said, after: Said, seed: int) -> tuple[Change, ...]:
    """All figures of all kinds, everywhere and at each place; what has no readings is left out."""
    places = np.array(judged.place)
    all_changes: list[Change] = []
    for place in (EVERYWHERE, *sorted(set(judged.place))):
        here = np.ones(len(places), dtype=bool) if place == EVERYWHERE else places == place
        for kind in KINDS:
            has_prediction = here & ~np.isnan(before[kind])
            if has_prediction.any():
                all_changes += _changes_of(
                    place, kind, judged, has_prediction, (before, after), seed
                )
    return tuple(all_changes)


def error_before(all_changes: Sequence[Change]) -> float:
    """The RMSE of the model before, everywhere, by photo and readings."""
    return next(
        change.before
        for change in all_changes
        if (change.place, change.kind, change.figure) == (EVERYWHERE, KINDS[0], "rmse")
    )


def error_change(group: Sequence[str], before: Floats, after: Floats, seed: int) -> Moved:
    """The RMS of errors (N,) before and after."""
    draws, number = _draws(group, seed)
    sums = draws @ np.column_stack([_by(number, before**2), _by(number, after**2), _by(number)])
    rms = np.sqrt(sums[:, :2] / sums[:, 2:])
    return _moved(rms, rms[:, 1] - rms[:, 0])


def _changes_of(
    place: str,
    kind: str,
    judged: ModelScores,
    has_prediction: NDArray[np.bool_],
    predictions: tuple[Said, Said],
    seed: int,
) -> list[Change]:
    measured = judged.measured[has_prediction]
    group = [name for name, included in zip(judged.group, has_prediction, strict=True) if included]
    first, second = (prediction[kind][has_prediction] for prediction in predictions)
    right = [(categories(aqi) == categories(measured)).astype(float) for aqi in (first, second)]
    moves = {
        "rmse": error_change(group, first - measured, second - measured, seed),
        "accuracy": _accuracy_change(group, right[0], right[1], seed),
    }
    counted = {"groups": len(set(group)), "photos": int(has_prediction.sum())}
    return [
        Change(**asdict(moved), place=place, kind=kind, figure=figure, **counted)
        for figure, moved in moves.items()
    ]


def _accuracy_change(group: Sequence[str], before: Floats, after: Floats, seed: int) -> Moved:
    draws, number = _draws(group, seed)
    sums = draws @ np.column_stack([_by(number, before), _by(number, after), _by(number)])
    share = sums[:, :2] / sums[:, 2:]
    return _moved(share, share[:, 0] - share[:, 1])


def _moved(figures: Floats, worse: Floats) -> Moved:
    """The figures (1 + R, 2) and how far they got worse (1 + R,), the first row as measured."""
    before, after = figures[0].tolist()
    return Moved(before, after, *with_interval(worse).tolist())


def _draws(group: Sequence[str], seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """How often each group counts (1 + R, G): once in row 0; and each photo's group (N,)."""
    names, number = np.unique(np.array(group), return_inverse=True)
    return group_counts(len(names), RESAMPLES, seed), number.reshape(-1)


def _by(number: NDArray[np.int64], values: Floats | None = None) -> Floats:
    """Sums by group (G,), or how many there are."""
    return np.bincount(number, values).astype(float)
