"""Frozen-backbone features of photos, cached on disk by the hash of the backbone."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from aqfusion.images.perceptual_hash import perceptual_hash
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.labels.photo_store import PhotoMissingError, PhotoStore
from aqfusion.model.checkpoint import Checkpoint
from aqfusion.model.haze_features import haze_features
from aqfusion.model.pixels import batches, stack
from aqfusion.model.tensor_cache import keep, kept

__all__ = ["FeatureCache", "ImageFeatures", "backbone_hash", "concatenate", "extract_features"]

_BATCH = 4  # larger ones are slower (training/holdout_predictions.py)


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """Of B photos: backbone features (B, D), haze statistics (B, 108), perceptual hashes (B,)."""

    features: Tensor
    statistics: Tensor
    fingerprints: Tensor

    def __len__(self) -> int:
        """How many photos."""
        return len(self.features)


def extract_features(checkpoint: Checkpoint, photos: Sequence[Photo]) -> ImageFeatures:
    """Extract features, rounded to float16 as in the cache: the same now and read back."""
    encoder, size = checkpoint.network.image_encoder, checkpoint.config.image_size
    features, statistics = [], []
    with torch.no_grad():
        for part in batches(len(photos), _BATCH):
            images = stack(photos[part], size)
            features.append(encoder.trunk_features(images).half().float())
            statistics.append(haze_features(images).half().float())
    prints = torch.tensor([perceptual_hash(photo) for photo in photos], dtype=torch.int64)
    return ImageFeatures(torch.cat(features), torch.cat(statistics), prints)


def concatenate(looks: Sequence[ImageFeatures]) -> ImageFeatures:
    """Several as one."""
    return ImageFeatures(
        torch.cat([part.features for part in looks]),
        torch.cat([part.statistics for part in looks]),
        torch.cat([part.fingerprints for part in looks]),
    )


def backbone_hash(checkpoint: Checkpoint) -> str:
    """SHA-256 (hex) of a backbone's weights as they are stored, its kind and the photos' size."""
    encoder = checkpoint.network.image_encoder
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in encoder.trunk.state_dict().items()
    }
    kind = f"{encoder.backbone} {checkpoint.config.image_size}\n"
    return hashlib.sha256(kind.encode() + save(state)).hexdigest()


_AT_ONCE = 16


class FeatureCache:
    """Features by the backbone of one checkpoint, by photo hash."""

    def __init__(self, checkpoint: Checkpoint, trunk: str, photos: PhotoStore, home: Path) -> None:
        """Keep files in a folder of `home` that is the backbone's own."""
        self._checkpoint, self._trunk, self._photos = checkpoint, trunk, photos
        self._home = home / trunk[:16]

    def features_of(
        self, hashes: Iterable[str], report: Callable[[str], None]
    ) -> dict[str, ImageFeatures]:
        """Extract the features that are not cached; a photo that cannot be read is left out."""
        wanted = list(dict.fromkeys(hashes))
        features = {digest: seen for digest in wanted if (seen := self._kept(digest)) is not None}
        new = [digest for digest in wanted if digest not in features]
        for start in range(0, len(new), _AT_ONCE):
            opened = {d: photo for d in new[start : start + _AT_ONCE] if (photo := self._photo(d))}
            if opened:
                seen = extract_features(self._checkpoint, list(opened.values()))
                for number, digest in enumerate(opened):
                    row = slice(number, number + 1)
                    features[digest] = ImageFeatures(
                        seen.features[row], seen.statistics[row], seen.fingerprints[row]
                    )
                    self._keep(digest, features[digest])
            report(f"looked at {min(start + _AT_ONCE, len(new))} of {len(new)} new photos")
        return features

    def _photo(self, digest: str) -> Photo | None:
        try:
            return Photo.decode(self._photos.get(digest))
        except (PhotoMissingError, PhotoError):
            return None

    def _path(self, digest: str) -> Path:
        return self._home / digest[:2] / f"{digest}.safetensors"

    def _keep(self, digest: str, seen: ImageFeatures) -> None:
        tensors = {
            "features": seen.features.half(),
            "statistics": seen.statistics.half(),
            "fingerprints": seen.fingerprints,
        }
        keep(self._path(digest), f"{self._trunk} {digest}", tensors)

    def _kept(self, digest: str) -> ImageFeatures | None:
        tensors = kept(self._path(digest), f"{self._trunk} {digest}")
        if tensors is None:
            return None
        return ImageFeatures(
            tensors["features"].float(), tensors["statistics"].float(), tensors["fingerprints"]
        )
