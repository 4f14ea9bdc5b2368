"""The worth of a site's history: metrics by the number of its days that are known.

Everything that is fitted, process, gate, pool and intervals, is fitted on other folds than the one
that is tested; the processes that they are fitted on have seen neither.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aqfusion.evaluation.scores import RESAMPLES, categories
from aqfusion.model.bins import interval
from aqfusion.model.prediction import KINDS
from aqfusion.model.site_config import reach_by_standing
from aqfusion.network import torch_bins as bins
from aqfusion.network.site_modules import OpinionPool
from aqfusion.resampling import Floats, group_counts, with_interval
from aqfusion.training.calibration import calibrate
from aqfusion.training.holdout_predictions import ALL_SHOWN, HoldoutPredictions
from aqfusion.training.site_calibration import PHOTOS_FITTED, Pooling, fit_pool, fit_reach, pooling
from aqfusion.training.site_holdout import (
    SiteHoldout,
    SiteHoldoutPredictions,
    fit_masks,
    joined_answers,
)


@dataclass(frozen=True, eq=False)
class Judgement:
    """Predictions for R inputs of one fold (R,), and the inputs."""

    inputs: Pooling
    aqi: Tensor
    low: Tensor
    high: Tensor
    network: Tensor
    site: Tensor


Ask = Callable[[int, Sequence[int], Sequence[int]], SiteHoldoutPredictions]


def site_figures(
    held_out: HoldoutPredictions,
    questions: SiteHoldout,
    numbers: Sequence[int],
    *,
    places: bool,
    sigma: float,
    seed: int,
) -> list[dict[str, Any]]:
    """One entry per kind of input and number of days; `places`: each fold is a place of its own.

    `numbers` are the numbers of `held_out`'s sessions in `questions`.

    - `kind`; `days`: how many of the place were known, null where all of other folds were
    - `session_rmse`: [value, low, high] of the answer; `network` and `site`: of each alone
    - `rmse` over photos, `accuracy`, `coverage` and `width` of the 90 % interval; `draws` and
      `places` that it is a mean over
    """
    ask: Ask = questions.elsewhere if places else questions.at_learned_places
    folds = held_out.fold.unique().tolist()
    judgements = [
        _judged(held_out, numbers, ask, fold, [f for f in folds if f != fold], sigma, seed)
        for fold in folds
    ]
    entries = []
    for number, kind in enumerate(KINDS):
        days = sorted({int(d) for judgement in judgements for d in judgement.inputs.days.unique()})
        for count in days if places else [None]:
            cell = [_cell(judgement, number, count) for judgement in judgements]
            cell = [part for part in cell if len(part["error"])]
            if cell:
                entries.append({"kind": kind, "days": count, **_summary(cell, places, seed)})
    return entries


def _judged(
    held_out: HoldoutPredictions,
    numbers: Sequence[int],
    ask: Ask,
    fold: int,
    others: Sequence[int],
    sigma: float,
    seed: int,
) -> Judgement:
    here = held_out.fold == fold
    rest, own = held_out.where(~here), held_out.where(here)
    of_rest = [n for n, is_own in zip(numbers, here.tolist(), strict=True) if not is_own]
    of_own = [n for n, is_own in zip(numbers, here.tolist(), strict=True) if is_own]
    calibration = calibrate(rest, sigma, seed)
    answers = joined_answers([ask(other, [fold], fit_masks(seed)) for other in others])
    fitted = pooling(rest, calibration, answers, of_rest, PHOTOS_FITTED)
    pool = fit_pool(fitted, sigma, seed)
    reach = fit_reach(fitted, pool, calibration.reach)
    site_answers = ask(fold, [], (0, ALL_SHOWN))
    return _judgement(pooling(own, calibration, site_answers, of_own), pool, reach)


def _judgement(
    inputs: Pooling, pool: OpinionPool, reach: Mapping[str, Mapping[str, tuple[float, ...]]]
) -> Judgement:
    with torch.no_grad():
        logits, _ = pool(inputs.network, inputs.site, inputs.kind, inputs.days, inputs.standing)
    probabilities = logits.softmax(1)
    half = reach_by_standing(
        reach, inputs.kind.numpy(), inputs.days.numpy(), inputs.standing.numpy()
    )
    low, high = map(torch.from_numpy, interval(probabilities.double().numpy(), half))
    return Judgement(
        inputs,
        bins.mean(probabilities),
        low.floor(),
        high.ceil(),
        bins.mean(inputs.network.exp()),
        bins.mean(inputs.site.exp()),
    )


def _cell(judgement: Judgement, kind: int, days: int | None) -> dict[str, Floats]:
    """Squared errors of session means by draw, and figures over photos, of one fold."""
    inputs = judgement.inputs
    keep = inputs.kind == kind
    if days is not None:
        keep &= inputs.days == days
    measured = inputs.aqi[keep].double().numpy()
    # A session that is predicted after several draws counts each time.
    key = inputs.draw[keep].numpy() * 100_000 + inputs.session[keep].numpy()
    _, session, photos = np.unique(key, return_inverse=True, return_counts=True)
    truth = np.bincount(session, measured) / photos

    def error(predicted: Tensor) -> Floats:
        return (np.bincount(session, predicted[keep].double().numpy()) / photos - truth) ** 2

    low, high, aqi = (
        v[keep].double().numpy() for v in (judgement.low, judgement.high, judgement.aqi)
    )
    return {
        "error": error(judgement.aqi),
        "network": error(judgement.network),
        "site": error(judgement.site),
        "photo_error": (aqi - measured) ** 2,
        "right": (categories(aqi) == categories(measured)).astype(np.float64),
        "held": ((low <= measured) & (measured <= high)).astype(np.float64),
        "width": high - low,
        "draws": np.unique(inputs.draw[keep].numpy()).astype(np.float64),
    }


def _summary(cell: Sequence[Mapping[str, Floats]], places: bool, seed: int) -> dict[str, Any]:
    """Means over places that weigh alike, or over all where folds are no places."""

    def mean(name: str) -> float:
        if places:
            return float(np.mean([part[name].mean() for part in cell]))
        return float(np.concatenate([part[name] for part in cell]).mean())

    return {
        "session_rmse": rmse_with_interval([part["error"] for part in cell], places, seed),
        "network": round(mean("network") ** 0.5, 2),
        "site": round(mean("site") ** 0.5, 2),
        "rmse": round(mean("photo_error") ** 0.5, 2),
        "accuracy": round(mean("right"), 4),
        "coverage": round(mean("held"), 4),
        "width": round(mean("width"), 1),
        "draws": max(len(part["draws"]) for part in cell),
        "places": len(cell) if places else 0,
    }


def rmse_with_interval(errors: Sequence[Floats], places: bool, seed: int) -> list[float]:
    """[value, low, high] from squared errors per part; the parts are drawn anew, as they are few.

    With `places` every part weighs alike, else every session.
    """
    sums, counts = (
        np.array([fold(part_errors) for part_errors in errors], dtype=np.float64)
        for fold in ((np.mean, lambda part: 1.0) if places else (np.sum, len))
    )
    drawn = group_counts(len(sums), RESAMPLES, seed)
    means = (drawn @ sums) / (drawn @ counts)
    return [round(float(value) ** 0.5, 2) for value in with_interval(means)]
