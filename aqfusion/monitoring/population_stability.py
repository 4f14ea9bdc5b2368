"""Population stability index of two histograms over training deciles, against chance.

PSI, the population stability index, is the sum of (p - q) ln(p / q) over the bins. Its customary
steps, 0.1 and 0.25, are Siddiqi's ("Credit Risk Scorecards", 2006, p. 137). They know nothing of
how many were counted: without any drift, PSI divided by (1/n + 1/N) is chi-square distributed with
bins - 1 degrees of freedom (Yurdakul, "Statistical Properties of Population Stability Index",
2018), so that few counts alone give large values. What counts here is what is above chance.
"""

import hashlib
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

__all__ = [
    "FAR",
    "FEWEST",
    "MISSING",
    "MOVED",
    "STEADY",
    "TOO_FEW",
    "Ranges",
    "Shift",
    "deciles",
    "in_fifths",
    "population_stability",
]

MISSING = 0  # the bin of what is not there; ranges count from 1


@dataclass(frozen=True)
class Ranges:
    """Ranges between ascending `edges`; the first and the last are open. `about`: of what value."""

    about: str
    edges: tuple[float, ...]

    @property
    def key(self) -> str:
        """Sixteen hex digits that are the same for the same ranges of the same thing."""
        return hashlib.sha256(repr((self.about, self.edges)).encode()).hexdigest()[:16]

    def bin_of(self, value: float | None) -> int:
        """The number of the range that a value lies in.

        >>> [Ranges("pm25", (10.0, 20.0)).bin_of(value) for value in (None, 9.9, 10.0, 25.0)]
        [0, 1, 2, 3]
        """
        return MISSING if value is None else 1 + bisect_right(self.edges, value)

    def histogram(
        self, values: Iterable[float | None], weights: Iterable[float] | None = None
    ) -> tuple[float, ...]:
        """How much lies in each range, what is missing first; each value counts 1, or its weight.

        >>> Ranges("pm25", (10.0,)).histogram([None, 5.0, 12.0, 13.0])
        (1.0, 1.0, 2.0)
        """
        measured = list(values)
        bins = [self.bin_of(value) for value in measured]
        shares = None if weights is None else list(weights)
        counted = np.bincount(bins, shares, minlength=len(self.edges) + 2)
        return tuple(float(count) for count in counted)


def deciles(about: str, values: Sequence[float]) -> Ranges:
    """Ranges by the deciles of values; where many are the same, there are fewer than ten.

    >>> deciles("so2", [1, 1, 1, 1, 1, 1, 2, 3, 4, 5]).edges
    (1.0, 1.4, 2.3, 3.2, 4.1)
    """
    edges = np.quantile(values, np.arange(1, 10) / 10)
    return Ranges(about, tuple(sorted({round(float(edge), 9) for edge in edges})))


def in_fifths(histogram: Sequence[float]) -> tuple[float, ...]:
    """A histogram with each two neighbouring ranges as one; what is missing stays by itself.

    >>> in_fifths((9.0, 1.0, 2.0, 3.0, 4.0, 5.0))
    (9.0, 3.0, 7.0, 5.0)
    """
    missing, *ranges = histogram
    return (missing, *(sum(ranges[i : i + 2]) for i in range(0, len(ranges), 2)))


STEADY, MOVED, FAR, TOO_FEW = "steady", "moved", "far", "too few to tell"
FEWEST = 20  # below it the distribution above does not hold: measured, it is too careful
_MOVED, _FAR = 0.1, 0.25
# All figures of a page together may be wrong once in twenty pages without drift: six sensors, each
# with and without what is missing, distance and two rates (Bonferroni).
_ERROR = 0.05 / 15
_HALF = 0.5  # a count of, in each bin: none of a few is not none at all


@dataclass(frozen=True)
class Shift:
    """`recent` counted now against `reference_count` before: PSI, and what chance alone gives
    at most (`None` of nothing).

    `above` is PSI less what chance gives on average, never below 0. `needed` is from how many on
    nothing that is far can be taken for chance; `None` where more would not help.
    """

    psi: float
    above: float
    chance: float | None
    recent: int
    reference_count: int
    needed: int | None
    verdict: str


def population_stability(recent: Sequence[float], reference: Sequence[float]) -> Shift:
    """Compare two histograms over the same bins; those that are empty in both are left out."""
    now, then = np.array(recent, dtype=float), np.array(reference, dtype=float)
    some = now + then > 0
    now, then = now[some], then[some]
    n, total = float(now.sum()), float(then.sum())
    freedom = max(1, len(now) - 1)
    needed = _needed(freedom, total)
    if n == 0 or total == 0:
        return Shift(0.0, 0.0, None, round(n), round(total), needed, TOO_FEW)
    p = (now + _HALF) / (n + _HALF * len(now))
    q = (then + _HALF) / (total + _HALF * len(now))
    psi = float(((p - q) * np.log(p / q)).sum())
    noise = 1 / n + 1 / total
    chance, above = _limit(freedom) * noise, max(0.0, psi - freedom * noise)
    verdict = _verdict(psi > chance, above, enough=needed is not None and n >= needed)
    if min(n, total) < FEWEST:
        verdict = TOO_FEW
    return Shift(psi, above, chance, round(n), round(total), needed, verdict)


def _verdict(beyond_chance: bool, above: float, *, enough: bool) -> str:
    if beyond_chance and above >= _FAR:
        return FAR
    if beyond_chance and above >= _MOVED:
        return MOVED
    return STEADY if enough else TOO_FEW


def _needed(freedom: int, reference_count: float) -> int | None:
    """From how many on a PSI that is far above chance is also beyond it."""
    if reference_count < FEWEST:
        return None
    left = _FAR / (_limit(freedom) - freedom) - 1 / reference_count
    return max(FEWEST, math.ceil(1 / left)) if left > 0 else None


@cache
def _limit(freedom: int) -> float:
    """The quantile that a chi-square exceeds with the probability `_ERROR`."""
    from scipy.special import chdtri  # late, and not of scipy.stats, which takes a second and 70 MB

    return float(chdtri(freedom, _ERROR))
