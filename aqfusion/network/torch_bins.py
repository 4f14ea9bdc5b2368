"""The bins of `aqfusion.model.bins` for trainings: the same formulas with gradients."""

import torch
from torch import Tensor

from aqfusion.model import bins
from aqfusion.model.bins import BIN_COUNT, BIN_WIDTH, FIRST_EDGE, LEAST_MASS

EDGES, CENTRES, CATEGORY_ENDS = (
    torch.from_numpy(values).float() for values in (bins.EDGES, bins.CENTRES, bins.CATEGORY_ENDS)
)


def smoothed_targets(aqi: Tensor, sigma: float) -> Tensor:
    """Gaussian-smoothed targets (B, 50) for AQI values (B,); `sigma` in AQI.

    Neighbouring bins share the blame, so that being off by 10 costs less than by 100
    (Imani & White 2018, "Improving regression performance with distributional losses").
    """
    return bin_masses((EDGES[None] - aqi[:, None]) / sigma)


def bin_masses(standardised_edges: Tensor) -> Tensor:
    """Normal mass of each bin (B, 50), cut to the axis, from z-scores of the edges (B, 51)."""
    mass = torch.special.ndtr(standardised_edges).diff(dim=1).clamp_min(LEAST_MASS)
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


def expected_aqi(logits: Tensor) -> Tensor:
    """The AQI (B,) that logits (B, 50) suggest without a temperature, as haze scores take it."""
    return mean(logits.double().softmax(1))
