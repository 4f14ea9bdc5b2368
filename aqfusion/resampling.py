"""The bootstrap: how often groups are drawn, percentile intervals, and weighted kappa of all draws.

Whole groups are drawn, never photos or answers: photos of one place-day, or answers to one item,
are hardly more evidence than one of them. Row 0 of every array is the data as they are, the R rows
below are resamples of them.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Floats",
    "Whole",
    "group_counts",
    "item_counts",
    "weighted_disagreement",
    "with_interval",
]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_TAILS = (2.5, 97.5)  # per cent


def group_counts(groups: int, resamples: int, seed: int) -> Floats:
    """How often each of G groups counts (1 + R, G): once, then by drawing G of them R times.

    >>> group_counts(3, 2, seed=0).tolist()
    [[1.0, 1.0, 1.0], [0.0, 2.0, 1.0], [3.0, 0.0, 0.0]]
    """
    drawn = np.random.default_rng(seed).integers(groups, size=(resamples, groups))
    cell = drawn + groups * np.arange(resamples)[:, None]
    counts = np.bincount(cell.ravel(), minlength=resamples * groups).reshape(resamples, groups)
    return np.vstack([np.ones(groups), counts])


def item_counts(often: Whole, resamples: int, generator: np.random.Generator) -> Floats:
    """How often each of K kinds of items counts (1 + R, K), where kind k has `often[k]` items.

    The distribution is that of drawing single items, whose number may be too large for that.
    """
    drawn = generator.multinomial(often.sum(), often / often.sum(), size=resamples)
    return np.vstack([often, drawn]).astype(np.float64)


def with_interval(figures: Floats) -> Floats:
    """Value, low and high end of the 95 % percentile interval (3, ...) of figures (1 + R, ...)."""
    return np.concatenate([figures[:1], np.percentile(figures[1:], _TAILS, axis=0)])


def weighted_disagreement(tables: Floats) -> tuple[Floats, Floats]:
    """Quadratic-weighted disagreement of R tables (R, K, K), observed and expected by chance (R,).

    Weighted kappa is 1 - observed / by chance (Cohen 1968, "Weighted kappa").
    """
    number = np.arange(tables.shape[1])
    penalty = (number[:, None] - number) ** 2
    observed: Floats = (tables * penalty).sum((1, 2))
    by_chance = np.einsum("ri,ij,rj->r", tables.sum(2), penalty, tables.sum(1), optimize=True)
    return observed, by_chance / tables.sum((1, 2))
