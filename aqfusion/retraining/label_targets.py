"""Label targets on the network's axis, the US AQI: a number, or an interval of it.

An index of India's standard is another scale. It is brought over through PM2.5, which is what haze
shows: index -> concentration by India's table -> index by the US one.
"""

import numpy as np
import torch
from torch import Tensor

from aqfusion.air.aqi import standard
from aqfusion.network.torch_bins import smoothed_targets

__all__ = ["Band", "interval_target", "label_interval", "us_aqi"]

_STEP = 5.0  # AQI: half a bin

Band = tuple[float, float]


def us_aqi(key: str, aqi: float) -> float:
    """The US AQI of the air that has an index in the standard `key`.

    >>> us_aqi("us", 87), us_aqi("india", 100)
    (87.0, 154.0)
    """
    if key == "us":
        return float(aqi)
    points = standard(key).pollutants["pm25"].tables[0].points
    pm25 = np.interp(aqi, [index for _, index in points], [float(c) for c, _ in points])
    return float(standard("us").sub_index("pm25", float(pm25)) or 0)


def label_interval(key: str, category: int) -> Band:
    """The US AQIs that a category of the standard `key` covers.

    >>> label_interval("us", 2)
    (101.0, 150.0)
    """
    own = standard(key).categories[category]
    return us_aqi(key, own.i_low), us_aqi(key, own.i_high)


def interval_target(low: Tensor, high: Tensor, sigma: float) -> Tensor:
    """Targets (B, 50) for AQIs that lie anywhere from `low` to `high` (B,), alike likely.

    Where both are the same it is the smoothed target of a measured AQI.
    """
    count = max(1, int(((high - low).max() / _STEP).ceil()))
    shares = (torch.arange(count) + 0.5) / count
    return torch.stack(
        [smoothed_targets(low + share * (high - low), sigma) for share in shares]
    ).mean(0)
