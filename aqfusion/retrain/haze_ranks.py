"""The ranks of haze scores after a retraining: the same photos keep about the same scores.

The base's ranks are of photos that its network had not seen; what a retrained one suggests of a
photo alone may lie higher or lower. So the ranks are carried over by what both predict of the
frames in the features file, which both have seen alike.
"""

import numpy as np
import torch

from aqfusion.evaluation.scores import Floats
from aqfusion.model import bins
from aqfusion.model.network import AQFusionNet
from aqfusion.retrain.features import Features

__all__ = ["carried_over"]

_PERCENTILES = np.arange(101)
_TOP = 500.0


def carried_over(
    ranks: tuple[float, ...],
    before: tuple[AQFusionNet, Features],
    after: tuple[AQFusionNet, Features],
) -> tuple[float, ...]:
    """The ranks on the scale of the network `after`; each has its own backbone's features."""
    old, new = (
        np.percentile(_suggested(*network_features), _PERCENTILES)
        for network_features in (before, after)
    )
    base_ranks = np.array(ranks)
    # Beyond all frames the scale is only moved.
    beyond = np.minimum(base_ranks - old[0], 0) + np.maximum(base_ranks - old[-1], 0)
    carried = np.interp(base_ranks, old, new) + beyond
    return tuple(np.maximum.accumulate(carried.clip(0, _TOP)).tolist())


def _suggested(network: AQFusionNet, features: Features) -> Floats:
    """The AQI (F,) that a network suggests of each frame's photo alone, as haze scores take it."""
    with torch.no_grad():
        image = network.image_encoder.mix(features.features, features.statistics)
        aqi: Floats = bins.mean(network.head(image).double().softmax(1)).numpy()
    return aqi
