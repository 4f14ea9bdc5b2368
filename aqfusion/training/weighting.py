"""Sessions alike in weight, however many photos they have; and quantiles by weight."""

import torch
from torch import Tensor


def balanced(session: Tensor, *within: Tensor) -> Tensor:
    """Weights (N,) that add up to 1 and give every session (N,) the same.

    With more keys, (N,) each, all that agree in every one of them are a session.
    """
    keys = torch.stack([session, *within], 1)
    _, place, count = keys.unique(dim=0, return_inverse=True, return_counts=True)
    weights: Tensor = 1 / (count[place] * len(count))
    return weights


def weighted_quantile(values: Tensor, weights: Tensor, level: float) -> Tensor:
    """The least of `values` (N,) at or below which lies `level` of the `weights` (N,)."""
    order = values.argsort()
    reached = weights[order].cumsum(0) >= level - 1e-6
    position = int(reached.float().argmax()) if bool(reached.any()) else len(values) - 1
    return values[order][position]
