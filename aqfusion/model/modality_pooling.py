"""Pool what photo, readings and site say: logarithmic opinion pools, in numpy.

The weights are fitted by the torch modules of `aqfusion.network`, which say why they are so; a test
compares both. All is float64 from the logits on.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aqfusion.model.architecture import SENSOR_COUNT
from aqfusion.model.array_math import Array, log_softmax, sigmoid
from aqfusion.model.bins import BIN_COUNT
from aqfusion.model.prediction import KINDS
from aqfusion.model.site_config import STANDINGS
from aqfusion.model.stored_weights import StoredWeights

GATE_FEATURES = SENSOR_COUNT + 4
_GATE_PARTS = ("weight", "sharpness")
NOTHING = KINDS.index("nothing")
_SLOPES = 2  # of the pool's figures: a constant, and the logarithm of the days


@dataclass(frozen=True, eq=False)
class ModalityLogits:
    """Logits (B, 50) of the photo and of the readings alone, and which of them are shown.

    `has_image` (B,) and `present` (B, 6) are boolean; what is not shown may hold anything finite.
    """

    image: Array
    sensors: Array
    has_image: Array
    present: Array

    @cached_property
    def any_reading(self) -> Array:
        """Whether any reading is shown (B,)."""
        shown: Array = np.any(self.present, axis=1)
        return shown

    @cached_property
    def kinds(self) -> Array:
        """The number in `KINDS` of each input (B,)."""
        alone = np.where(self.any_reading, KINDS.index("sensors_only"), NOTHING)
        return np.where(self.has_image, np.where(self.any_reading, 0, 1), alone)

    def by_kind(self, table: Mapping[str, float]) -> Array:
        """The entry of each input's kind (B,)."""
        return np.array([table[kind] for kind in KINDS])[self.kinds]

    @cached_property
    def gate_features(self) -> Array:
        """What a gate goes by (B, 10): readings beside the photo, decidedness, what is shown."""
        features = np.empty((len(self.present), GATE_FEATURES))
        features[:, :SENSOR_COUNT] = self.present & self.has_image[:, None]
        features[:, -4] = _decidedness(self.image) * self.has_image
        features[:, -3] = _decidedness(self.sensors) * self.any_reading
        features[:, -2] = self.has_image
        features[:, -1] = self.any_reading
        return features


class ModalityGate:
    """How much the photo weighs beside the readings, and how sure the outcome may be."""

    def __init__(self, weights: StoredWeights, name: str) -> None:
        """Take the gate of this name."""
        both = (weights.array(f"{name}.{part}.weight", 1, GATE_FEATURES) for part in _GATE_PARTS)
        self._both = np.concatenate([*both]).T.astype(np.float64)  # (10, 2)

    def pool(self, logits: ModalityLogits) -> tuple[Array, Array]:
        """Pooled logits (B, 50), and the photo's weight (B,) in 0..1."""
        weight, sharpness = (logits.gate_features @ self._both).T
        share = np.where(logits.has_image, np.where(logits.any_reading, sigmoid(weight), 1.0), 0.0)
        opinion = share[:, None] * logits.image + (1 - share)[:, None] * logits.sensors
        return np.exp(sharpness)[:, None] * opinion, share


def calibrated(
    gate: ModalityGate, temperature: Mapping[str, float], logits: ModalityLogits
) -> tuple[Array, Array]:
    """Log probabilities (B, 50) of photo and readings, and the photo's weight (B,)."""
    pooled, share = gate.pool(logits)
    return log_softmax(pooled / logits.by_kind(temperature)[:, None]), share


class SitePool:
    """How much the site's opinion weighs against the network's."""

    def __init__(self, weights: StoredWeights) -> None:
        """Take the pool's weights."""
        shape = (len(STANDINGS), len(KINDS), _SLOPES)
        self._share = weights.array("sites.pool.share", *shape).astype(np.float64)

    def pool(
        self, network: Array, site: Array, kind: Array, days: Array, standing: Array
    ) -> tuple[Array, Array]:
        """Pooled logits (B, 50) of two log distributions (B, 50), and the site's weight (B,)."""
        level, slope = self._share[standing, kind].T  # (B,) each
        share = np.where(kind == NOTHING, 1.0, sigmoid(level + slope * np.log1p(days)))
        return share[:, None] * site + (1 - share)[:, None] * network, share


def _decidedness(logits: Array) -> Array:
    """1 for a single certain bin, 0 for all bins alike: one minus the normalised entropy (B,)."""
    log_p = log_softmax(logits.astype(np.float64))
    entropy: Array = -(np.exp(log_p) * log_p).sum(1)
    return 1 - entropy / math.log(BIN_COUNT)
