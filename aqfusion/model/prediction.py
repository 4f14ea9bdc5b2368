"""Predictions: a batch as arrays, and single ones in the whole numbers that people read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.air.aqi import Category, round_half_up, standard

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
KINDS = ("fused", "image_only", "sensors_only", "nothing")  # of input: what it holds


@dataclass(frozen=True)
class Prediction:
    """One distribution over AQI in numbers: mean, 90 % interval, US category of the mean.

    `probabilities` are of the six US categories by name and add up to 1.
    """

    aqi: int
    low: int
    high: int
    category: Category
    probabilities: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        """The prediction as commands and reports print it."""
        return {
            "aqi": self.aqi,
            "low": self.low,
            "high": self.high,
            "category": self.category.name,
            "probabilities": {name: round(p, 4) for name, p in self.probabilities.items()},
        }


@dataclass(frozen=True, eq=False)
class PredictionBatch:
    """Predictions for B inputs, before rounding.

    Mean AQI, ends of the 90 % interval and the photo's weight, all (B,); chances of the six US
    categories (B, 6); the site's weight (B,).
    """

    aqi: Floats
    low: Floats
    high: Floats
    photo_share: Floats
    categories: Floats
    site_share: Floats

    def __getitem__(self, i: int) -> Prediction:
        """Input `i` in whole numbers: the one place where a distribution becomes these."""
        us = standard("us")
        aqi = round_half_up(self.aqi[i])
        names = [category.name for category in us.categories]
        return Prediction(
            aqi,
            max(0, min(math.floor(self.low[i]), aqi)),
            min(500, max(math.ceil(self.high[i]), aqi)),
            us.category_of(aqi),
            dict(zip(names, self.categories[i].tolist(), strict=True)),
        )


def kind_of(readings: int, has_image: bool) -> str:
    """Which of `KINDS` an input is, by how many readings are there."""
    if has_image:
        return "fused" if readings else "image_only"
    return "sensors_only" if readings else "nothing"
