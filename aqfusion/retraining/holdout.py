"""The hold-out set: never trained on, so that versions can be compared on it for ever.

About a fifth of each place's groups, by a hash of their names: it depends on nothing but the
features file. Near-duplicates of a hold-out photo are refused as corrections.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.images.perceptual_hash import NEAR, FingerprintIndex
from aqfusion.model.training_features import FeatureArrays

if TYPE_CHECKING:
    from aqfusion.network.training_features import Features  # loads torch

__all__ = [
    "ALIKE",
    "NearDuplicateFilter",
    "holdout_groups",
    "holdout_hash",
    "near_duplicate_filter",
]

Floats = NDArray[np.float32]
_SHARE = 0.2
_SEED = "frozen 1"
# Cosine from the middle. Measured: 0.7 finds 95 % of copies with 2.5 % cut off each edge, which
# half of all fingerprints miss, and half of those with 5 %; 4 % of the kept frames are as near to
# one of another place-day.
ALIKE = 0.7


def holdout_groups(features: "FeatureArrays | Features") -> frozenset[str]:
    """The groups that are held out; a place with fewer than three gives none."""
    by_place: dict[str, set[str]] = defaultdict(set)
    for session in features.sessions:
        by_place[session.place].add(session.group)
    chosen: set[str] = set()
    for groups in by_place.values():
        ordered = sorted(groups, key=_lot)
        count = max(1, round(_SHARE * len(groups))) if len(groups) >= 3 else 0
        chosen.update(ordered[:count])
    return frozenset(chosen)


def holdout_hash(groups: frozenset[str]) -> str:
    """SHA-256 (hex) of which groups are held out."""
    return hashlib.sha256("\n".join(sorted(groups)).encode()).hexdigest()


def _lot(group: str) -> str:
    return hashlib.sha256(f"{_SEED}|{group}".encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class NearDuplicateFilter:
    """Finds near-duplicates of hold-out photos, by perceptual hash or by features.

    `directions` (H, D) are the hold-out frames' features as seen from `middle` (D,), the mean of
    all: most features are common to all photos.
    """

    fingerprints: FingerprintIndex
    middle: Floats
    directions: Floats

    def among(self, features: Any, fingerprints: Any) -> Sequence[bool]:
        """Whether each of B photos, features (B, D), is a near-duplicate of a hold-out photo."""
        alike = (_directions(features, self.middle) @ self.directions.T).max(1) > ALIKE
        return [
            bool(near) or bool(self.fingerprints.near(photo_hash, NEAR))
            for near, photo_hash in zip(alike, fingerprints.tolist(), strict=True)
        ]


def near_duplicate_filter(
    features: "FeatureArrays | Features", holdout: frozenset[str]
) -> NearDuplicateFilter:
    """The filter for the photos of the groups in `holdout`."""
    kept = np.array([session.group in holdout for session in features.sessions])
    prints = np.asarray(features.fingerprints)[kept[np.asarray(features.fingerprint_owner)]]
    middle = np.asarray(features.features).mean(0)
    directions = _directions(
        np.asarray(features.features)[kept[np.asarray(features.owner)]], middle
    )
    return NearDuplicateFilter(FingerprintIndex(prints.tolist()), middle, directions)


def _directions(features: Any, middle: Floats) -> Floats:
    away = np.asarray(features) - middle
    length = np.linalg.norm(away, axis=1, keepdims=True)
    return np.asarray(away / length.clip(1e-12), np.float32)
