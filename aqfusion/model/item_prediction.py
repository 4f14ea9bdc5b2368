"""A model's prediction for an item, as the label store keeps it."""

import math
from dataclasses import dataclass

from aqfusion.errors import InputError
from aqfusion.text_validation import one_line


@dataclass(frozen=True)
class ItemPrediction:
    """A model's prediction for an item; `kind` names what it saw (fused, image_only, sensors_only).

    `low` and `high` bound the interval in AQI points; `probabilities` are of the six US
    categories, the cleanest first.
    """

    model_version: str
    kind: str
    aqi: float
    low: float
    high: float
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the numbers, and take lists for tuples."""
        object.__setattr__(self, "probabilities", tuple(self.probabilities))
        numbers = (self.aqi, self.low, self.high, *self.probabilities)
        if not all(math.isfinite(number) for number in numbers):
            raise InputError(f"model view must have finite numbers, got {numbers}")
        if len(self.probabilities) != 6:
            raise InputError(f"model view must have 6 probabilities, got {len(self.probabilities)}")
        one_line("model version", self.model_version, 100)
