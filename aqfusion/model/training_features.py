"""A backbone's features of the training photos: a small file, so that no retraining needs photos.

The backbone is the slow part of a network and stays as it is; all that is trained again stands
behind it. The file holds numbers, no photo and no file name, and names the backbone and the data
that they are of. It is shipped for the default model.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.io.atomic_files import replace_file
from aqfusion.model.architecture import HAZE_STATISTICS
from aqfusion.model.array_math import Array

__all__ = [
    "FeatureArrays",
    "FeaturesError",
    "TrainingSessionFeatures",
    "load_arrays",
    "save_arrays",
]

_FORMAT = "1"
_LARGEST = 200_000_000  # bytes


class FeaturesError(InputError):
    """A features file that is absent, damaged or another backbone's."""

    for_strangers = "the file of training features is missing or damaged"


@dataclass(frozen=True)
class TrainingSessionFeatures:
    """A training session: its measured AQI (0 to 500), the group it is split by, its photos.

    `photos` is how many it had; a few of them are in the features.
    """

    key: str
    place: str
    group: str
    aqi: float
    reading: Reading
    photos: int


@dataclass(frozen=True, eq=False)
class FeatureArrays:
    """S sessions and F of their frames, behind the backbone `trunk` (SHA-256).

    `features` (F, D) are the backbone's, `statistics` (F, 108) haze evidence, `owner` (F,) each
    frame's session. `fingerprints` (P,) are of all photos, `fingerprint_owner` (P,) their
    sessions. `sha256` is the file's once there is one.
    """

    trunk: str
    licence: str
    sessions: tuple[TrainingSessionFeatures, ...]
    features: Array
    statistics: Array
    owner: Array
    fingerprints: Array
    fingerprint_owner: Array
    sha256: str = field(default="")


def save_arrays(path: Path, features: FeatureArrays) -> str:
    """Write the file whole or not at all, numbers as float16, and return its SHA-256."""
    arrays: dict[str, Array] = {
        "features": np.ascontiguousarray(features.features, np.float16),
        "statistics": np.ascontiguousarray(features.statistics, np.float16),
        "owner": features.owner.astype(np.int32),
        "fingerprints": np.ascontiguousarray(features.fingerprints),
        "fingerprint_owner": features.fingerprint_owner.astype(np.int32),
    }
    sessions = [asdict(session) for session in features.sessions]
    about = {
        "format": _FORMAT,
        "trunk_sha256": features.trunk,
        "data_licence": features.licence,
        "sessions": json.dumps(sessions, ensure_ascii=False),
    }
    content = save(arrays, about)
    replace_file(path, content)
    return hashlib.sha256(content).hexdigest()


def load_arrays(path: Path, trunk: str) -> FeatureArrays:
    """Read the features; a file that is absent, damaged or not of `trunk` is refused."""
    if not path.is_file():
        raise FeaturesError(
            f"{path} must hold the training photos' features, got nothing there; "
            "python -m aqfusion features --data FOLDER makes it from a data folder"
        )
    if path.stat().st_size > _LARGEST:
        raise FeaturesError(f"{path} must have at most 200 MB, got {path.stat().st_size} bytes")
    try:
        with safe_open(path, "np") as file:
            about = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        features = _features(about, arrays, hashlib.sha256(path.read_bytes()).hexdigest())
        _check(features)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise FeaturesError(f"{path} must be a features file, got {error!r}") from error
    if features.trunk != trunk:
        raise FeaturesError(
            f"{path} must be of the model's own trunk {trunk[:12]}, got one of "
            f"{features.trunk[:12]}; python -m aqfusion features --data FOLDER makes it anew"
        )
    return features


def _features(about: dict[str, Any], arrays: dict[str, Array], sha256: str) -> FeatureArrays:
    if about["format"] != _FORMAT:
        raise ValueError(f"format {about['format']}")
    sessions = tuple(
        TrainingSessionFeatures(**{**entry, "reading": Reading(**entry["reading"])})
        for entry in json.loads(about["sessions"])
    )
    return FeatureArrays(
        about["trunk_sha256"],
        about["data_licence"],
        sessions,
        arrays["features"].astype(np.float32),
        arrays["statistics"].astype(np.float32),
        arrays["owner"].astype(np.int64),
        arrays["fingerprints"].astype(np.int64),
        arrays["fingerprint_owner"].astype(np.int64),
        sha256,
    )


def _check(features: FeatureArrays) -> None:
    """Every frame and every fingerprint is a session's, every number finite."""
    frames, count = len(features.owner), len(features.sessions)
    if not count or not frames or features.statistics.shape != (frames, HAZE_STATISTICS):
        raise ValueError(f"{count} sessions, {frames} frames, {tuple(features.statistics.shape)}")
    if len(features.features) != frames or len(features.fingerprints) != len(
        features.fingerprint_owner
    ):
        raise ValueError("tables of different lengths")
    if not all(np.isfinite(part).all() for part in (features.features, features.statistics)):
        raise ValueError("numbers that are not finite")
    for owner in (features.owner, features.fingerprint_owner):
        if not bool(((owner >= 0) & (owner < count)).all()):
            raise ValueError("a frame of no session")
    if len(np.unique(features.owner)) != count:
        raise ValueError("a session without a frame")
