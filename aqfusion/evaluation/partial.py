"""Predictions with missing readings: all 64 masks, with and without photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.evaluation.answers import Answers, Judged, answers
from aqfusion.evaluation.scores import Truth, coverage
from aqfusion.model.prediction import kind_of
from aqfusion.training.held_out import MASKS

Floats = NDArray[np.float64]
_SHOWN: NDArray[np.int64] = MASKS.sum(1).numpy()  # (64,): how many readings a mask shows


@dataclass(frozen=True)
class PartialSensors:
    """`errors` for the figures over masks, `intervals` per kind for those of coverage."""

    errors: dict[str, Any]
    intervals: dict[str, list[dict[str, float]]]


def partial_sensors(parts: Sequence[Judged], truth: Truth) -> PartialSensors:
    """Session RMSE, coverage and width by the number of readings shown.

    Every session counts once, by the mean prediction over its photos, averaged over the masks that
    show so many. A mask shows at most what the session has. `mean_over_masks` is over the 63 masks
    that show something; `better_single` is the better of photo and readings alone at each mask.
    """
    session = np.unique(truth.session, return_inverse=True)[1]
    rmse = {name: np.zeros(len(MASKS)) for name in ("sensors_only", "fused")}
    held = {name: np.zeros((len(MASKS), 2)) for name in rmse}  # coverage, width
    for name, has_image in (("sensors_only", False), ("fused", True)):
        for mask in range(len(MASKS)):
            predictions = answers(parts, mask, has_image)
            rmse[name][mask] = _session_rmse(predictions.aqi, truth.measured, session)
            held[name][mask] = _interval(predictions, truth.measured)
    rmse["better_single"] = np.minimum(rmse["sensors_only"], rmse["fused"][0])
    return PartialSensors(_errors(rmse), _intervals(held))


def _errors(rmse: dict[str, Floats]) -> dict[str, Any]:
    def average(masks: NDArray[np.bool_]) -> dict[str, float]:
        return {name: round(float(values[masks].mean()), 2) for name, values in rmse.items()}

    some = _SHOWN > 0
    wins = rmse["fused"][some] <= rmse["better_single"][some]
    return {
        "by_readings": [
            {
                "readings": count,
                "masks": int(np.sum(np.equal(_SHOWN, count))),
                **average(np.equal(_SHOWN, count)),
            }
            for count in range(MASKS.shape[1] + 1)
        ],
        "mean_over_masks": average(some),
        "fused_wins": round(float(wins.mean()), 4),
    }


def _intervals(held: dict[str, NDArray[np.float64]]) -> dict[str, list[dict[str, float]]]:
    tables: dict[str, list[dict[str, float]]] = {}
    for name, has_image in (("sensors_only", False), ("fused", True)):
        for count in range(MASKS.shape[1] + 1):
            covered, width = held[name][np.equal(_SHOWN, count)].mean(0)
            kind = kind_of(count, has_image)
            entry = {"readings": count, "coverage": round(covered, 4), "width": round(width, 1)}
            tables.setdefault(kind, []).append(entry)
    return tables


def _session_rmse(predicted: Floats, measured: Floats, session: NDArray[np.int64]) -> float:
    error = np.bincount(session, predicted - measured) / np.bincount(session)
    return float(np.sqrt(np.mean(error**2)))


def _interval(predictions: Answers, measured: Floats) -> tuple[float, float]:
    return coverage(measured, predictions.low, predictions.high), float(
        np.mean(predictions.high - predictions.low)
    )
