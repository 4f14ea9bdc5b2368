"""How far two histograms are apart, and whether chance alone would do it.

PSI, the population stability index, is the sum of (p - q) ln(p / q) over the bins. Its customary
steps, 0.1 and 0.25, are Siddiqi's ("Credit Risk Scorecards", 2006, p. 137). They know nothing of
how many were counted: without any drift, PSI divided by (1/n + 1/N) is chi-square distributed with
bins - 1 degrees of freedom (Yurdakul, "Statistical Properties of Population Stability Index",
2018), so that few counts alone give large values. What counts here is what is above chance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

__all__ = ["FAR", "FEWEST", "MOVED", "STEADY", "TOO_FEW", "Shift", "shift"]

STEADY, MOVED, FAR, TOO_FEW = "steady", "moved", "far", "too few to tell"
FEWEST = 20  # below it the distribution above does not hold: measured, it is too careful
_MOVED, _FAR = 0.1, 0.25
# All figures of a page together may be wrong once in twenty pages without drift: six sensors, each
# with and without what is missing, distance and two rates (Bonferroni).
_ERROR = 0.05 / 15
_HALF = 0.5  # a count of, in each bin: none of a few is not none at all


@dataclass(frozen=True)
class Shift:
    """`recent` counted now against `known` before: PSI, and what chance alone gives at most
    (`None` of nothing).

    `above` is PSI less what chance gives on average, never below 0. `needed` is from how many on
    nothing that is far can be taken for chance; `None` where more would not help.
    """

    psi: float
    above: float
    chance: float | None
    recent: int
    known: int
    needed: int | None
    verdict: str


def shift(recent: Sequence[float], reference: Sequence[float]) -> Shift:
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
    from scipy.stats import chi2  # a second of imports that only this needs

    return float(chi2.isf(_ERROR, freedom))
