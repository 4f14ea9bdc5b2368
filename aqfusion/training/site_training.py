"""The site part of a model to be shipped: process, gate elsewhere, pool and intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aqfusion.model.haze_score import RANKS
from aqfusion.model.site_config import SiteConfig
from aqfusion.network import torch_bins as bins
from aqfusion.network.site_modules import SiteModel
from aqfusion.training.calibration import Calibration, calibrate
from aqfusion.training.holdout_predictions import HoldoutPredictions
from aqfusion.training.sessions import Session, session_days, session_weights, weighted_quantile
from aqfusion.training.site_calibration import (
    PHOTOS_FITTED,
    Pooling,
    first_pool,
    fit_pool,
    fit_reach,
    joined_poolings,
    pooling,
)
from aqfusion.training.site_holdout import SiteHoldout, fit_masks, joined_answers
from aqfusion.training.site_process_training import fitted_site_process

_DRAWS = 12


@dataclass(frozen=True)
class SiteHoldoutSessions:
    """Predictions for sessions held out together, those sessions, and all that there are."""

    held_out: HoldoutPredictions
    tested: Sequence[Session]
    everything: Sequence[Session]


def site_model(
    sessions: Sequence[Session],
    calibration: Calibration,
    days: SiteHoldoutSessions,
    places: SiteHoldoutSessions | None,
    sigma: float,
    seed: int,
    report: Callable[[str], None],
) -> tuple[SiteModel, SiteConfig]:
    """Fit it on `days` that were left out and, where there are enough, on `places`.

    Without places the gate of learned ones stands for others too, and the pool as it is believed
    to be before anything is seen.
    """
    names = sorted({session.place for session in sessions})
    model = SiteModel(fitted_site_process(session_days(sessions, names)))
    rows = [_rows(days, calibration, places=False, seed=seed, report=report)]
    elsewhere = calibration
    if places is not None:
        elsewhere = calibrate(places.held_out, sigma, seed, calibration.haze_share)
        rows.append(_rows(places, elsewhere, places=True, seed=seed, report=report))
    joint = joined_poolings(rows)
    pool = first_pool() if places is None else fit_pool(joint, sigma, seed)
    model.pool.load_state_dict(pool.state_dict())
    model.gate.load_state_dict(elsewhere.gate.state_dict())
    config = SiteConfig(
        tuple(names),
        elsewhere.temperature,
        fit_reach(joint, pool, elsewhere.reach),
        haze_ranks(days.held_out, calibration.haze_share),
    )
    return model.eval().requires_grad_(False), config


def haze_ranks(held_out: HoldoutPredictions, haze_share: float) -> tuple[float, ...]:
    """101 percentiles of the AQI that held-out photos alone suggest, sessions alike in weight."""
    logits = (1 - haze_share) * held_out.cnn_logits + haze_share * held_out.haze_logits
    suggested = bins.expected_aqi(logits)
    weights = session_weights(held_out.session)
    levels = np.linspace(0, 1, RANKS)
    return tuple(round(weighted_quantile(suggested, weights, level).item(), 2) for level in levels)


def _rows(
    unseen: SiteHoldoutSessions,
    calibration: Calibration,
    *,
    places: bool,
    seed: int,
    report: Callable[[str], None],
) -> Pooling:
    questions = SiteHoldout(unseen.everything, report, _DRAWS, seed)
    ask = questions.elsewhere if places else questions.at_learned_places
    folds = sorted(set(unseen.held_out.fold.tolist()))
    answers = joined_answers([ask(fold, [], fit_masks(seed)) for fold in folds])
    numbers = questions.numbers_of(unseen.tested)
    return pooling(unseen.held_out, calibration, answers, numbers, PHOTOS_FITTED)
