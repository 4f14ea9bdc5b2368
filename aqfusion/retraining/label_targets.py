"""What a label teaches on the network's axis, the US AQI: a number, or an interval of it.

An index of India's standard is another scale. It is brought over through PM2.5, which is what haze
shows: index -> concentration by India's table -> index by the US one.

Pages count labels, so that no torch is loaded here.
"""

from datetime import datetime

import numpy as np

from aqfusion.air.aqi import standard
from aqfusion.labels.adjudication import AdjudicatedLabel
from aqfusion.labels.capture_time import local_time

__all__ = [
    "LEFT_OUT",
    "Band",
    "band_of_label",
    "group_of",
    "label_interval",
    "time_of_place",
    "us_aqi",
]

LEFT_OUT = {
    "cant_tell": "nobody can tell its AQI",
    "no_photo": "its photo is not in the store, or cannot be read",
    "frozen_group": "its place and day are in the hold-out set, by which models are compared",
    "frozen_twin": "its photo is nearly the same as one in the hold-out set",
}
Band = tuple[float, float]


def us_aqi(key: str, aqi: float) -> float:
    """The US AQI of the air that has an index in the standard `key`.

    >>> us_aqi("us", 87), us_aqi("india", 100)
    (87.0, 154.0)
    """
    if key == "us":
        return float(aqi)
    points = standard(key).pollutants["pm25"].tables[0].points
    pm25 = np.interp(aqi, [index for _, index in points], [float(c) for c, _ in points])
    return float(standard("us").sub_index("pm25", float(pm25)) or 0)


def label_interval(key: str, category: int) -> Band:
    """The US AQIs that a category of the standard `key` covers.

    >>> label_interval("us", 2)
    (101.0, 150.0)
    """
    own = standard(key).categories[category]
    return us_aqi(key, own.i_low), us_aqi(key, own.i_high)


def group_of(value: AdjudicatedLabel) -> str:
    """The group that stays on one side of a split: the item's own, else its place and day."""
    if value.group is not None:
        return value.group
    if value.place is not None and value.taken_at is not None:
        return f"{value.place}|{time_of_place(value):%Y-%m-%d}"
    return f"photo {value.photo_hash}"


def time_of_place(value: AdjudicatedLabel) -> datetime | None:
    """On the clock of the place, if that is known, else of UTC."""
    return local_time(value.taken_at, value.time_zone, value.place) or value.taken_at


def band_of_label(value: AdjudicatedLabel) -> Band:
    """The US AQIs that a settled value covers."""
    if value.aqi is not None:
        exact = us_aqi(value.standard, value.aqi)
        return exact, exact
    return label_interval(value.standard, value.category or 0)
