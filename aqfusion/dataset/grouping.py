"""Keeps what belongs together on one side of a split: no photo's twin is in another fold.

Photos of one session share readings and AQI, sessions of one day share the weather, and some
photos stand in the set twice; a split that cuts through any of these leaks the answer.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

FOLDS = 5


def group_by_place_day(
    sessions: Sequence[str], days: Sequence[str], photos: Sequence[Path]
) -> list[str]:
    """Name the group of every photo: its place-day, merged with those that hold the same bytes.

    `sessions` and `days` (place and date) have one entry per photo.
    """
    parent = {key: key for key in [*days, *sessions]}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    first_with: dict[bytes, str] = {}
    for session, day, photo in zip(sessions, days, photos, strict=True):
        parent[root(session)] = root(day)
        digest = hashlib.sha256(photo.read_bytes()).digest()
        parent[root(first_with.setdefault(digest, day))] = root(day)
    return [root(day) for day in days]


def assign_folds(groups: Sequence[str], places: Sequence[str]) -> dict[str, int]:
    """Deal whole groups to the folds, place by place, largest first, each to the smallest fold.

    Both sequences have one entry per photo. Deterministic: ties go by name, then by fold.
    """
    size = Counter(groups)
    place_of = dict(zip(groups, places, strict=True))
    of_place: dict[tuple[str, int], int] = defaultdict(int)
    total = [0] * FOLDS
    folds: dict[str, int] = {}
    for group in sorted(size, key=lambda name: (place_of[name], -size[name], name)):
        place = place_of[group]
        fold = min(range(FOLDS), key=lambda f: (of_place[place, f], total[f], f))
        folds[group] = fold
        of_place[place, fold] += size[group]
        total[fold] += size[group]
    return folds
