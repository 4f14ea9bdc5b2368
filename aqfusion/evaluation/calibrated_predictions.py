"""Calibrated predictions for held-out photos: numbers, intervals and categories."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from aqfusion.model.fusion import Fused
from aqfusion.model.prediction import KINDS
from aqfusion.network.modality_pooling import fuse_modalities
from aqfusion.training.calibration import Calibration, CalibrationBatch, calibrate, shown_logits
from aqfusion.training.holdout_predictions import HoldoutPredictions

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
    predictions = []
    for part in parts:
        calibration, held_out = part.calibration, part.held_out
        batch = CalibrationBatch.from_mask(len(held_out.session), mask, has_image)
        shown = shown_logits(calibration.haze_share, held_out, batch)
        with torch.no_grad():
            calibrated, uncalibrated = (
                fuse_modalities(calibration.gate, temperature, calibration.reach, shown)
                for temperature in (calibration.temperature, dict.fromkeys(KINDS, 1.0))
            )
            predictions.append(whole_points(calibrated, uncalibrated))
    return concatenate(predictions)


def whole_points(fused: Fused, uncalibrated: Fused) -> CalibratedPredictions:
    """Predictions whose intervals end at whole AQI points, as those that people see."""
    batch = fused.predictions()
    return CalibratedPredictions(
        batch.aqi,
        np.floor(batch.low),
        np.ceil(batch.high),
        batch.categories,
        uncalibrated.predictions().categories,
    )


def concatenate(parts: Sequence[CalibratedPredictions]) -> CalibratedPredictions:
    """Several parts as one, in order."""
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return CalibratedPredictions(*(np.concatenate(column) for column in columns))
