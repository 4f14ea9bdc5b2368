"""How much each input moved the AQI: exact Shapley values over the photo and six readings.

Shapley (1953), for predictions Lundberg & Lee (2017). With seven inputs all 128 coalitions can be
asked, so nothing is sampled: the values add up to the prediction minus the base value, which is
what the model says when it is shown nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

import numpy as np

from aqfusion.explain.coalitions import INPUTS, SHOWN, Coalitions
from aqfusion.model.prediction import Floats


@dataclass(frozen=True)
class Contributions:
    """AQI points by input, in the order of `INPUTS`, 0 for what is not given.

    `base` is the AQI where nothing is known, `aqi` the prediction before rounding.
    """

    base: float
    aqi: float
    points: Mapping[str, float]


def contributions(known: Coalitions) -> Contributions:
    """Share the way from the base value to the prediction out among the inputs."""
    worth = known.told.aqi
    values = dict(zip(INPUTS, shapley_values(worth).tolist(), strict=True))
    # Rows that should be the same may differ in their last digits.
    points = {name: value if name in known.given else 0.0 for name, value in values.items()}
    return Contributions(float(worth[0]), float(worth[-1]), points)


def shapley_values(worth: Floats) -> Floats:
    """Values (7,) of the worth (128,) of all coalitions, in the order of `SHOWN`."""
    values: Floats = _WEIGHTS @ worth
    return values


def _weights() -> Floats:
    """What each coalition's worth counts for each input (7, 128): + with it, - without it."""
    players = len(INPUTS)
    size = SHOWN.sum(1)  # (128,) members
    others = size[:, None] - SHOWN  # (128, 7) members beside the input
    orders = np.array([1 / (players * comb(players - 1, k)) for k in range(players)])
    weights: Floats = np.where(SHOWN, orders[others], -orders[others]).T
    return weights


_WEIGHTS = _weights()
