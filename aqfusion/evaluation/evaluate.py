"""Scores a model on photos with a measured AQI."""

from collections.abc import Callable
from typing import Any

from aqfusion.dataset.folder import Row
from aqfusion.evaluation.answers import Judged, answers
from aqfusion.evaluation.assess import FULL, judged, truth_of
from aqfusion.model.predict import Predictor
from aqfusion.training.calibrate import Calibration
from aqfusion.training.held_out import listen
from aqfusion.training.sessions import sessions_of


def evaluate(
    predictor: Predictor, rows: tuple[Row, ...], report: Callable[[str], None]
) -> dict[str, Any]:
    """Score a model on the rows of a data folder.

    `seen_in_training` counts the sessions that the model was trained on: figures over them are no
    evidence of how it does on new ones.
    """
    config, network = predictor.checkpoint.config, predictor.checkpoint.network
    sessions = sessions_of(rows)
    held_out = listen(network, sessions, config.image_size, report)
    haze_share = network.image_encoder.haze_share.item()
    calibration = Calibration(haze_share, network.gate, config.temperature, config.reach)
    part = Judged(held_out, calibration)
    truth, trained_on = truth_of(sessions), set(config.sessions)
    return {
        "model": predictor.name,
        "n": len(rows),
        "sessions": len(sessions),
        "seen_in_training": sum(session.key in trained_on for session in sessions),
        **summary(
            {
                kind: judged(truth, answers([part], *shown), sessions, seed=0)
                for kind, shown in FULL.items()
            }
        ),
    }


def summary(kinds: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The figures over photos that a reader asks for first, per kind of input."""
    return {
        kind: {
            **{name: told["scores"]["photos"][name][0] for name in ("accuracy", "rmse", "mae")},
            "session_rmse": told["scores"]["session_rmse"],
            "interval_coverage": told["interval"]["coverage"],
            "interval_width": told["interval"]["width"],
        }
        for kind, told in kinds.items()
    }
