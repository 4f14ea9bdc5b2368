"""Feature extraction: the backbone's output for photos, with haze statistics and hashes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from aqfusion.labels.fingerprint import fingerprint
from aqfusion.model.checkpoint import Checkpoint
from aqfusion.model.haze import haze_statistics
from aqfusion.model.pixels import batches, stack
from aqfusion.photo import Photo

__all__ = ["Look", "joined", "look"]

_BATCH = 4  # larger ones are slower (training/held_out.py)


@dataclass(frozen=True, eq=False)
class Look:
    """Of B photos: backbone features (B, D), haze statistics (B, 108), perceptual hashes (B,)."""

    features: Tensor
    statistics: Tensor
    fingerprints: Tensor

    def __len__(self) -> int:
        """How many photos."""
        return len(self.features)


def look(checkpoint: Checkpoint, photos: Sequence[Photo]) -> Look:
    """Extract features, rounded to float16 as in the cache: the same now and read back."""
    encoder, size = checkpoint.network.image_encoder, checkpoint.config.image_size
    features, statistics = [], []
    with torch.no_grad():
        for part in batches(len(photos), _BATCH):
            images = stack(photos[part], size)
            features.append(encoder.trunk_features(images).half().float())
            statistics.append(haze_statistics(images).half().float())
    prints = torch.tensor([fingerprint(photo) for photo in photos], dtype=torch.int64)
    return Look(torch.cat(features), torch.cat(statistics), prints)


def joined(looks: Sequence[Look]) -> Look:
    """Several as one."""
    return Look(
        torch.cat([part.features for part in looks]),
        torch.cat([part.statistics for part in looks]),
        torch.cat([part.fingerprints for part in looks]),
    )
