"""Calibrated predictions for held-out photos: numbers, intervals and categories."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from aqfusion.model import bins
from aqfusion.model.prediction import kind_of
from aqfusion.training.calibration import Calibration, CalibrationBatch, calibrate, pooled
from aqfusion.training.holdout_predictions import MASKS, HoldoutPredictions

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class JudgedPhotos:
    """One held-out part and the calibration that never saw it."""

    held_out: HoldoutPredictions
    calibration: Calibration


@dataclass(frozen=True, eq=False)
class CalibratedPredictions:
    """Of N photos: AQI, ends of the 90 % interval (N,), category probabilities (N, 6).

    `uncalibrated` are the category probabilities before the temperature.
    """

    aqi: Floats
    low: Floats
    high: Floats
    categories: Floats
    uncalibrated: Floats


def cross_fitted(held_out: HoldoutPredictions, sigma: float, seed: int) -> tuple[JudgedPhotos, ...]:
    """Each fold with a calibration fitted on all the others."""
    return tuple(
        JudgedPhotos(
            held_out.where(held_out.fold == fold),
            calibrate(held_out.where(held_out.fold != fold), sigma, seed),
        )
        for fold in held_out.fold.unique().tolist()
    )


def calibrated_predictions(
    parts: Sequence[JudgedPhotos], mask: int, has_image: bool
) -> CalibratedPredictions:
    """Predictions with the readings of `mask` (as far as a session has them), parts in order."""
    collected = []
    for part in parts:
        calibration, held_out = part.calibration, part.held_out
        batch = CalibrationBatch.from_mask(len(held_out.session), mask, has_image)
        with torch.no_grad():
            logits, _ = pooled(calibration.gate, calibration.haze_share, held_out, batch)
        raw = logits.double()
        some = (held_out.present & MASKS[mask]).any(1)[held_out.session]  # (N,)
        kinds = [kind_of(readings, has_image) for readings in (0, 1)]
        temperature, reach = (
            torch.tensor([by_kind[kind] for kind in kinds], dtype=raw.dtype)[some.long()]
            for by_kind in (calibration.temperature, calibration.reach)
        )
        calibrated = (raw / temperature[:, None]).softmax(1)
        collected.append(
            (
                bins.mean(calibrated),
                bins.quantile(calibrated, 0.5 - reach).floor(),
                bins.quantile(calibrated, 0.5 + reach).ceil(),
                bins.category_probabilities(calibrated),
                bins.category_probabilities(raw.softmax(1)),
            )
        )
    return CalibratedPredictions(
        *(torch.cat(column).numpy() for column in zip(*collected, strict=True))
    )
