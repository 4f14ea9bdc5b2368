"""The small layers behind the backbone, in numpy: haze branch, readings and head.

Shapes as in `aqfusion.network`, where they are trained; a test compares each with its torch module.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aqfusion.model.architecture import (
    COARSE_HAZE_BANDS,
    HAZE_BANDS,
    HAZE_STATISTICS,
    SENSOR_COUNT,
)
from aqfusion.model.array_math import Array, gelu, layer_norm
from aqfusion.model.stored_weights import StoredWeights

# (108,): which coarse band, top first, a haze statistic was taken in.
BAND_OF_STATISTIC = np.concatenate(
    [
        np.tile(np.arange(HAZE_BANDS) * COARSE_HAZE_BANDS // HAZE_BANDS, 10),
        np.tile(np.arange(COARSE_HAZE_BANDS), 7),
    ]
)


@dataclass(frozen=True, eq=False)
class LinearLayer:
    """An affine map of rows (B, I) to (B, O)."""

    weight: Array
    bias: Array

    @classmethod
    def of(cls, weights: StoredWeights, name: str, inputs: int | None = None) -> "LinearLayer":
        """Take the layer of this name; `inputs` is how many it must have, if that is fixed."""
        weight = weights.matrix(f"{name}.weight", inputs)
        return cls(weight.T, weights.array(f"{name}.bias", len(weight)))

    def __call__(self, values: Array) -> Array:
        """Map rows."""
        return values @ self.weight + self.bias


@dataclass(frozen=True, eq=False)
class Normalisation:
    """A layer norm over the last axis."""

    weight: Array
    bias: Array

    @classmethod
    def of(cls, weights: StoredWeights, name: str, size: int) -> "Normalisation":
        """Take the layer of this name."""
        parts = (weights.array(f"{name}.{part}", size) for part in ("weight", "bias"))
        return cls(*parts)

    def __call__(self, values: Array) -> Array:
        """Normalise rows."""
        return layer_norm(values, self.weight, self.bias)


class ImageBranches:
    """What stands behind backbone features and haze statistics: both branches and their mix."""

    def __init__(self, weights: StoredWeights, size: int) -> None:
        """Take the weights of both branches, for embeddings of that size."""
        root = "network.image_encoder"
        self._project = LinearLayer.of(weights, f"{root}.project")
        self._norm = Normalisation.of(weights, f"{root}.norm", size)
        self.mean = weights.array(f"{root}.haze.mean", HAZE_STATISTICS)
        self._std = weights.array(f"{root}.haze.std", HAZE_STATISTICS)
        self._first = LinearLayer.of(weights, f"{root}.haze.mlp.0", HAZE_STATISTICS)
        self._second = LinearLayer.of(weights, f"{root}.haze.mlp.3", len(self._first.bias))
        self._haze_norm = Normalisation.of(weights, f"{root}.haze.mlp.4", size)
        self.haze_share = float(weights.array(f"{root}.haze_share"))

    @property
    def features(self) -> int:
        """How many features the backbone gives: 1280, ResNet18 512."""
        return len(self._project.weight)

    def embed(self, features: Array, haze_statistics: Array) -> Array:
        """Embeddings (B, 128) of backbone features (B, D) and haze statistics (B, 108)."""
        standardised = np.clip((haze_statistics - self.mean) / self._std, -5, 5)
        haze = self._haze_norm(self._second(gelu(self._first(standardised))))
        cnn = self._norm(self._project(features))
        embedding: Array = (1 - self.haze_share) * cnn + self.haze_share * haze
        return embedding.astype(np.float32)


class ReadingEncoder:
    """Readings as one token each, a missing one by a token of its own, to the embedding."""

    def __init__(self, weights: StoredWeights, size: int) -> None:
        """Take the sensor encoder's weights."""
        root = "network.sensor_encoder"
        self._mean = weights.array(f"{root}.mean", SENSOR_COUNT)
        self._std = weights.array(f"{root}.std", SENSOR_COUNT)
        self._slope = weights.matrix(f"{root}.slope")
        token = self._slope.shape
        self._offset = weights.array(f"{root}.offset", *token)
        self._missing = weights.array(f"{root}.missing", *token)
        self._first = LinearLayer.of(weights, f"{root}.mlp.0", SENSOR_COUNT * (token[1] + 1))
        self._second = LinearLayer.of(weights, f"{root}.mlp.2", len(self._first.bias))
        self._third = LinearLayer.of(weights, f"{root}.mlp.4", len(self._second.bias))
        self._norm = Normalisation.of(weights, f"{root}.mlp.5", size)

    def __call__(self, readings: Array) -> Array:
        """Embed readings (B, 6) in canonical units, NaN where missing, as (B, 128)."""
        standardised = (np.log1p(readings.astype(np.float32)) - self._mean) / self._std
        present = ~np.isnan(standardised)  # (B, 6)
        values = np.where(present, standardised, 0)[:, :, None]  # (B, 6, 1)
        tokens = np.where(present[:, :, None], values * self._slope + self._offset, self._missing)
        rows = tokens.reshape(len(tokens), self._slope.size)
        flat = np.concatenate([rows, present], 1, dtype=np.float32)
        return self._norm(self._third(gelu(self._second(gelu(self._first(flat))))))


class LogitHead:
    """The head over a photo's or readings' embedding, and what it says where nothing is shown."""

    def __init__(self, weights: StoredWeights, size: int, readings: ReadingEncoder) -> None:
        """Take the head's weights."""
        self._layer = LinearLayer.of(weights, "network.head", size)
        self._readings = readings

    def of_embedding(self, embedding: Array) -> Array:
        """Logits (B, 50) of embeddings (B, 128)."""
        return self._layer(embedding)

    def of_readings(self, readings: Array) -> Array:
        """Logits (B, 50) of readings (B, 6), NaN where missing."""
        return self._layer(self._readings(readings))

    @cached_property
    def of_nothing(self) -> Array:
        """Logits (1, 50) of no reading at all."""
        return self.of_readings(np.full((1, SENSOR_COUNT), np.nan))
