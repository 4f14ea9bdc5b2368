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

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.io.atomic_files import replace_file
from aqfusion.model.architecture import HAZE_STATISTICS

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
class Features:
    """S sessions and F of their frames, behind the backbone `trunk` (SHA-256).

    `features` (F, D) are the backbone's, `statistics` (F, 108) haze evidence, `owner` (F,) each
    frame's session. `fingerprints` (P,) are of all photos, `fingerprint_owner` (P,) their
    sessions. `sha256` is the file's once there is one.
    """

    trunk: str
    licence: str
    sessions: tuple[TrainingSessionFeatures, ...]
    features: Tensor
    statistics: Tensor
    owner: Tensor
    fingerprints: Tensor
    fingerprint_owner: Tensor
    sha256: str = field(default="")


def save_features(path: Path, features: Features) -> str:
    """Write the file whole or not at all, numbers as float16, and return its SHA-256."""
    tensors = {
        "features": features.features.half().contiguous(),
        "statistics": features.statistics.half().contiguous(),
        "owner": features.owner.int(),
        "fingerprints": features.fingerprints,
        "fingerprint_owner": features.fingerprint_owner.int(),
    }
    sessions = [asdict(session) for session in features.sessions]
    about = {
        "format": _FORMAT,
        "trunk_sha256": features.trunk,
        "data_licence": features.licence,
        "sessions": json.dumps(sessions, ensure_ascii=False),
    }
    content = save(tensors, about)
    replace_file(path, content)
    return hashlib.sha256(content).hexdigest()


def load_features(path: Path, trunk: str) -> Features:
    """Read the features; a file that is absent, damaged or not of `trunk` is refused."""
    if not path.is_file():
        raise FeaturesError(
            f"{path} must hold the training photos' features, got nothing there; "
            "python -m aqfusion features --data FOLDER makes it from a data folder"
        )
    if path.stat().st_size > _LARGEST:
        raise FeaturesError(f"{path} must have at most 200 MB, got {path.stat().st_size} bytes")
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        features = _features(about, tensors, hashlib.sha256(path.read_bytes()).hexdigest())
        _check(features)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise FeaturesError(f"{path} must be a features file, got {error!r}") from error
    if features.trunk != trunk:
        raise FeaturesError(
            f"{path} must be of the model's own trunk {trunk[:12]}, got one of "
            f"{features.trunk[:12]}; python -m aqfusion features --data FOLDER makes it anew"
        )
    return features


def _features(about: dict[str, Any], tensors: dict[str, Tensor], sha256: str) -> Features:
    if about["format"] != _FORMAT:
        raise ValueError(f"format {about['format']}")
    sessions = tuple(
        TrainingSessionFeatures(**{**entry, "reading": Reading(**entry["reading"])})
        for entry in json.loads(about["sessions"])
    )
    return Features(
        about["trunk_sha256"],
        about["data_licence"],
        sessions,
        tensors["features"].float(),
        tensors["statistics"].float(),
        tensors["owner"].long(),
        tensors["fingerprints"].long(),
        tensors["fingerprint_owner"].long(),
        sha256,
    )


def _check(features: Features) -> None:
    """Every frame and every fingerprint is a session's, every number finite."""
    frames, count = len(features.owner), len(features.sessions)
    if not count or not frames or features.statistics.shape != (frames, HAZE_STATISTICS):
        raise ValueError(f"{count} sessions, {frames} frames, {tuple(features.statistics.shape)}")
    if len(features.features) != frames or len(features.fingerprints) != len(
        features.fingerprint_owner
    ):
        raise ValueError("tables of different lengths")
    if not all(
        bool(torch.isfinite(part).all()) for part in (features.features, features.statistics)
    ):
        raise ValueError("numbers that are not finite")
    for owner in (features.owner, features.fingerprint_owner):
        if not bool(((owner >= 0) & (owner < count)).all()):
            raise ValueError("a frame of no session")
    if len(features.owner.unique()) != count:
        raise ValueError("a session without a frame")
