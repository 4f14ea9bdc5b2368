"""Two models on the same photos: figures of both, and an interval of the difference.

Whole groups are drawn anew, the same for both models: photos of one place-day are hardly more
evidence than one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.evaluation.scores import categories
from aqfusion.retrain.said import KINDS, Floats, Said

__all__ = ["Change", "Judged", "changes", "error_change"]

RESAMPLES = 2000
_TAILS = (2.5, 97.5)  # per cent
EVERYWHERE = "everywhere"


@dataclass(frozen=True, eq=False)
class Judged:
    """N photos whose AQI is known: measured (N,), and the names of their places and groups."""

    measured: Floats
    place: Sequence[str]
    group: Sequence[str]


@dataclass(frozen=True)
class Change:
    """One figure of one kind of input at a place: before, after, and how far it got worse.

    `worse` is in the figure's unit, RMSE in AQI or accuracy as a share, above 0 where it got worse;
    `low` and `high` are its 95 % interval over the `groups`.
    """

    place: str
    kind: str
    figure: str
    before: float
    after: float
    worse: float
    low: float
    high: float
    groups: int
    photos: int

    def as_json(self) -> dict[str, Any]:
        """The change as a manifest keeps it."""
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def changes(judged: Judged, before: Said, after: Said, seed: int) -> tuple[Change, ...]:
    """All figures of all kinds, everywhere and at each place; what has no readings is left out."""
    places = np.array(judged.place)
    found: list[Change] = []
    for place in (EVERYWHERE, *sorted(set(judged.place))):
        here = np.ones(len(places), dtype=bool) if place == EVERYWHERE else places == place
        for kind in KINDS:
            shown = here & ~np.isnan(before[kind])
            if shown.any():
                found += _changes_of(place, kind, judged, shown, (before, after), seed)
    return tuple(found)


def error_change(
    group: Sequence[str], before: Floats, after: Floats, seed: int
) -> tuple[float, float, float, float, float]:
    """RMS of errors (N,) before and after, their difference and its 95 % interval over groups."""
    draws, number = _draws(group, seed)
    totals = np.column_stack([_by(number, before**2), _by(number, after**2), _by(number)])
    sums = draws @ totals
    rms = np.sqrt(sums[:, :2] / sums[:, 2:])
    difference = rms[:, 1] - rms[:, 0]
    low, high = np.percentile(difference[1:], _TAILS)
    return float(rms[0, 0]), float(rms[0, 1]), float(difference[0]), float(low), float(high)


def _changes_of(
    place: str,
    kind: str,
    judged: Judged,
    shown: NDArray[np.bool_],
    said: tuple[Said, Said],
    seed: int,
) -> list[Change]:
    measured = judged.measured[shown]
    group = [name for name, one in zip(judged.group, shown, strict=True) if one]
    first, second = (one[kind][shown] for one in said)
    counted = (len(set(group)), int(shown.sum()))
    rmse = error_change(group, first - measured, second - measured, seed)
    draws, number = _draws(group, seed)
    right = [_by(number, (categories(aqi) == categories(measured)).astype(float))
             for aqi in (first, second)]
    sums = draws @ np.column_stack([*right, _by(number)])
    share = sums[:, :2] / sums[:, 2:]
    lost = share[:, 0] - share[:, 1]
    low, high = np.percentile(lost[1:], _TAILS)
    told = (share[0, 0], share[0, 1], lost[0], low, high)
    return [
        Change(place, kind, "rmse", *rmse, *counted),
        Change(place, kind, "accuracy", *map(float, told), *counted),
    ]


def _draws(group: Sequence[str], seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """How often each group counts (1 + R, G): once in row 0; and each photo's group (N,)."""
    names, number = np.unique(np.array(group), return_inverse=True)
    drawn = np.random.default_rng(seed).integers(len(names), size=(RESAMPLES, len(names)))
    counts = np.array([np.bincount(row, minlength=len(names)) for row in drawn])
    return np.vstack([np.ones(len(names)), counts]).astype(float), number.reshape(-1)


def _by(number: NDArray[np.int64], values: Floats | None = None) -> Floats:
    """Sums by group (G,), or how many there are."""
    return np.bincount(number, values).astype(float)


def table(found: Sequence[Change]) -> list[Mapping[str, Any]]:
    """Changes as a list for JSON."""
    return [one.as_json() for one in found]
