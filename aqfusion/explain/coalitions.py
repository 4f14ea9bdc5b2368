"""Predictions for all coalitions of the inputs, for ablation and Shapley values."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from aqfusion.air.sensors import POLLUTANTS, Reading
from aqfusion.model.prediction import Bools, Floats, Prediction, Told

PHOTO, SITE, LANDMARKS = "photo", "site", "landmarks"
INPUTS = (PHOTO, *POLLUTANTS, SITE, LANDMARKS)
# Row c shows input i where bit i of c is set; row 0 shows nothing, row 511 all. Site and landmarks
# come last, so that the first 256 rows are all choices without landmarks, and 128 without a site.
SHOWN: Bools = (np.arange(2 ** len(INPUTS))[:, None] >> np.arange(len(INPUTS)) & 1).astype(bool)
_WITHOUT_LANDMARKS, _WITHOUT_SITE = len(SHOWN) // 2, len(SHOWN) // 4

# Whether the photo is shown (B,), readings (B, 6), NaN where missing, and whether the site and the
# landmarks are shown (B,), to the predictions.
Ask = Callable[[Bools, Floats, Bools, Bools], Told]


@dataclass(frozen=True, eq=False)
class Coalitions:
    """Predictions for all coalitions of the inputs that are `present`, in the rows of `SHOWN`.

    512 rows, the first 256 where there are no landmarks, the first 128 where there is no site. Any
    input that is not given is never shown: its rows with and without it are the same.
    """

    prediction_batch: Told
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
