"""The AQI axis as 50 bins: what the network's output means, and what follows from it.

One distribution gives the number, the interval and the category probabilities, so they cannot
contradict each other. The bin edges 0.5, 10.5, ..., 500.5 fall on every border of the US
categories (50|51, 100|101, ...), so a bin belongs to exactly one category.
"""

import torch
from torch import Tensor

BIN_COUNT = 50
BIN_WIDTH = 10.0
FIRST_EDGE = 0.5
EDGES = FIRST_EDGE + BIN_WIDTH * torch.arange(BIN_COUNT + 1)  # (51,) AQI
CENTRES = EDGES[:-1] + BIN_WIDTH / 2  # (50,) AQI: 5.5 ... 495.5
# Upper ends of the US categories Good ... Hazardous in AQI, as in the standard's table; the last
# edge closes the axis.
CATEGORY_ENDS = torch.tensor([50.5, 100.5, 150.5, 200.5, 300.5, 500.5])


def smoothed_targets(aqi: Tensor, sigma: float) -> Tensor:
    """Gaussian-smoothed targets (B, 50) for AQI values (B,); `sigma` in AQI.

    Neighbouring bins share the blame, so that being off by 10 costs less than by 100
    (Imani & White 2018, "Improving regression performance with distributional losses").
    """
    return bin_masses((EDGES[None] - aqi[:, None]) / sigma)


def bin_masses(standardised_edges: Tensor) -> Tensor:
    """Normal mass of each bin (B, 50), cut to the axis, from z-scores of the edges (B, 51)."""
    mass = torch.special.ndtr(standardised_edges).diff(dim=1).clamp_min(1e-8)
    masses: Tensor = mass / mass.sum(1, keepdim=True)
    return masses


def mean(probabilities: Tensor) -> Tensor:
    """Expected AQI (B,) of the bin probabilities (B, 50)."""
    return probabilities @ CENTRES.to(probabilities)


def category_probabilities(probabilities: Tensor) -> Tensor:
    """Probabilities (B, 6) of the US categories, Good first, from those of the bins (B, 50)."""
    category_of_bin = torch.bucketize(CENTRES, CATEGORY_ENDS)  # (50,)
    members = torch.nn.functional.one_hot(category_of_bin, 6).to(probabilities)  # (50, 6)
    return probabilities @ members


def cumulative(probabilities: Tensor, aqi: Tensor) -> Tensor:
    """P(AQI <= `aqi`) (B,), linear inside a bin."""
    steps = torch.nn.functional.pad(probabilities.cumsum(1), (1, 0))  # (B, 51)
    place = ((aqi - FIRST_EDGE) / BIN_WIDTH).clamp(0, BIN_COUNT)
    below = place.floor().clamp(max=BIN_COUNT - 1)
    low = steps.gather(1, below.long()[:, None])[:, 0]
    high = steps.gather(1, below.long()[:, None] + 1)[:, 0]
    return low + (place - below) * (high - low)


def quantile(probabilities: Tensor, level: float | Tensor) -> Tensor:
    """The AQI (B,) below which `level` (B,) of the probability lies, linear inside a bin."""
    steps = probabilities.cumsum(1)  # (B, 50)
    levels = torch.as_tensor(level, dtype=steps.dtype).expand(len(steps))[:, None]  # (B, 1)
    wanted = levels.minimum(steps[:, -1:])
    index = torch.searchsorted(steps, wanted).clamp(max=BIN_COUNT - 1)  # (B, 1)
    mass = probabilities.gather(1, index)
    before = steps.gather(1, index) - mass
    inside = ((wanted - before) / mass.clamp_min(1e-12)).clamp(0, 1)
    return (FIRST_EDGE + BIN_WIDTH * (index + inside))[:, 0]


def interval(probabilities: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """Ends (B,) of the interval that lies `reach` (B,) of the probability around the median."""
    return quantile(probabilities, 0.5 - reach), quantile(probabilities, 0.5 + reach)


def expected_aqi(logits: Tensor) -> Tensor:
    """The AQI (B,) that logits (B, 50) suggest without a temperature, as haze scores take it."""
    return mean(logits.double().softmax(1))
