"""All choices of what the model is shown: ablation and Shapley values both read from here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from aqfusion.air.sensors import POLLUTANTS, Reading
from aqfusion.model.prediction import Bools, Floats, Prediction, Told

PHOTO, SITE = "photo", "site"
INPUTS = (PHOTO, *POLLUTANTS, SITE)
# Row c shows input i where bit i of c is set; row 0 shows nothing, row 255 all. The site comes
# last, so that the first 128 rows are all choices without it.
SHOWN: Bools = (np.arange(2 ** len(INPUTS))[:, None] >> np.arange(len(INPUTS)) & 1).astype(bool)
_WITHOUT_SITE = len(SHOWN) // 2

# Whether the photo is shown (B,), readings (B, 6), NaN where missing, and whether the site is
# shown (B,), to what the model says.
Ask = Callable[[Bools, Floats, Bools], Told]


@dataclass(frozen=True, eq=False)
class Coalitions:
    """What the model says when it is shown any of the `given` inputs, in the rows of `SHOWN`.

    256 rows, or the first 128 where no site is given. Any other input that is not given is never
    shown: its rows with and without it are the same.
    """

    told: Told
    given: tuple[str, ...]

    def showing(self, inputs: Collection[str]) -> Prediction:
        """What the model says of these inputs alone."""
        row = sum(1 << i for i, name in enumerate(INPUTS) if name in inputs)
        return self.told[row % len(self.told.aqi)]


def coalitions(ask: Ask, reading: Reading, has_photo: bool, has_site: bool = False) -> Coalitions:
    """Ask about all choices of the readings, the photo and the site in one batch."""
    given = (
        *([PHOTO] if has_photo else []),
        *reading.present,
        *([SITE] if has_site else []),
    )
    rows = SHOWN if has_site else SHOWN[:_WITHOUT_SITE]  # (C, 8)
    readings = np.where(rows[:, 1:-1], np.array(reading.values), np.nan)  # (C, 6)
    return Coalitions(ask(rows[:, 0] & has_photo, readings, rows[:, -1]), given)
