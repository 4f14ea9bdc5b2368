"""The features of the training photos as tensors, to train on; the file is the model's."""

from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from aqfusion.model.training_features import (
    FeatureArrays,
    FeaturesError,
    TrainingSessionFeatures,
    load_arrays,
    save_arrays,
)

__all__ = [
    "Features",
    "FeaturesError",
    "TrainingSessionFeatures",
    "load_features",
    "save_features",
]

_TENSORS = ("features", "statistics", "owner", "fingerprints", "fingerprint_owner")


@dataclass(frozen=True, eq=False)
class Features:
    """As `FeatureArrays`, in tensors."""

    trunk: str
    licence: str
    sessions: tuple[TrainingSessionFeatures, ...]
    features: Tensor
    statistics: Tensor
    owner: Tensor
    fingerprints: Tensor
    fingerprint_owner: Tensor
    sha256: str = ""


def save_features(path: Path, features: Features) -> str:
    """Write the file whole or not at all, numbers as float16, and return its SHA-256."""
    tensors = {name: getattr(features, name).numpy() for name in _TENSORS}
    about = features.trunk, features.licence, features.sessions
    return save_arrays(path, FeatureArrays(*about, **tensors))


def load_features(path: Path, trunk: str) -> Features:
    """Read the features; a file that is absent, damaged or not of `trunk` is refused."""
    arrays = load_arrays(path, trunk)
    values = {field.name: getattr(arrays, field.name) for field in fields(arrays)}
    return Features(**values | {name: torch.from_numpy(values[name]) for name in _TENSORS})
