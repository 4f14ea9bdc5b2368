"""Would a network that has learned nothing draw the same map? Then it tells nothing of the model.

The randomisation test of Adebayo et al. 2018, "Sanity checks for saliency maps".
"""

import numpy as np
import torch
from numpy.typing import NDArray

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


def likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    """Spearman's rank correlation of two maps, -1 to 1; `None` where one is the same all over."""
    placed = np.stack([_shared_ranks(values) for values in (one, other)])  # (2, N)
    placed -= placed.mean(1, keepdims=True)
    lengths = np.linalg.norm(placed, axis=1)  # (2,)
    return float(placed[0] @ placed[1] / lengths.prod()) if lengths.all() else None


def _shared_ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Ranks (N,) from 1, equal values sharing the mean of theirs."""
    _, place, count = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    shared: NDArray[np.float64] = np.cumsum(count)[place] - (count[place] - 1) / 2
    return shared
