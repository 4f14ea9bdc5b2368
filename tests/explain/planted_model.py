"""A model that says the sum of what it is shown, and remembers what that was."""

import numpy as np

from aqfusion.model.prediction import Bools, Floats, PredictionBatch

PHOTO_POINTS = 7.0
SITE_POINTS = 30.0
LANDMARK_POINTS = 50.0


class PlantedAsk:
    """`asked` holds (photo_shown, readings) of each call, `sites` and `landmarks` the rest."""

    def __init__(self, says=None) -> None:
        """`says` makes an AQI (B,) of readings (B, 6), NaN where missing; by default their sum."""
        self.asked: list[tuple[Bools, Floats]] = []
        self.sites: list[Bools] = []
        self.landmarks: list[Bools] = []
        self._says = says or (lambda readings: np.nansum(readings, axis=1))

    def __call__(
        self, photo_shown: Bools, readings: Floats, site_shown: Bools, landmarks_shown: Bools
    ) -> PredictionBatch:
        """Say the AQI: photo, site and, beside the site, its landmarks count their points."""
        self.asked.append((photo_shown.copy(), readings.copy()))
        self.sites.append(site_shown.copy())
        self.landmarks.append(landmarks_shown.copy())
        points = PHOTO_POINTS * photo_shown + SITE_POINTS * site_shown
        points = points + LANDMARK_POINTS * (landmarks_shown & site_shown)
        return self.told(self._says(readings) + points)

    @staticmethod
    def told(aqi: Floats) -> PredictionBatch:
        """What is said where only the AQI (B,) matters."""
        aqi = np.asarray(aqi, dtype=np.float64)
        return PredictionBatch(
            aqi,
            aqi - 5,
            aqi + 5,
            np.zeros(len(aqi)),
            np.full((len(aqi), 6), 1 / 6),
            np.zeros(len(aqi)),
        )
