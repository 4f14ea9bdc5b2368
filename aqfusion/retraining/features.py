"""Features for retraining: of the label store's photos, kept on disk, and of a data folder's.

Photos of the label store go through each backbone once.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch

from aqfusion.data.dataset_folder import DatasetRow
from aqfusion.images.perceptual_hash import perceptual_hash
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.labels.photo_store import PhotoMissingError, PhotoStore
from aqfusion.network.checkpoint import Checkpoint
from aqfusion.network.image_features import (
    ImageFeatures,
    backbone_hash,
    concatenate,
    photo_features,
)
from aqfusion.network.tensor_cache import keep, kept
from aqfusion.network.training_features import Features, TrainingSessionFeatures
from aqfusion.training.sessions import sessions_of

_AT_ONCE = 16
FRAMES = 8  # of a session, evenly spaced: neighbours in a film are nearly the same


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
                seen = photo_features(self._checkpoint, list(opened.values()))
                for number, digest in enumerate(opened):
                    row = slice(number, number + 1)
                    features[digest] = ImageFeatures(
                        seen.features[row], seen.statistics[row], seen.fingerprints[row]
                    )
                    self._keep(digest, features[digest])
            report(
                f"extracted features of {min(start + _AT_ONCE, len(new))} of {len(new)} new photos"
            )
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


def write_features(
    checkpoint: Checkpoint, rows: Sequence[DatasetRow], licence: str, report: Callable[[str], None]
) -> Features:
    """Look at up to `FRAMES` photos of every session, and take the fingerprints of all."""
    sessions = sessions_of(rows)
    looks, owner, prints, print_owner = [], [], [], []
    for number, session in enumerate(sessions):
        count = min(FRAMES, len(session.rows))
        kept = {session.rows[i * len(session.rows) // count].photo for i in range(count)}
        frames: dict[Path, Photo] = {}
        for row in session.rows:
            photo = Photo.open(row.photo)
            prints.append(perceptual_hash(photo))
            print_owner.append(number)
            if row.photo in kept:
                frames[row.photo] = photo
        looks.append(photo_features(checkpoint, list(frames.values())))
        owner += [number] * len(frames)
        report(f"extracted features of {number + 1} of {len(sessions)} sessions")
    seen = concatenate(looks)
    session_features = tuple(
        TrainingSessionFeatures(s.key, s.place, s.group, s.aqi, s.rows[0].reading, len(s.rows))
        for s in sessions
    )
    return Features(
        backbone_hash(checkpoint),
        licence,
        session_features,
        seen.features,
        seen.statistics,
        torch.tensor(owner),
        torch.tensor(prints, dtype=torch.int64),
        torch.tensor(print_owner),
    )
