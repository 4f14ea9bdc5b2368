"""A model that says the sum of what it is shown, and remembers what that was."""

import numpy as np

from aqfusion.model.prediction import Bools, Floats, Told

PHOTO_POINTS = 7.0
SITE_POINTS = 30.0


class PlantedAsk:
    """`asked` holds (photo_shown, readings) of each call, `sites` whether the site was shown."""

    def __init__(self, says=None) -> None:
        """`says` makes an AQI (B,) of readings (B, 6), NaN where missing; by default their sum."""
        self.asked: list[tuple[Bools, Floats]] = []
        self.sites: list[Bools] = []
        self._says = says or (lambda readings: np.nansum(readings, axis=1))

    def __call__(self, photo_shown: Bools, readings: Floats, site_shown: Bools) -> Told:
        """Say the AQI, the photo counting `PHOTO_POINTS`, the site `SITE_POINTS`."""
        self.asked.append((photo_shown.copy(), readings.copy()))
        self.sites.append(site_shown.copy())
        points = PHOTO_POINTS * photo_shown + SITE_POINTS * site_shown
        return self.told(self._says(readings) + points)

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
