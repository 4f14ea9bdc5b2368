"""Trunks: backbones without their classifier, as timm makes them, and their first weights."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from aqfusion.model.architecture import WeightsError, backbone
from aqfusion.network.torchvision_compat import declare_missing_operators

declare_missing_operators()  # before timm, which imports torchvision
import timm  # noqa: E402


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
