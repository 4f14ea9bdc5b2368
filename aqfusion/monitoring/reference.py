"""Reference distribution: histograms of a version's training data, to compare input with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aqfusion.air.readings import POLLUTANTS
from aqfusion.model.checkpoint import FEATURES
from aqfusion.model.predictor import Predictor, load_model, model_folder
from aqfusion.model.training_features import FeatureArrays, FeaturesError, load_arrays
from aqfusion.monitoring.population_stability import Ranges, deciles
from aqfusion.settings import DEFAULT_MODEL

__all__ = ["ReferenceDistribution", "TrainingInputs", "reference_of"]

Vectors = NDArray[np.float32]
_NO_PHOTOS = "There is no file with the features of this model's training photos, so "
_READINGS_ONLY = f"{_NO_PHOTOS}only readings are compared with the training data."
_NOTHING = f"{_NO_PHOTOS}there is nothing to compare with."


@dataclass(frozen=True)
class TrainingInputs:
    """Training in ranges: `histogram` counts sessions, missing first (`Ranges.histogram`)."""

    ranges: Ranges
    histogram: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ReferenceDistribution:
    """Histograms of the training of `model`, a `Predictor.model_version`, and of no other version.

    `distances` are of embeddings: from each training photo to the nearest one of another session.
    `why` is a sentence on what is not known.
    """

    model: str
    sensors: Mapping[str, TrainingInputs]
    distances: TrainingInputs | None = None
    why: str | None = None
    frames: Vectors | None = None

    def distance_of(self, vector: Vectors) -> float:
        """How far an embedding (128,) is from the nearest training photo."""
        if self.frames is None:
            raise ValueError("distances must be known")
        return float(np.linalg.norm(self.frames - vector, axis=1).min())


def reference_of(predictor: Predictor, base: str | Path) -> ReferenceDistribution:
    """The reference of a model that is `base`, or came from it and has its backbone.

    Without its own features file readings are those of the default model's, where that one learned
    from the same sessions.
    """
    checkpoint, version = predictor.checkpoint, predictor.model_version
    try:
        features = load_arrays(model_folder(base) / FEATURES, checkpoint.backbone_hash)
    except FeaturesError:
        other = _default_features()
        learned = {*checkpoint.config.sessions}
        if (
            other is None
            or not learned
            or not learned <= {session.key for session in other.sessions}
        ):
            return ReferenceDistribution(version, {}, why=_NOTHING)
        return ReferenceDistribution(version, _sensors(other), why=_READINGS_ONLY)
    frames = checkpoint.branches.embed(features.features, features.statistics)
    distances = _distances(version, frames, features.owner)
    return ReferenceDistribution(version, _sensors(features), distances, None, frames)


def _default_features() -> FeatureArrays | None:
    try:
        folder = model_folder(DEFAULT_MODEL)
        return load_arrays(folder / FEATURES, load_model(DEFAULT_MODEL).checkpoint.backbone_hash)
    except FeaturesError:
        return None


def _sensors(features: FeatureArrays) -> dict[str, TrainingInputs]:
    """Histograms of the sensors that some session has."""
    histograms = {}
    for name in POLLUTANTS:
        values = [getattr(session.reading, name) for session in features.sessions]
        measured = [value for value in values if value is not None]
        if measured:
            ranges = deciles(name, measured)
            histograms[name] = TrainingInputs(ranges, ranges.histogram(values))
    return histograms


def _distances(version: str, frames: Vectors, owner: NDArray[np.int64]) -> TrainingInputs | None:
    """Distances (F,) to the nearest frame of another session; each session weighs 1."""
    sizes = np.bincount(owner)
    if np.count_nonzero(sizes) < 2:
        return None
    square = (frames**2).sum(1)
    apart = square[:, None] + square[None] - 2 * frames @ frames.T  # (F, F)
    apart[owner[:, None] == owner[None]] = np.inf
    nearest = np.sqrt(apart.min(1).clip(0))
    ranges = deciles(version, nearest.tolist())
    return TrainingInputs(ranges, ranges.histogram(nearest.tolist(), (1 / sizes[owner]).tolist()))
