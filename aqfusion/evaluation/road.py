"""The deletion curve of a saliency map: how far the prediction falls without a region.

ROAD, by the grad-cam package: Rong et al. 2022, "A consistent and efficient evaluation strategy for
attribution methods". Pixels are taken away by painting over them with what surrounds them, which
leaves nothing to see where they were; a black hole would itself be a sign of something.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aqfusion.explain.grad_cam import ROADCombined

TAKEN = (10, 20)  # per cent of the pixels; each choice is asked for, and the mean is the score

Ranks = NDArray[np.float32]  # (H, W), 0 to 1, each value once
Said = Callable[[Tensor], Tensor]  # pixels 0..1 (1, 3, H, W) to one number (1,)


def ranks(importance: NDArray[np.float32], ties: NDArray[np.float32]) -> Ranks:
    """Where each pixel stands in the order of importance (H, W); `ties` decides among equals.

    Without it, equal pixels, and a map leaves much of a photo at 0, would be taken all or none.
    """
    order = np.lexsort((ties.ravel(), importance.ravel()))
    placed = np.empty(order.size, dtype=np.float32)
    placed[order] = np.linspace(0, 1, order.size, dtype=np.float32)
    return placed.reshape(importance.shape)


def road(predict_aqi: Said, image: Tensor, importance: Ranks, seed: int) -> float:
    """Half of how much more the answer falls without the most important pixels than the least.

    `image` is (1, 3, H, W), 0..1. About 0 where `importance` has nothing to do with the answer.
    """
    with torch.no_grad():
        full_aqi = predict_aqi(image)

    def predict_or_reuse(images: Tensor) -> Tensor:
        return (
            full_aqi if images is image else predict_aqi(images)
        )  # it asks for the full image every time

    score = ROADCombined([100 - share for share in TAKEN])
    with torch.random.fork_rng(devices=[]):  # what is painted over gets noise
        torch.manual_seed(seed)
        return float(score(image, importance[None], [_itself], predict_or_reuse)[0])


def _itself(answer: Tensor) -> Tensor:
    return answer
