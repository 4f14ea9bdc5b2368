"""The AQI axis as 50 bins: what the network's output means, and what follows from it.

One distribution gives the number, the interval and the category probabilities, so they cannot
contradict each other. The bin edges 0.5, 10.5, ..., 500.5 fall on every border of the US
categories (50|51, 100|101, ...), so a bin belongs to exactly one category.
"""

import numpy as np

from aqfusion.model.array_math import Array, normal_cdf, softmax

BIN_COUNT = 50
BIN_WIDTH = 10.0
FIRST_EDGE = 0.5
EDGES = FIRST_EDGE + BIN_WIDTH * np.arange(BIN_COUNT + 1)  # (51,) AQI
CENTRES = EDGES[:-1] + BIN_WIDTH / 2  # (50,) AQI: 5.5 ... 495.5
# Upper ends of the US categories Good ... Hazardous in AQI, as in the standard's table; the last
# edge closes the axis.
CATEGORY_ENDS = np.array([50.5, 100.5, 150.5, 200.5, 300.5, 500.5])
LEAST_MASS = 1e-8  # of a bin, so that logarithms are finite
_MEMBERS = (np.searchsorted(CATEGORY_ENDS, CENTRES)[:, None] == np.arange(6)).astype(np.float64)


def bin_masses(standardised_edges: Array) -> Array:
    """Normal mass of each bin (B, 50), cut to the axis, from z-scores of the edges (B, 51)."""
    mass = np.maximum(np.diff(normal_cdf(standardised_edges), axis=1), LEAST_MASS)
    masses: Array = mass / mass.sum(1, keepdims=True)
    return masses


def mean(probabilities: Array) -> Array:
    """Expected AQI (B,) of the bin probabilities (B, 50)."""
    aqi: Array = probabilities @ CENTRES
    return aqi


def category_probabilities(probabilities: Array) -> Array:
    """Probabilities (B, 6) of the US categories, Good first, from those of the bins (B, 50)."""
    chances: Array = probabilities @ _MEMBERS  # (50, 6)
    return chances


def quantiles(probabilities: Array, *levels: Array | float) -> list[Array]:
    """The AQI (B,) below which each of `levels` (B,) lies, linear inside a bin."""
    steps = probabilities.cumsum(1)  # (B, 50)
    rows = np.arange(len(steps))
    ends = []
    for level in levels:
        wanted = np.minimum(level, steps[:, -1])  # (B,)
        index = np.minimum((steps < wanted[:, None]).sum(1), BIN_COUNT - 1)  # (B,)
        mass = probabilities[rows, index]
        before = steps[rows, index] - mass
        inside = np.minimum(np.maximum((wanted - before) / np.maximum(mass, 1e-12), 0), 1)
        ends.append(FIRST_EDGE + BIN_WIDTH * (index + inside))
    return ends


def interval(probabilities: Array, reach: Array) -> tuple[Array, Array]:
    """Ends (B,) of the interval that lies `reach` (B,) of the probability around the median."""
    low, high = quantiles(probabilities, 0.5 - reach, 0.5 + reach)
    return low, high


def expected_aqi(logits: Array) -> Array:
    """The AQI (B,) that logits (B, 50) suggest without a temperature, as haze scores take it."""
    return mean(softmax(logits))
