"""Saliency maps of a network with random weights: the same maps would not depend on the model.

The randomisation test of Adebayo et al. 2018, "Sanity checks for saliency maps".
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from aqfusion.model.backbones import create_trunk
from aqfusion.model.network import AQFusionNet


def untrained(network: AQFusionNet, seed: int) -> AQFusionNet:
    """The same network but for its CNN, whose weights are random."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        other = AQFusionNet(network.architecture)
        other.load_state_dict(network.state_dict())
        other.image_encoder.trunk = create_trunk(network.architecture.backbone)
    return other.eval().requires_grad_(False)


def likeness(first: NDArray[np.float32], second: NDArray[np.float32]) -> float | None:
    """Spearman's rank correlation of two maps, -1 to 1; `None` where one is the same all over."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(spearmanr(first.ravel(), second.ravel()).statistic)
