"""Batch prediction for frames whose features are cached: by photo, by readings, by both."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aqfusion.model import bins
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.modality_pooling import calibrated_logits, modality_logits

__all__ = ["KINDS", "Floats", "Said", "number_or_none", "predict_from_features"]

KINDS = ("fused", "image_only", "sensors_only")
Floats = NDArray[np.float64]
Said = Mapping[str, Floats]  # AQI (F,) by kind


def predict_from_features(
    network: AQFusionNet,
    temperature: Mapping[str, float],
    seen: tuple[Tensor, Tensor],
    readings: Tensor,
) -> dict[str, Floats]:
    """AQI of frames seen as (features (F, D), statistics (F, 108)), with readings (F, 6).

    Where a frame has no readings, "sensors_only" is NaN, and "fused" the photo's alone.
    """
    some = (~readings.isnan()).any(1)
    with torch.no_grad():
        image = network.image_encoder.combine_branches(*seen)
        predictions: dict[str, Floats] = {}
        for kind in KINDS:
            has_image = torch.full((len(readings),), kind != "sensors_only")
            shown = torch.full_like(readings, torch.nan) if kind == "image_only" else readings
            modalities = modality_logits(network, image, shown, has_image)
            # By what is shown, as the app does: a photo without readings is the photo alone.
            logits, _ = calibrated_logits(network.gate, temperature, modalities)
            aqi = bins.mean(logits.softmax(1).numpy())
            predictions[kind] = np.where((some | has_image).numpy(), aqi, np.nan)
    return predictions


def number_or_none(aqi: float) -> float | None:
    """An AQI as stored in a file; `None` where there is no prediction."""
    return None if np.isnan(aqi) else round(float(aqi), 1)
