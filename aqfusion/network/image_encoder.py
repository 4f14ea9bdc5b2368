"""From pixels to the embedding space: a CNN, and a small branch of haze evidence beside it."""

from typing import Any

import torch
from torch import Tensor, nn

from aqfusion.model.architecture import EMBED_DIM, HAZE_STATISTICS
from aqfusion.network.haze_features import haze_features
from aqfusion.network.trunks import create_trunk, feature_count, normalise


class ImageEncoder(nn.Module):
    """A CNN and a small branch of haze evidence; the image embedding is a mix of theirs.

    Each learns alone: together, the CNN would lean on evidence that training sessions flatter.
    `haze_share` is fitted on held-out sessions (`calibrate`).
    """

    trunk: Any  # a timm model: it has more than torch's Module declares
    haze_share: Tensor

    def __init__(self, backbone: str, *, pads_by_size: bool = True) -> None:
        super().__init__()
        self.backbone = backbone
        self.trunk = create_trunk(backbone, pads_by_size=pads_by_size)
        self.project = nn.Linear(feature_count(self.trunk), EMBED_DIM)
        self.norm = nn.LayerNorm(EMBED_DIM)
        self.haze = HazeEncoder()
        self.register_buffer("haze_share", torch.tensor(0.5))

    def forward(self, images: Tensor) -> Tensor:
        """Embed pixels 0..255 (B, 3, H, W) as (B, E)."""
        return self.embed(images, self.pooled_features(images))

    def embed(self, images: Tensor, features: Tensor) -> Tensor:
        """Embed pixels (B, 3, H, W) whose backbone features are known already as (B, E)."""
        return self.combine_branches(features, haze_features(images))

    def combine_branches(self, features: Tensor, statistics: Tensor) -> Tensor:
        """Embed backbone features and haze statistics (B, 108) as (B, E)."""
        cnn, haze = self.norm(self.project(features)), self.haze(statistics)
        embedding: Tensor = (1 - self.haze_share) * cnn + self.haze_share * haze  # (B, E)
        return embedding

    def embed_cnn(self, images: Tensor) -> Tensor:
        """Embed pixels 0..255 (B, 3, H, W) by the CNN alone as (B, E)."""
        embedding: Tensor = self.norm(self.project(self.pooled_features(images)))  # (B, E)
        return embedding

    def pooled_features(self, images: Tensor) -> Tensor:
        """The pooled features of pixels 0..255: (B, 1280), ResNet18 (B, 512)."""
        return self.global_pool(self.feature_maps(images))

    def feature_maps(self, images: Tensor) -> Tensor:
        """The last convolution's maps (B, 1280 or 512, H/32, W/32) of pixels 0..255."""
        normalised = normalise(images, self.backbone).contiguous(memory_format=torch.channels_last)
        maps: Tensor = self.trunk.forward_features(normalised)
        return maps

    def global_pool(self, maps: Tensor) -> Tensor:
        """Feature maps to features (B, 1280 or 512)."""
        features: Tensor = self.trunk.forward_head(maps)
        return features


class HazeEncoder(nn.Module):
    """Haze statistics to the embedding space; `mean` and `std` are those of training frames."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(HAZE_STATISTICS))
        self.register_buffer("std", torch.ones(HAZE_STATISTICS))
        self.mlp = nn.Sequential(
            nn.Linear(HAZE_STATISTICS, EMBED_DIM),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(EMBED_DIM, EMBED_DIM),
            nn.LayerNorm(EMBED_DIM),
        )

    def forward(self, statistics: Tensor) -> Tensor:
        """Embed haze statistics (B, 108) as (B, E)."""
        # Clamped: a picture unlike all photos must not fling the embedding anywhere.
        standardised = ((statistics - self.mean) / self.std).clamp(-5, 5)
        embedding: Tensor = self.mlp(standardised)  # (B, E)
        return embedding
