"""The haze score of a photo: its rank among photos, which is valid at any place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# From which score on a word holds.
WORDS = (
    (0, "very clear"),
    (15, "clear"),
    (35, "slightly hazy"),
    (60, "hazy"),
    (80, "very hazy"),
    (93, "extremely hazy"),
)
RANKS = 101


@dataclass(frozen=True)
class HazeScore:
    """0 to 100: so many of a hundred photos look clearer. `suggested` is the AQI it is ranked by.

    What the score means for the AQI depends on the place.
    """

    score: int
    suggested: float

    @property
    def words(self) -> str:
        """The score in words."""
        return next(word for least, word in reversed(WORDS) if self.score >= least)


def haze_score(suggested: float, ranks: Sequence[float]) -> HazeScore:
    """The rank of the AQI that a photo alone suggests among `ranks`, 101 rising percentiles.

    >>> haze_score(150.0, range(0, 404, 4)).score
    38
    """
    place = np.interp(suggested, ranks, np.arange(len(ranks)))
    return HazeScore(round(float(place) * 100 / (len(ranks) - 1)), suggested)
