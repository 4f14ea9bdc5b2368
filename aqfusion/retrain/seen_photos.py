"""A feature cache on disk: photos of the label store go through each backbone once."""

from collections.abc import Callable, Iterable
from pathlib import Path

from aqfusion.labels.photo_store import PhotoMissingError, PhotoStore
from aqfusion.model.checkpoint import Checkpoint
from aqfusion.photo import Photo, PhotoError
from aqfusion.retrain.look import Look, look
from aqfusion.retrain.sealed import keep, kept

__all__ = ["SeenPhotos"]

_AT_ONCE = 16


class SeenPhotos:
    """Features by the backbone of one checkpoint, by photo hash."""

    def __init__(self, checkpoint: Checkpoint, trunk: str, photos: PhotoStore, home: Path) -> None:
        """Keep files in a folder of `home` that is the backbone's own."""
        self._checkpoint, self._trunk, self._photos = checkpoint, trunk, photos
        self._home = home / trunk[:16]

    def features_of(self, hashes: Iterable[str], report: Callable[[str], None]) -> dict[str, Look]:
        """Extract the features that are not cached; a photo that cannot be read is left out."""
        wanted = list(dict.fromkeys(hashes))
        features = {digest: seen for digest in wanted if (seen := self._kept(digest)) is not None}
        new = [digest for digest in wanted if digest not in features]
        for start in range(0, len(new), _AT_ONCE):
            opened = {d: photo for d in new[start : start + _AT_ONCE] if (photo := self._photo(d))}
            if opened:
                seen = look(self._checkpoint, list(opened.values()))
                for number, digest in enumerate(opened):
                    row = slice(number, number + 1)
                    features[digest] = Look(
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

    def _keep(self, digest: str, seen: Look) -> None:
        tensors = {
            "features": seen.features.half(),
            "statistics": seen.statistics.half(),
            "fingerprints": seen.fingerprints,
        }
        keep(self._path(digest), f"{self._trunk} {digest}", tensors)

    def _kept(self, digest: str) -> Look | None:
        tensors = kept(self._path(digest), f"{self._trunk} {digest}")
        if tensors is None:
            return None
        return Look(
            tensors["features"].float(), tensors["statistics"].float(), tensors["fingerprints"]
        )
