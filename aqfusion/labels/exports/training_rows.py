"""Rows of a training folder: settled items as photos, sessions, groups and folds.

What must not be split is one group: a place and day, the same photo, and photos that are nearly
the same, whatever their days. In the public set that makes 58 groups of 77, the largest a tenth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aqfusion.air.aqi import round_half_up, standard
from aqfusion.air.sensors import Reading
from aqfusion.dataset.grouping import assign_folds
from aqfusion.labels.adjudicated import Adjudicated
from aqfusion.labels.capture_time import local_days, local_time, place_day, timezone_of, zone_of
from aqfusion.labels.fingerprint import FingerprintIndex

__all__ = ["NO_PLACE", "Learnable", "TrainingRow", "band_middle", "training_rows"]

NO_PLACE = "unknown place"


@dataclass(frozen=True)
class Learnable:
    """A settled value with the signed fingerprint of its photo."""

    value: Adjudicated
    fingerprint: int


@dataclass(frozen=True)
class TrainingRow:
    """One row of the table; `exact` is false where the AQI is the middle of a category's band.

    `taken_at` is on the clock of `time_zone`, the place's own where it is known, else UTC.
    """

    photo_hash: str
    file: str
    place: str
    taken_at: datetime | None
    time_zone: str | None
    reading: Reading
    aqi: int
    exact: bool
    session: str
    group: str
    fold: int


def band_middle(category: int) -> int:
    """Return the AQI that stands for a US category.

    >>> [band_middle(category) for category in range(6)]
    [25, 76, 126, 176, 251, 401]
    """
    band = standard("us").categories[category]
    return round_half_up((band.i_low + band.i_high) / 2)


def training_rows(learnable: Sequence[Learnable]) -> tuple[TrainingRow, ...]:
    """Lay out all rows; each value has an AQI or a category, of the US standard."""
    groups = _groups(learnable)
    places = [entry.value.place or NO_PLACE for entry in learnable]
    folds = assign_folds(groups, places)
    used: dict[str, int] = {}
    rows = []
    for entry, group, place in zip(learnable, groups, places, strict=True):
        value = entry.value
        assert value.category is not None
        used[value.photo_hash] = copy = used.get(value.photo_hash, 0) + 1
        rows.append(
            TrainingRow(
                photo_hash=value.photo_hash,
                file=f"{value.photo_hash}{'' if copy == 1 else f'-{copy}'}.jpg",
                place=place,
                taken_at=_local(value),
                time_zone=_zone_name(value),
                reading=value.reading,
                aqi=value.aqi if value.aqi is not None else band_middle(value.category),
                exact=value.aqi is not None,
                session=_session(value),
                group=group,
                fold=folds[group],
            )
        )
    return tuple(rows)


def _groups(learnable: Sequence[Learnable]) -> list[str]:
    """Name each row's group after the first item in it."""
    parent = list(range(len(learnable)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first: dict[str, int] = {}
    index = FingerprintIndex()
    for row, entry in enumerate(learnable):
        for name in _ties(entry.value):
            parent[root(row)] = root(first.setdefault(name, row))
        for near in index.near(entry.fingerprint):
            parent[root(row)] = root(near)
        index.add(entry.fingerprint)
    return [f"group {learnable[root(row)].value.key[:16]}" for row in range(len(learnable))]


def _ties(value: Adjudicated) -> list[str]:
    """Name what a row shares with others of its group; a session never leaves its group.

    Where the zone is not known it may be of two or three local days, and goes with all of them.
    """
    days = local_days(value.taken_at, value.time_zone, value.place) if value.place else ()
    ties = (
        ("group", value.group),
        *(("day", place_day(value.place, day)) for day in days),
        ("photo", value.photo_hash),
        ("session", _session(value)),
    )
    return [f"{kind} {name}" for kind, name in ties if name is not None]


def _session(value: Adjudicated) -> str:
    """Name photos that share place, hour and readings; where these are unknown, each is alone."""
    local = _local(value)
    if value.place is None or local is None:
        return f"item {value.key[:16]}"
    readings = ",".join("" if number != number else repr(number) for number in value.reading.values)
    return f"{value.place}|{local:%Y-%m-%d %H:%M}|{readings}"


def _local(value: Adjudicated) -> datetime | None:
    return local_time(value.taken_at, value.time_zone, value.place) or value.taken_at


def _zone_name(value: Adjudicated) -> str | None:
    if value.taken_at is None:
        return None
    has_zone = zone_of(value.time_zone, value.place) is not None
    return (value.time_zone or timezone_of(value.place)) if has_zone else "UTC"
