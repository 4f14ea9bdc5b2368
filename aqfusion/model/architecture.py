"""What a network is built from, as `config.json` states it."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from aqfusion.air.readings import POLLUTANTS
from aqfusion.errors import InputError
from aqfusion.io.json_models import Number, Positive, Rule, of_length, one_of

SENSOR_COUNT = len(POLLUTANTS)
HAZE_BANDS, COARSE_HAZE_BANDS = 8, 4  # horizontal bands of a photo, for means and for spreads
HAZE_STATISTICS = 10 * HAZE_BANDS + 7 * COARSE_HAZE_BANDS  # 108
EMBED_DIM = 128  # E: of the space that photos and readings share


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


@dataclass(frozen=True)
class Architecture:
    """All that is needed to build the network again; stored in the checkpoint's config.

    `sensor_mean` and `sensor_std` are of log(1 + reading), readings in canonical units.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}  # nobody builds what is not here
    backbone: Annotated[str, one_of(BACKBONES)]
    sensor_mean: Annotated[tuple[float, ...], of_length(tuple[Number, ...], SENSOR_COUNT)]
    sensor_std: Annotated[tuple[float, ...], of_length(tuple[Positive, ...], SENSOR_COUNT)]
    sensor_token_dim: Annotated[
        int, Rule("must be a whole number from 1 to 1024", ge=1, le=1024)
    ] = 16
    sensor_hidden_dim: Annotated[
        int, Rule("must be a whole number from 1 to 4096", ge=1, le=4096)
    ] = 128
