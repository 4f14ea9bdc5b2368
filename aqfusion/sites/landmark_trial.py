"""Whether a site's landmarks are worth it: each date told from the others, with them and without.

No model is asked: without them a date is told by the level of the others alone.
"""

import math
from dataclasses import dataclass

import numpy as np

from aqfusion.sites.landmark_evidence import FEWEST_DAYS, site_evidence
from aqfusion.sites.site import Day, Site


@dataclass(frozen=True)
class LandmarkTrial:
    """RMSE of the AQI over `days` whose photo shows a landmark, each told without its own date.

    `level` is by the geometric mean of the other days, `landmarks` by that and the evidence;
    `coverage` is the share of days within the evidence's interval of 90 %.
    """

    days: int
    level: float
    landmarks: float
    coverage: float


def landmark_trial(site: Site) -> LandmarkTrial | None:
    """Try it; `None` where no day can be told from two others or more."""
    tried = [told for day in site.history if (told := _told(site, day)) is not None]
    if not tried:
        return None
    by_level, by_landmarks, within = np.array(tried).T
    return LandmarkTrial(
        days=len(tried),
        level=math.sqrt(np.mean(by_level**2)),
        landmarks=math.sqrt(np.mean(by_landmarks**2)),
        coverage=float(within.mean()),
    )


def _told(site: Site, day: Day) -> tuple[float, float, bool] | None:
    """Both errors of one day, and whether it was within."""
    others = site.without_date_of(day)
    logs = [math.log(max(other.aqi, 1.0)) for other in others.history]
    if day.photo is None or len(logs) < FEWEST_DAYS:
        return None
    level = float(np.mean(logs))
    evidence = site_evidence(others, day.photo.extinction, level)
    if evidence is None:
        return None
    middle = level + evidence.shift
    within = abs(math.log(max(day.aqi, 1.0)) - middle) < 1.645 * evidence.std
    return math.exp(level) - day.aqi, math.exp(middle) - day.aqi, within
