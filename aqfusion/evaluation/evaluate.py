"""Scores a model on photos with a measured AQI."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aqfusion.dataset.folder import Row
from aqfusion.evaluation.answers import Answers, Judged, answers
from aqfusion.evaluation.assess import FULL, judged, truth_of
from aqfusion.evaluation.at_places import (
    answers_of,
    at_pasts,
    means_of_other_days,
    nowhere,
    pasts_of,
)
from aqfusion.evaluation.scores import Truth, scores
from aqfusion.model.predict import Predictor
from aqfusion.training.calibrate import Calibration
from aqfusion.training.held_out import HeldOut, listen
from aqfusion.training.sessions import Session, sessions_of

_HISTORY_ONLY = {"history_only": (0, False)}


def evaluate(
    predictor: Predictor, rows: tuple[Row, ...], report: Callable[[str], None]
) -> dict[str, Any]:
    """Score a model on the rows of a data folder.

    `seen_in_training` counts the sessions that the model was trained on: figures over them are no
    evidence of how it does on new ones. A model that knows sites is scored as if nobody knew the
    places, and under `with_history` with the days of each place but those of the session's date.
    """
    config, network = predictor.checkpoint.config, predictor.checkpoint.network
    sessions = sessions_of(rows)
    held_out = listen(network, sessions, config.image_size, report)
    trained_on = set(config.sessions)
    head = {
        "model": predictor.name,
        "n": len(rows),
        "sessions": len(sessions),
        "seen_in_training": sum(session.key in trained_on for session in sessions),
    }
    if predictor.checkpoint.sites is not None:
        return {**head, **_at_places(predictor, held_out, sessions)}
    haze_share = network.image_encoder.haze_share.item()
    calibration = Calibration(haze_share, network.gate, config.temperature, config.reach)
    part = Judged(held_out, calibration)
    predictions_by_kind = {kind: answers([part], *visible) for kind, visible in FULL.items()}
    return {**head, **_figures(sessions, predictions_by_kind)}


def _at_places(
    predictor: Predictor, held_out: HeldOut, sessions: Sequence[Session]
) -> dict[str, Any]:
    checkpoint = predictor.checkpoint
    haze_share = checkpoint.network.image_encoder.haze_share.item()
    pasts = pasts_of(predictor, sessions)
    without, with_history = nowhere(checkpoint, sessions), at_pasts(checkpoint, pasts)
    alone, at_home = (
        {
            kind: answers_of(fusions, haze_share, held_out, sessions, visible)
            for kind, visible in kinds.items()
        }
        for fusions, kinds in ((without, FULL), (with_history, {**FULL, **_HISTORY_ONLY}))
    )
    days = [past.site.day_count for past in pasts]
    return {
        **_figures(sessions, alone),
        "with_history": {
            "days": {
                "fewest": min(days),
                "most": max(days),
                "mean": round(float(np.mean(days)), 1),
            },
            **_figures(sessions, at_home),
            "mean_of_other_days": _constant(
                truth_of(sessions), means_of_other_days(pasts, sessions)[held_out.session.numpy()]
            ),
        },
    }


def _figures(
    sessions: Sequence[Session], predictions_by_kind: dict[str, Answers]
) -> dict[str, dict[str, float]]:
    truth = truth_of(sessions)
    return summary(
        {
            kind: judged(truth, predictions, sessions, seed=0)
            for kind, predictions in predictions_by_kind.items()
        }
    )


def _constant(truth: Truth, predicted: np.ndarray) -> dict[str, float]:
    """The figures of what needs no model: there is no interval."""
    all_scores = scores(truth, predicted, seed=0)
    figures = {name: all_scores["photos"][name][0] for name in ("accuracy", "rmse", "mae")}
    return {**figures, "session_rmse": all_scores["session_rmse"]}


def summary(kinds: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The figures over photos that a reader asks for first, per kind of input."""
    return {
        kind: {
            **{name: figures["scores"]["photos"][name][0] for name in ("accuracy", "rmse", "mae")},
            "session_rmse": figures["scores"]["session_rmse"],
            "interval_coverage": figures["interval"]["coverage"],
            "interval_width": figures["interval"]["width"],
        }
        for kind, figures in kinds.items()
    }
