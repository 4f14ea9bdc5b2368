"""A forest teaches the sensor encoder: some 90 sessions are too few for a network alone.

Extra trees (Geurts et al. 2006), grown on the training sessions under random sensor masks, judge
readings that lie between two sessions; the network learns that judgement as a distribution over
AQI. Measured leak-safe on readings alone: network trained on the sessions directly RMSE 60,
the forest 50-52, the network taught by it 48, and its answer is smooth as a slider moves.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from torch import Tensor

from aqfusion.model.bins import smoothed_targets

TREES = 100
LESSONS = 20_000
COPIES = 30  # of each session under different masks, for the forest
ALL_PRESENT = 0.3  # share of lessons with every reading of the session
_ABSENT = -6.0  # standard deviations: below every real value, so that a tree can split it off

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Lessons:
    """Standardised readings (L, 6), NaN where missing, and what to say of them (L, 50)."""

    readings: Tensor
    targets: Tensor


def prepare_lessons(
    readings: Tensor, aqi: Tensor, weights: Tensor, sigma: float, seed: int
) -> Lessons:
    """Grow the forest on standardised readings (S, 6) with AQI (S,), and ask it.

    `weights` (S,) say how often a session is drawn; `sigma` smooths each tree's answer, in AQI.
    """
    rng = np.random.default_rng(seed)
    values = readings.double().numpy()
    chance = (weights / weights.sum()).double().numpy()
    chance = chance / chance.sum()
    origin = np.repeat(np.arange(len(values)), COPIES)
    shown = _mask_some(values[origin], rng)
    forest = ExtraTreesRegressor(TREES, min_samples_leaf=3, random_state=seed, n_jobs=1)
    forest.fit(_filled(shown), aqi.numpy()[origin], sample_weight=chance[origin])

    first, second = rng.choice(len(values), (2, LESSONS), p=chance)
    share = rng.beta(0.5, 0.5, (LESSONS, 1))
    between = share * values[first] + (1 - share) * values[second]
    between += 0.1 * rng.standard_normal(between.shape)
    between = _mask_some(between, rng)
    targets = torch.zeros(LESSONS, len(smoothed_targets(aqi[:1], sigma)[0]))
    asked = _filled(between).astype(np.float32)
    for tree in forest.estimators_:
        answer = torch.from_numpy(tree.predict(asked)).float()
        targets += smoothed_targets(answer, sigma)
    return Lessons(torch.from_numpy(between).float(), targets / TREES)


def _mask_some(values: Floats, rng: np.random.Generator) -> Floats:
    """Hide each reading with a chance drawn per row, so that every number present is common."""
    keep = rng.random((len(values), 1))
    keep[rng.random((len(values), 1)) < ALL_PRESENT] = 1.0
    hidden: Bools = rng.random(values.shape) >= keep
    return np.where(hidden, np.nan, values)


def _filled(values: Floats) -> Floats:
    return np.where(np.isnan(values), _ABSENT, values)
