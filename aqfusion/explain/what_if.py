"""Counterfactual predictions for other readings: one swept, two swept, one searched."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aqfusion.air.aqi import Category
from aqfusion.air.pollutants import pollutant
from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.explain.attribution import Ask, Coalitions, coalitions
from aqfusion.model.prediction import Bools, Floats, Prediction, PredictionBatch

_COARSE = 400  # values of the first look, closer together where they are small


@dataclass(frozen=True)
class WhatIfInput:
    """The start of a counterfactual: the model's function, readings, and other inputs present."""

    ask: Ask
    reading: Reading
    has_photo: bool
    has_site: bool = False
    has_landmarks: bool = False

    def changed(self, values: Mapping[str, Floats]) -> PredictionBatch:
        """Predictions as readings take `values`, (B,) each, while all else stays."""
        count = len(next(iter(values.values())))
        readings = np.tile(self.reading.values, (count, 1))  # (B, 6)
        for name, column in values.items():
            readings[:, POLLUTANTS.index(name)] = column
        others = (np.full(count, present) for present in (self.has_site, self.has_landmarks))
        return self.ask(np.full(count, self.has_photo), readings, *others)

    def coalitions(self) -> Coalitions:
        """Predictions for all coalitions of these inputs."""
        return coalitions(self.ask, self.reading, self.has_photo, self.has_site, self.has_landmarks)


@dataclass(frozen=True)
class SearchResult:
    """The value of a reading, nearest to the start, at which a category is predicted.

    Where no value does, `reached` is false and the value is the one that comes nearest to it.
    """

    reached: bool
    value: float
    prediction: Prediction


def grid(scene: WhatIfInput, across: tuple[str, Floats], up: tuple[str, Floats]) -> Floats:
    """The AQI (U, A) as two readings take their values, `across` (A,) and `up` (U,)."""
    (name_across, a), (name_up, u) = across, up
    prediction_batch = scene.changed(
        {name_across: np.tile(a, len(u)), name_up: np.repeat(u, len(a))}
    )
    aqi: Floats = prediction_batch.aqi.reshape(len(u), len(a))
    return aqi


def search(scene: WhatIfInput, name: str, category: Category, start: float) -> SearchResult:
    """Search the value of one reading, nearest to `start`, at which the category is predicted.

    First over the whole range of the pollutant, then in steps of 0.1 (CO 0.01) around the best.
    The model need not rise with a reading, so nothing is assumed between two values.
    """
    limit = pollutant(name).limit
    coarse = np.concatenate([[0.0], np.geomspace(limit / 1e5, limit, _COARSE - 1)])
    best = _best(scene, name, category, start, _on_scale(name, np.append(coarse, start)))
    number = int(np.searchsorted(coarse, best))
    low, high = coarse[max(0, number - 2)], coarse[min(_COARSE - 1, number + 1)]
    fine = _on_scale(name, np.linspace(low, high, _COARSE))
    value = _best(scene, name, category, start, np.append(fine, best))
    prediction_batch = scene.changed({name: np.array([value])})
    return SearchResult(
        bool(_in_category(prediction_batch, category)[0]), value, prediction_batch[0]
    )


def _best(scene: WhatIfInput, name: str, category: Category, start: float, values: Floats) -> float:
    """Of `values` the nearest to `start` that reaches the category, else what comes nearest."""
    prediction_batch = scene.changed({name: values})
    hits = _in_category(prediction_batch, category)
    if hits.any():
        return float(values[hits][np.abs(values[hits] - start).argmin()])
    missed = np.maximum(
        category.i_low - prediction_batch.aqi, prediction_batch.aqi - category.i_high
    )
    return float(values[missed.argmin()])


def _in_category(prediction_batch: PredictionBatch, category: Category) -> Bools:
    """Whether the rounded AQI lies in the category (B,)."""
    rounded = np.floor(prediction_batch.aqi + 0.5)
    return (category.i_low <= rounded) & (rounded <= category.i_high)


def _on_scale(name: str, values: Floats) -> Floats:
    """Values as instruments show them, and as a person can type them."""
    digits = 2 if pollutant(name).unit == "mg/m3" else 1
    return np.unique(np.round(values, digits))
