"""A committee teaches the sensor encoder: some 90 sessions are too few for a network alone.

Extra trees (Geurts et al. 2006), grown under random sensor masks, and Gaussian processes
(Rasmussen & Williams 2006), one pair for every set of readings that can be present, predict for
readings that lie between two sessions. The network learns those predictions as a distribution over
AQI, so one small network answers for all 64 sets, smoothly as a slider moves. `docs/experiments.md`
has what each member gives alone.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from torch import Tensor

from aqfusion.network.torch_bins import EDGES, bin_masses, smoothed_targets
from aqfusion.training.gaussian_process import Floats, fitted_process

TREES = 100
LESSONS = 20_000
COPIES = 30  # of each session under different masks, for the forest
ALL_PRESENT = 0.3  # share of inputs with every reading of the session
_ABSENT = -6.0  # standard deviations: below every real value, so that a tree can split it off
_FOREST_SHARE = 0.2  # of the committee's word; the two processes share the rest

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class DistillationSet:
    """Standardised readings (L, 6), NaN where missing, and their targets (L, 50)."""

    readings: Tensor
    targets: Tensor


@dataclass(frozen=True, eq=False)
class DistillationPoints:
    """Training points of the committee: standardised readings (S, 6), NaN where missing, AQI (S,).

    `weights` (S,) are how often a session is drawn.
    """

    readings: Tensor
    aqi: Tensor
    weights: Tensor


# The kernels' numbers by what a process is of; what is missing is searched for and added.
Kernels = dict[str, list[float]]


def make_distillation_set(
    points: DistillationPoints, sigma: float, seed: int, kernels: Kernels | None = None
) -> DistillationSet:
    """Let the committee learn, and ask it; `sigma` smooths each tree's answer, in AQI."""
    readings, aqi, weights = points.readings, points.aqi, points.weights
    rng = np.random.default_rng(seed)
    values = readings.double().numpy()
    chance = weights.double().numpy()
    chance = chance / chance.sum()
    first, second = rng.choice(len(values), (2, LESSONS), p=chance)
    share = rng.beta(0.5, 0.5, (LESSONS, 1))
    between = share * values[first] + (1 - share) * values[second]
    between += 0.1 * rng.standard_normal(between.shape)
    query_readings = _mask_some(between, rng)
    forest = _forest_targets(values, aqi, chance, query_readings, sigma, rng)
    processes = _process_targets(
        values, aqi, query_readings, sigma, {} if kernels is None else kernels
    )
    targets = _FOREST_SHARE * forest + (1 - _FOREST_SHARE) * processes
    return DistillationSet(torch.from_numpy(query_readings).float(), targets)


def sessions_as_lessons(readings: Tensor, aqi: Tensor, sigma: float, seed: int) -> DistillationSet:
    """The sessions themselves under random masks, nothing between them: to be known by heart."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(aqi), size=LESSONS)
    masked = _mask_some(readings.double().numpy()[chosen], rng)
    targets = smoothed_targets(aqi[torch.from_numpy(chosen)], sigma)
    return DistillationSet(torch.from_numpy(masked).float(), targets)


def _forest_targets(
    values: Floats,
    aqi: Tensor,
    chance: Floats,
    query_readings: Floats,
    sigma: float,
    rng: np.random.Generator,
) -> Tensor:
    """Each tree's answer, smoothed, averaged over the trees: (L, 50)."""
    origin = np.repeat(np.arange(len(values)), COPIES)
    masked = _filled(_mask_some(values[origin], rng), _ABSENT)
    forest = ExtraTreesRegressor(
        TREES, min_samples_leaf=3, random_state=int(rng.integers(2**31)), n_jobs=1
    )
    forest.fit(masked, aqi.numpy()[origin], sample_weight=chance[origin])
    questions = _filled(query_readings, _ABSENT).astype(np.float32)
    total = torch.zeros(len(query_readings), len(EDGES) - 1)
    for tree in forest.estimators_:
        # A tree has a thousand answers at most: each is smoothed once.
        answers, which = np.unique(tree.predict(questions), return_inverse=True)
        total += smoothed_targets(torch.from_numpy(answers).float(), sigma)[which]
    return total / len(forest.estimators_)


def _process_targets(
    values: Floats, aqi: Tensor, query_readings: Floats, sigma: float, kernels: Kernels
) -> Tensor:
    """The mean of a process on AQI and one on its logarithm (L, 50), by what is present.

    One in plain AQI errs evenly, one in logarithms keeps clean air apart; together they beat both.
    """
    measured = aqi.double().numpy().clip(min=1.0)
    edges = EDGES.double()
    total = torch.zeros(len(query_readings), len(EDGES) - 1)
    sets, which = np.unique(~np.isnan(query_readings), axis=0, return_inverse=True)
    for number, present in enumerate(sets):
        rows = which.reshape(-1) == number
        if not present.any():
            total[torch.from_numpy(rows)] = smoothed_targets(aqi, sigma).mean(0)
            continue
        seen = values[:, present]
        lacking = np.isnan(seen)
        flags = lacking[:, lacking.any(0)].astype(
            np.float64
        )  # a session may lack a reading of the query
        learned = np.concatenate([_filled(seen, 0.0), flags], 1)
        question = np.pad(query_readings[rows][:, present], ((0, 0), (0, flags.shape[1])))
        name = "".join(str(int(is_present)) for is_present in present)
        mean, std = _process(f"{name} plain", kernels, learned, measured, question)
        plain = bin_masses((edges - mean[:, None]) / std[:, None])
        mean, std = _process(f"{name} log", kernels, learned, np.log(measured), question)
        logarithmic = bin_masses((edges.log() - mean[:, None]) / std[:, None])
        total[torch.from_numpy(rows)] = ((plain + logarithmic) / 2).float()
    return total


def _process(
    name: str, kernels: Kernels, learned: Floats, target: Floats, queries: Floats
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (Q,) of a new observation at `queries` (Q, D)."""
    theta = np.array(kernels[name]) if name in kernels else None
    process = fitted_process(learned, target, theta)
    kernels[name] = process.kernel_.theta.tolist()
    mean, std = process.predict(queries, return_std=True)
    return torch.from_numpy(mean), torch.from_numpy(std).clamp_min(1e-3)


def _mask_some(values: Floats, rng: np.random.Generator) -> Floats:
    """Hide each reading with a chance drawn per row, so that every number present is common."""
    keep = rng.random((len(values), 1))
    keep[rng.random((len(values), 1)) < ALL_PRESENT] = 1.0
    hidden: Bools = rng.random(values.shape) >= keep
    return np.where(hidden, np.nan, values)


def _filled(values: Floats, absent: float) -> Floats:
    return np.where(np.isnan(values), absent, values)
