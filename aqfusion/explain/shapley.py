"""How much each input moved the AQI: exact Shapley values over photo, readings, site, landmarks.

Shapley (1953), for predictions Lundberg & Lee (2017). With nine inputs all 512 coalitions can be
computed, so nothing is sampled: the values add up to the prediction minus the base value, which
is the prediction without any input.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
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


def contributions(coalitions: Coalitions) -> Contributions:
    """Share the way from the base value to the prediction out among the inputs."""
    worth = coalitions.prediction_batch.aqi
    # Where no site or no landmarks are given, there are fewer players.
    values = dict(zip(INPUTS, shapley_values(worth).tolist(), strict=False))
    # Rows that should be the same may differ in their last digits.
    points = {name: values[name] if name in coalitions.present else 0.0 for name in INPUTS}
    return Contributions(float(worth[0]), float(worth[-1]), points)


def shapley_values(worth: Floats) -> Floats:
    """Values (P,) of the worth (2 ** P,) of all coalitions of the first P players of `SHOWN`."""
    values: Floats = _weights(len(worth).bit_length() - 1) @ worth
    return values


@cache
def _weights(players: int) -> Floats:
    """The weight of each coalition's worth for each input (P, 2 ** P): + with it, - without it."""
    present = SHOWN[: 2**players, :players]
    size = present.sum(1)  # (2 ** P,) members
    others = size[:, None] - present  # (2 ** P, P) members beside the input
    orders = np.array([1 / (players * comb(players - 1, k)) for k in range(players)])
    weights: Floats = np.where(present, orders[others], -orders[others]).T
    return weights
