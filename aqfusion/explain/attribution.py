"""How much each input moved the AQI: predictions for all subsets, ablation, Shapley values.

Shapley (1953), for predictions Lundberg & Lee (2017). With nine inputs all 512 coalitions can be
computed, so nothing is sampled: the values add up to the prediction minus the base value, which
is the prediction without any input.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from math import comb

import numpy as np

from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.model.prediction import Bools, Floats, Prediction, PredictionBatch

PHOTO, SITE, LANDMARKS = "photo", "site", "landmarks"
INPUTS = (PHOTO, *POLLUTANTS, SITE, LANDMARKS)
# Row c shows input i where bit i of c is set; row 0 shows nothing, row 511 all. Site and landmarks
# come last, so that the first 256 rows are all choices without landmarks, and 128 without a site.
SHOWN: Bools = (np.arange(2 ** len(INPUTS))[:, None] >> np.arange(len(INPUTS)) & 1).astype(bool)
_WITHOUT_LANDMARKS, _WITHOUT_SITE = len(SHOWN) // 2, len(SHOWN) // 4

# Whether the photo is shown (B,), readings (B, 6), NaN where missing, and whether the site and the
# landmarks are shown (B,), to the predictions.
Ask = Callable[[Bools, Floats, Bools, Bools], PredictionBatch]


@dataclass(frozen=True, eq=False)
class Coalitions:
    """Predictions for all coalitions of the inputs that are `present`, in the rows of `SHOWN`.

    512 rows, the first 256 where there are no landmarks, the first 128 where there is no site. Any
    input that is not given is never shown: its rows with and without it are the same.
    """

    prediction_batch: PredictionBatch
    present: tuple[str, ...]

    def showing(self, inputs: Collection[str]) -> Prediction:
        """The prediction from these inputs alone."""
        row = sum(1 << i for i, name in enumerate(INPUTS) if name in inputs)
        return self.prediction_batch[row % len(self.prediction_batch.aqi)]


def coalitions(
    ask: Ask,
    reading: Reading,
    has_photo: bool,
    has_site: bool = False,
    has_landmarks: bool = False,
) -> Coalitions:
    """Predict for all coalitions of the inputs in one batch; landmarks need their site."""
    if has_landmarks and not has_site:
        raise ValueError("has_landmarks must be false where there is no site")
    present = (
        *([PHOTO] if has_photo else []),
        *reading.present,
        *([SITE] if has_site else []),
        *([LANDMARKS] if has_landmarks else []),
    )
    count = len(SHOWN) if has_landmarks else _WITHOUT_LANDMARKS if has_site else _WITHOUT_SITE
    rows = SHOWN[:count]  # (C, 9)
    readings = np.where(rows[:, 1:-2], np.array(reading.values), np.nan)  # (C, 6)
    prediction_batch = ask(rows[:, 0] & has_photo, readings, rows[:, -2], rows[:, -1])
    return Coalitions(prediction_batch, present)


@dataclass(frozen=True)
class AblatedPrediction:
    """The prediction from the inputs that are `left`, `without` the others."""

    left: tuple[str, ...]
    without: tuple[str, ...]
    prediction: Prediction

    @property
    def lacking(self) -> tuple[str, ...]:
        """The inputs that name the row: landmarks go with their photo or site."""
        named = tuple(name for name in self.without if name != LANDMARKS)
        return named or self.without


def ablations(coalitions: Coalitions) -> tuple[AblatedPrediction, ...]:
    """All inputs; photo, readings and site, each alone and each removed; all but one reading.

    Landmarks are seen in the photo and mean something beside the site's days, so they go with
    either, and are removed once by themselves. An absent input, or a repeated row, has no row.
    """
    present = coalitions.present
    readings = tuple(name for name in present if name not in (PHOTO, SITE, LANDMARKS))
    sides = [side for side in ((PHOTO,), readings, (SITE,)) if set(side) <= set(present)]
    left = [present, *sides]
    left += [_without(present, (*side, *_seen_by(side))) for side in reversed(sides)]
    left += [_without(present, (LANDMARKS,))]
    left += [_without(present, (reading,)) for reading in readings]
    return tuple(
        AblatedPrediction(inputs, _without(present, inputs), coalitions.showing(inputs))
        for inputs in dict.fromkeys(left)
        if inputs
    )


def _seen_by(side: tuple[str, ...]) -> tuple[str, ...]:
    return (LANDMARKS,) if side in ((PHOTO,), (SITE,)) else ()


def _without(names: tuple[str, ...], some: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in some)


@dataclass(frozen=True)
class Attribution:
    """AQI points by input, in the order of `INPUTS`, 0 for what is not given.

    `base` is the AQI where nothing is known, `aqi` the prediction before rounding.
    """

    base: float
    aqi: float
    points: Mapping[str, float]


def contributions(coalitions: Coalitions) -> Attribution:
    """Share the way from the base value to the prediction out among the inputs."""
    worth = coalitions.prediction_batch.aqi
    # Where no site or no landmarks are given, there are fewer players.
    values = dict(zip(INPUTS, shapley_values(worth).tolist(), strict=False))
    # Rows that should be the same may differ in their last digits.
    points = {name: values[name] if name in coalitions.present else 0.0 for name in INPUTS}
    return Attribution(float(worth[0]), float(worth[-1]), points)


def shapley_values(worth: Floats) -> Floats:
    """Values (P,) of the worth (2 ** P,) of all coalitions of the first P players of `SHOWN`."""
    values: Floats = _weights(len(worth).bit_length() - 1) @ worth
    return values


@cache
def _weights(players: int) -> Floats:
    """The weight of each coalition's worth for each input (P, 2 ** P): + with it, - without it."""
    present = SHOWN[: 2**players, :players]
    size = present.sum(1)  # (2 ** P,) members
    others = size[:, None] - present  # (2 ** P, P) members beside the input
    orders = np.array([1 / (players * comb(players - 1, k)) for k in range(players)])
    weights: Floats = np.where(present, orders[others], -orders[others]).T
    return weights
