"""Extinction per km and visual range, by a landmark whose distance is known (Koschmieder 1924).

A dark thing's contrast is its intrinsic one times exp(-extinction x distance). The intrinsic one
is not measured: 0.8 to 1 is assumed, so 0.9, of which black would be 1.
"""

import math
from dataclasses import dataclass

from aqfusion.scenes.air import CONTRAST_LIMIT
from aqfusion.sites.contrast import Contrast

INTRINSIC = (0.8, 0.9, 1.0)  # contrast without any air between: lowest, assumed, black
_Z90 = 1.645  # of a normal distribution, both sides together


@dataclass(frozen=True)
class VisualRange:
    """`per_km` is the extinction coefficient, `km` the visual range, with what 90 % lie between.

    Where the landmark is too near to show any loss, `km` or `high_km` is `None`: no upper end.
    """

    per_km: float
    low_per_km: float
    high_per_km: float
    km: float | None
    low_km: float
    high_km: float | None
    is_hidden: bool


def visual_range(contrast: Contrast, distance_km: float) -> VisualRange:
    """Visual range by one landmark; of a hidden one it is an upper bound, and 0 the lower end."""
    lowest, assumed, black = (math.log(intrinsic) for intrinsic in INTRINSIC)
    spread = _Z90 * contrast.std
    middle = max(contrast.extinction + assumed, 0.0) / distance_km
    low = max(contrast.extinction - spread + lowest, 0.0) / distance_km
    high = max(contrast.extinction + spread + black, 0.0) / distance_km
    if contrast.is_hidden:
        high = math.inf
    return VisualRange(
        middle, low, high, _range(middle), _range(high) or 0.0, _range(low), contrast.is_hidden
    )


def _range(per_km: float) -> float | None:
    return CONTRAST_LIMIT / per_km if per_km > 0 else None
