"""Feature extraction: what the frozen backbone and the haze statistics make of photos."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from safetensors.torch import save
from torch import Tensor

from aqfusion.images.perceptual_hash import perceptual_hash
from aqfusion.images.photo import Photo
from aqfusion.network.checkpoint import Checkpoint
from aqfusion.network.haze_features import haze_features
from aqfusion.network.image_encoder import ImageEncoder
from aqfusion.network.pixel_tensors import batches, stack

BATCH = 4  # activations of larger ones are mapped anew by malloc at every layer, which is slower


def extract_features(encoder: ImageEncoder, images: Tensor) -> tuple[Tensor, Tensor]:
    """Backbone features (B, D) and haze statistics (B, 108) of pixels 0..255 (B, 3, H, W)."""
    with torch.no_grad():
        parts = [(encoder.pooled_features(few), haze_features(few)) for few in images.split(BATCH)]
        features, statistics = (torch.cat(column) for column in zip(*parts, strict=True))
    return features, statistics


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """Of B photos: backbone features (B, D), haze statistics (B, 108), perceptual hashes (B,)."""

    features: Tensor
    statistics: Tensor
    fingerprints: Tensor

    def __len__(self) -> int:
        """How many photos."""
        return len(self.features)


def photo_features(checkpoint: Checkpoint, photos: Sequence[Photo]) -> ImageFeatures:
    """Extract features, rounded to float16 as in the cache: the same now and read back."""
    encoder, size = checkpoint.network.image_encoder, checkpoint.config.image_size
    parts = [
        extract_features(encoder, stack(photos[part], size)) for part in batches(len(photos), BATCH)
    ]
    features, statistics = (torch.cat(column).half().float() for column in zip(*parts, strict=True))
    prints = torch.tensor([perceptual_hash(photo) for photo in photos], dtype=torch.int64)
    return ImageFeatures(features, statistics, prints)


def concatenate(parts: Sequence[ImageFeatures]) -> ImageFeatures:
    """Several as one."""
    return ImageFeatures(
        torch.cat([part.features for part in parts]),
        torch.cat([part.statistics for part in parts]),
        torch.cat([part.fingerprints for part in parts]),
    )


def backbone_hash(checkpoint: Checkpoint) -> str:
    """SHA-256 (hex) of a backbone's weights as they are stored, its kind and the photos' size.

    Cached features hold for that backbone alone.
    """
    encoder = checkpoint.network.image_encoder
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in encoder.trunk.state_dict().items()
    }
    kind = f"{encoder.backbone} {checkpoint.config.image_size}\n"
    return hashlib.sha256(kind.encode() + save(state)).hexdigest()
