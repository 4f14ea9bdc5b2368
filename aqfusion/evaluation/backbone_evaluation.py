"""All metrics of one backbone under one protocol, from its hold-out predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.evaluation.calibrated_predictions import (
    CalibratedPredictions,
    JudgedPhotos,
    calibrated_predictions,
    cross_fitted,
)
from aqfusion.evaluation.scores import (
    Truth,
    brier,
    confusion,
    coverage,
    expected_calibration_error,
    reliability,
    scores,
)
from aqfusion.model.prediction import kind_of
from aqfusion.resampling import Floats
from aqfusion.training.holdout_predictions import ALL_SHOWN, MASKS, HoldoutPredictions
from aqfusion.training.sessions import Session

_SHOWN: NDArray[np.int64] = MASKS.sum(1).numpy()  # (64,): how many readings a mask shows


@dataclass(frozen=True)
class MissingReadingsEvaluation:
    """`errors` for the figures over masks, `intervals` per kind for those of coverage."""

    errors: dict[str, Any]
    intervals: dict[str, list[dict[str, float]]]


def partial_sensors(parts: Sequence[JudgedPhotos], truth: Truth) -> MissingReadingsEvaluation:
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
            predictions = calibrated_predictions(parts, mask, has_image)
            rmse[name][mask] = _session_rmse(predictions.aqi, truth.measured, session)
            held[name][mask] = _coverage_and_width(predictions, truth.measured)
    rmse["better_single"] = np.minimum(rmse["sensors_only"], rmse["fused"][0])
    return MissingReadingsEvaluation(_errors(rmse), _intervals(held))


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


def _coverage_and_width(
    predictions: CalibratedPredictions, measured: Floats
) -> tuple[float, float]:
    return coverage(measured, predictions.low, predictions.high), float(
        np.mean(predictions.high - predictions.low)
    )


Bools = NDArray[np.bool_]

# Which mask, and whether the photo is shown.
FULL = {
    "fused": (ALL_SHOWN, True),
    "image_only": (0, True),
    "sensors_only": (ALL_SHOWN, False),
}


def evaluate_backbone(
    held_out: HoldoutPredictions, sessions: Sequence[Session], sigma: float, seed: int
) -> dict[str, Any]:
    """The figures, gate and intervals of each fold fitted on the others.

    `sessions` are those of `held_out`, in its order.
    """
    parts = cross_fitted(held_out, sigma, seed)
    ordered = [session for part in parts for session in _of(part, sessions)]
    truth = truth_of(ordered)
    predictions_by_kind = {
        kind: calibrated_predictions(parts, *visible) for kind, visible in FULL.items()
    }
    partial = partial_sensors(parts, truth)
    kinds = {
        kind: {
            **judged(truth, predictions, ordered, seed),
            "interval_by_readings": partial.intervals[kind],
        }
        for kind, predictions in predictions_by_kind.items()
    }
    return {
        "kinds": kinds,
        "late_fusion": scores(truth, _late_fusion(parts, predictions_by_kind), seed),
        "partial_sensors": partial.errors,
        "sessions": _by_session(ordered, truth, predictions_by_kind),
    }


def truth_of(sessions: Sequence[Session]) -> Truth:
    """Measured AQI, session and group of the sessions' photos, in order."""
    groups = {group: number for number, group in enumerate(sorted({s.group for s in sessions}))}
    photos = [len(session.rows) for session in sessions]
    return Truth(
        np.repeat([session.aqi for session in sessions], photos).astype(np.float64),
        np.repeat(np.arange(len(sessions)), photos),
        np.repeat([groups[session.group] for session in sessions], photos),
    )


def judged(
    truth: Truth, predictions: CalibratedPredictions, sessions: Sequence[Session], seed: int
) -> dict[str, Any]:
    """Scores, confusion, calibration and intervals of one kind of input."""
    place = np.repeat([s.place for s in sessions], [len(s.rows) for s in sessions])
    return {
        "scores": scores(truth, predictions.aqi, seed),
        "per_place": {
            name: _at_place(truth, predictions, place == name, seed) for name in sorted(set(place))
        },
        "confusion": confusion(truth.measured, predictions.aqi),
        "calibration": {
            "before": _calibration(predictions.uncalibrated, truth),
            "after": _calibration(predictions.categories, truth),
            "reliability": reliability(predictions.categories, truth.measured),
        },
        "interval": _interval_metrics(truth, predictions, np.ones(len(place), dtype=bool)),
    }


def _at_place(
    truth: Truth, predictions: CalibratedPredictions, here: Bools, seed: int
) -> dict[str, Any]:
    part = Truth(truth.measured[here], truth.session[here], truth.group[here])
    figures = scores(part, predictions.aqi[here], seed)["photos"]
    return {
        "photos": int(here.sum()),
        "sessions": len(np.unique(part.session)),
        **{name: figures[name][0] for name in ("accuracy", "rmse", "mae")},
        **_interval_metrics(truth, predictions, here),
    }


def _interval_metrics(
    truth: Truth, predictions: CalibratedPredictions, here: Bools
) -> dict[str, float]:
    low, high = predictions.low[here], predictions.high[here]
    return {
        "coverage": round(coverage(truth.measured[here], low, high), 4),
        "width": round(float(np.mean(high - low)), 1),
    }


def _calibration(probabilities: Floats, truth: Truth) -> dict[str, float]:
    return {
        "ece": round(expected_calibration_error(probabilities, truth.measured), 4),
        "brier": round(brier(probabilities, truth.measured), 4),
    }


def _late_fusion(
    parts: Sequence[JudgedPhotos], predictions_by_kind: dict[str, CalibratedPredictions]
) -> Floats:
    """The two numbers alone, averaged by the inverse of their squared errors on the other folds."""
    fold = np.concatenate(
        [np.full(len(part.held_out.session), number) for number, part in enumerate(parts)]
    )
    measured = np.concatenate(
        [part.held_out.aqi[part.held_out.session].double().numpy() for part in parts]
    )
    mixed = np.zeros(len(fold))
    for number in range(len(parts)):
        here, others = fold == number, fold != number
        weights = {
            kind: 1 / np.mean((predictions_by_kind[kind].aqi[others] - measured[others]) ** 2)
            for kind in ("image_only", "sensors_only")
        }
        total = sum(weights.values())
        mixed[here] = sum(
            weights[kind] / total * predictions_by_kind[kind].aqi[here] for kind in weights
        )
    return mixed


def _by_session(
    sessions: Sequence[Session], truth: Truth, predictions_by_kind: dict[str, CalibratedPredictions]
) -> list[dict[str, Any]]:
    """The means over each session's photos: [AQI, low, high] per kind, None without readings."""
    rows = []
    for number, session in enumerate(sessions):
        here = truth.session == number
        spoken = {
            kind: [
                round(float(v[here].mean()), 1)
                for v in (predictions.aqi, predictions.low, predictions.high)
            ]
            for kind, predictions in predictions_by_kind.items()
        }
        head = {
            "session": session.key,
            "place": session.place,
            "photos": int(here.sum()),
            "measured": round(session.aqi, 1),
        }
        has_readings = session.rows[0].reading.present
        rows.append({**head, **spoken, **({} if has_readings else {"sensors_only": None})})
    return rows


def _of(part: JudgedPhotos, sessions: Sequence[Session]) -> list[Session]:
    fold = int(part.held_out.fold[0])
    return [session for session in sessions if session.fold == fold]
