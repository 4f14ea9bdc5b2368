"""All 128 choices of what the model is shown: ablation and Shapley values both read from here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from aqfusion.air.sensors import POLLUTANTS, Reading
from aqfusion.model.prediction import Bools, Floats, Prediction, Told

PHOTO = "photo"
INPUTS = (PHOTO, *POLLUTANTS)
# Row c shows input i where bit i of c is set; row 0 shows nothing, row 127 all.
SHOWN: Bools = (np.arange(2 ** len(INPUTS))[:, None] >> np.arange(len(INPUTS)) & 1).astype(bool)

# Whether the photo is shown (B,) and readings (B, 6), NaN where missing, to what the model says.
Ask = Callable[[Bools, Floats], Told]


@dataclass(frozen=True, eq=False)
class Coalitions:
    """What the model says (128 rows, as in `SHOWN`) when it is shown any of the `given` inputs.

    An input that is not given is never shown: its rows with and without it are the same.
    """

    told: Told
    given: tuple[str, ...]

    def showing(self, inputs: Collection[str]) -> Prediction:
        """What the model says of these inputs alone."""
        return self.told[sum(1 << i for i, name in enumerate(INPUTS) if name in inputs)]


def coalitions(ask: Ask, reading: Reading, has_photo: bool) -> Coalitions:
    """Ask about all choices of the readings and the photo in one batch."""
    given = (*([PHOTO] if has_photo else []), *reading.present)
    readings = np.where(SHOWN[:, 1:], np.array(reading.values), np.nan)  # (128, 6)
    return Coalitions(ask(SHOWN[:, 0] & has_photo, readings), given)
