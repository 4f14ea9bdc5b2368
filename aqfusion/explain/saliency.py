"""Saliency of a photo for the CNN: class activation maps by the grad-cam package.

The package hooks the layer it explains and differentiates through the model it is given. Hooks on
a network that threads share mix their maps up, so it is given a `Tail` of its own for every map:
what comes after the last convolution, behind an identity layer that nobody else sees.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from aqfusion.explain.photo_overlays import SaliencyMap
from aqfusion.explain.saliency_targets import (
    LOWERS,
    RAISES,
    TARGETS,
    HeatMapError,
    check_method,
    check_target,
)
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Predictor
from aqfusion.network import torch_bins as bins
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import trained
from aqfusion.network.pixel_tensors import stack
from aqfusion.network.torchvision_compat import declare_missing_operators

declare_missing_operators()  # before the package, which imports torchvision
import pytorch_grad_cam  # noqa: E402
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, LayerCAM  # noqa: E402
from pytorch_grad_cam.base_cam import BaseCAM  # noqa: E402
from pytorch_grad_cam.metrics.road import ROADCombined  # noqa: E402

__all__ = [
    "LOWERS",
    "METHODS",
    "RAISES",
    "TARGETS",
    "BaseCAM",
    "EigenCAM",
    "GradCAM",
    "GradCAMPlusPlus",
    "HeatMapError",
    "LayerCAM",
    "ROADCombined",
    "SaliencyMap",
    "map_of",
    "saliency_map",
    "target_of",
]


class EigenCAM(pytorch_grad_cam.EigenCAM):  # type: ignore[misc]  # the package is untyped
    """EigenCAM with the sign of the strongest activation, never the weakest.

    A principal component has no sign of its own, and the package takes what the decomposition
    happens to give; here it is the one that goes with loudness.
    """

    def get_cam_image(self, *extra: Any) -> Any:
        """The component (1, h, w) of the activations (1, C, h, w), the fourth that is given."""
        component, loudness = super().get_cam_image(*extra), extra[3].sum(1)
        opposed = (component * (loudness - loudness.mean())).sum() < 0
        return -component if opposed else component


METHODS: Mapping[str, type[BaseCAM]] = {
    "GradCAM": GradCAM,
    "GradCAM++": GradCAMPlusPlus,
    "LayerCAM": LayerCAM,
    "EigenCAM": EigenCAM,  # the strongest activation, whatever the target
}

Target = Callable[[Tensor], Tensor]  # logits (50,) of the photo alone to what is to be explained


def saliency_map(
    predictor: Predictor, photo: Photo, method: str = "GradCAM", target: str = RAISES
) -> SaliencyMap:
    """The evidence for `target` in the photo alone, as the model's CNN sees it.

    `target` is "raises" or "lowers" (the AQI), or a US category; an unknown one or an unknown
    method raises `HeatMapError`.
    """
    checkpoint = trained(predictor.checkpoint)
    images = stack([photo], checkpoint.config.image_size)
    wanted = target_of(target, checkpoint.config.temperature["image_only"])
    return map_of(checkpoint.network, images, method, wanted)


def target_of(name: str, temperature: float) -> Target:
    """The target of a name, on logits before the temperature."""
    check_target(name)

    def score(logits: Tensor) -> Tensor:
        probabilities = (logits[None] / temperature).softmax(1)
        if name in (RAISES, LOWERS):
            aqi = bins.mean(probabilities)[0]
            return aqi if name == RAISES else -aqi
        chances = bins.category_probabilities(probabilities)[0]
        return chances[TARGETS.index(name) - 2].clamp_min(1e-12).log()

    return score


def map_of(network: AQFusionNet, images: Tensor, method: str, target: Target) -> SaliencyMap:
    """The map of one image of pixels 0..255 (1, 3, H, W), at the last convolution's resolution."""
    check_method(method)
    encoder = network.image_encoder
    with torch.no_grad():
        maps = encoder.feature_maps(images)  # (1, C, h, w)
    tail = Tail(network, images)
    with METHODS[method](tail, [tail.explained]) as cam:
        return SaliencyMap(cam(maps.requires_grad_(), [target])[0])


class Tail(nn.Module):
    """From the last feature maps (1, C, h, w) to the logits (1, 50) of the photo alone.

    The haze branch's share of the embedding stays what it is for this image.
    """

    def __init__(self, network: AQFusionNet, images: Tensor) -> None:
        super().__init__()
        self.explained = nn.Identity()
        self._network = network
        self._images = images

    def forward(self, maps: Tensor) -> Tensor:
        """Pool, project, mix and ask the head and the gate, as for a photo alone."""
        encoder = self._network.image_encoder
        embedding = encoder.embed(self._images, encoder.global_pool(self.explained(maps)))
        present = torch.zeros(len(maps), 6, dtype=torch.bool)
        image_present = torch.ones(len(maps), dtype=torch.bool)
        logits, _ = self._network.fuse(embedding, embedding, image_present, present)
        return logits
