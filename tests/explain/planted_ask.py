"""A model that says the sum of what it is shown, and remembers what that was."""

import numpy as np

from aqfusion.model.prediction import Bools, Floats, Told

PHOTO_POINTS = 7.0


class PlantedAsk:
    """`asked` holds (photo_shown, readings) of each call."""

    def __init__(self, says=None) -> None:
        """`says` makes an AQI (B,) of readings (B, 6), NaN where missing; by default their sum."""
        self.asked: list[tuple[Bools, Floats]] = []
        self._says = says or (lambda readings: np.nansum(readings, axis=1))

    def __call__(self, photo_shown: Bools, readings: Floats) -> Told:
        """Say the AQI, the photo counting `PHOTO_POINTS`."""
        self.asked.append((photo_shown.copy(), readings.copy()))
        return self.told(self._says(readings) + PHOTO_POINTS * photo_shown)

    @staticmethod
    def told(aqi: Floats) -> Told:
        """What is said where only the AQI (B,) matters."""
        aqi = np.asarray(aqi, dtype=np.float64)
        return Told(
            aqi,
            aqi - 5,
            aqi + 5,
            np.zeros(len(aqi)),
            np.full((len(aqi), 6), 1 / 6),
            np.zeros(len(aqi)),
        )
