"""The three lightweight backbones, how each wants its pixels, where its first weights come from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from aqfusion.errors import InputError
from aqfusion.model.torchvision_compat import declare_missing_operators

declare_missing_operators()  # before timm, which imports torchvision
import timm  # noqa: E402


class WeightsError(InputError):
    """Pretrained weights that are absent or do not fit the backbone."""

    for_strangers = "the pretrained weights are missing or damaged"


@dataclass(frozen=True)
class Backbone:
    """A timm backbone: creation options, channel mean and std of its pixels in 0..1."""

    name: str
    title: str
    options: dict[str, Any]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights_origin: str


_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

BACKBONES = {
    backbone.name: backbone
    for backbone in (
        Backbone(
            "mobilenetv2_100",
            "MobileNetV2",
            {"pad_type": "same"},  # as TensorFlow pads, where these weights come from
            *_HALF,
            "TensorFlow mobilenet_v2_1.0_224 on ImageNet, Apache-2.0",
        ),
        Backbone(
            "resnet18",
            "ResNet18",
            {},
            *_IMAGENET,
            "facebookresearch/kill-the-bits, a product-quantised ImageNet ResNet18, CC BY-NC 4.0",
        ),
        Backbone(
            "efficientnet_b0",
            "EfficientNet-B0",
            {},
            *_IMAGENET,
            "none: from scratch",
        ),
    )
}


def backbone(name: str) -> Backbone:
    """Look a backbone up by its timm name; `WeightsError` lists the known ones."""
    if name not in BACKBONES:
        raise WeightsError(f"backbone must be one of {', '.join(BACKBONES)}, got {name!r}")
    return BACKBONES[name]


def create_trunk(name: str, *, pads_by_size: bool = True) -> nn.Module:
    """The convolutional part with pooling, (B, 3, H, W) -> (B, features), random weights.

    Without `pads_by_size` padding is the same for every size: of use to who sets it later.
    """
    chosen = backbone(name)
    options = chosen.options if pads_by_size else {}
    trunk: nn.Module = timm.create_model(chosen.name, pretrained=False, num_classes=0, **options)
    return trunk


def feature_count(trunk: nn.Module) -> int:
    """How many features the backbone gives: 1280, for ResNet18 512."""
    return int(str(trunk.num_features))


def normalise(images: Tensor, name: str) -> Tensor:
    """Pixels 0..255 (B, 3, H, W) as the backbone wants them."""
    chosen = backbone(name)
    mean = torch.tensor(chosen.mean)[:, None, None]
    std = torch.tensor(chosen.std)[:, None, None]
    return (images.float() / 255 - mean) / std


def load_pretrained(trunk: nn.Module, name: str, folder: Path) -> None:
    """Fill the backbone from `folder/NAME.safetensors` (timm key names, any float type)."""
    path = folder / f"{backbone(name).name}.safetensors"
    if not path.is_file():
        raise WeightsError(f"no pretrained weights: {path} does not exist")
    try:
        state = {key: tensor.float() for key, tensor in load_file(path).items()}
        trunk.load_state_dict(state)
    except (SafetensorError, RuntimeError) as error:
        raise WeightsError(f"{path} does not fit {name}: {error}") from error


def download_pretrained(trunk: nn.Module, name: str) -> None:
    """Fill the backbone from timm's hub; needs internet and happens on request only."""
    try:
        source = timm.create_model(backbone(name).name, pretrained=True, num_classes=0)
    except (OSError, RuntimeError) as error:
        raise WeightsError(f"timm's hub could not give weights for {name}: {error}") from error
    trunk.load_state_dict(source.state_dict())
