"""Batch prediction for frames whose features are cached: by photo, by readings, by both."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aqfusion.model import bins
from aqfusion.model.network import AQFusionNet
from aqfusion.model.prediction import kind_of

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
    present = ~readings.isnan()
    some = present.any(1)
    with torch.no_grad():
        image = network.image_encoder.mix(*seen)
        encoder = network.sensor_encoder
        sensors = encoder(encoder.standardise(readings))
        predictions: dict[str, Floats] = {}
        for kind in KINDS:
            has_image = torch.full((len(readings),), kind != "sensors_only")
            readings_present = present & (kind != "image_only")
            logits, _ = network.fuse(image, sensors, has_image, readings_present)
            # By what is shown, as the app does: a photo without readings is the photo alone.
            warm = [
                temperature[kind_of(int(count), bool(photo))]
                for count, photo in zip(readings_present.sum(1), has_image, strict=True)
            ]
            scaled = logits.double() / torch.tensor(warm, dtype=torch.float64)[:, None]
            aqi = bins.mean(scaled.softmax(1))
            predictions[kind] = torch.where(some | has_image, aqi, torch.nan).numpy()
    return predictions


def number_or_none(aqi: float) -> float | None:
    """An AQI as stored in a file; `None` where there is no prediction."""
    return None if np.isnan(aqi) else round(float(aqi), 1)
