"""An assets folder with untrained models of several backbones, as if they were shipped."""

from dataclasses import replace
from pathlib import Path

import torch

from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from aqfusion.network.photo_screen import PhotoScreen


def ship(assets: Path, checkpoint_folder: Path) -> Path:
    """ResNet18 and MobileNetV2, beside an EfficientNet-B0 whose weights are cut off."""
    models = assets / "models"
    models.mkdir(parents=True)
    (models / "mobilenetv2_100").symlink_to(checkpoint_folder)
    save_untrained(models / "resnet18", "resnet18", checkpoint_folder)
    cut = models / "efficientnet_b0"
    cut.mkdir()
    for file in checkpoint_folder.iterdir():
        (cut / file.name).write_bytes(file.read_bytes()[:5000])
    return assets


def save_untrained(folder: Path, backbone: str, like: Path) -> None:
    """Another backbone with the config of the model in `like`."""
    config = load_checkpoint(like).config
    architecture = replace(config.architecture, backbone=backbone)
    torch.manual_seed(1)
    network = AQFusionNet(architecture).eval().requires_grad_(False)
    features = network.image_encoder.project.in_features
    config = replace(config, architecture=architecture)
    save_checkpoint(folder, Checkpoint(network, PhotoScreen(features), config, {"n": 0}))
