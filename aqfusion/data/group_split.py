"""Groups and folds: photos that belong together stay on one side of a split.

Photos of one session share readings and AQI, sessions of one day share the weather, and some
photos stand in the set twice; a split that cuts through any of these leaks the answer.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
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


def groups_beside(
    fixed: Sequence[str | None],
    sessions: Sequence[str],
    days: Sequence[str],
    photos: Sequence[Path],
) -> list[str | None]:
    """Name the groups of photos beside some whose groups are `fixed`.

    A photo goes with the fixed ones of its place-day, its session or its bytes, and with others
    as in `group_by_place_day`. Where these are of several groups, it has none: `None`.
    """
    joined = group_by_place_day(sessions, days, photos)
    free = [number for number, group in enumerate(fixed) if group is None]
    # Only through photos that are free: two fixed groups stay apart though they share a day.
    own = dict(
        zip(
            free,
            group_by_place_day(*([kind[n] for n in free] for kind in (sessions, days, photos))),  # type: ignore[arg-type]
            strict=True,
        )
    )
    digests = {joined[n] for n in free}
    near: dict[str, set[str]] = defaultdict(set)
    beside: dict[tuple[str, object], set[str]] = defaultdict(set)
    for number, group in enumerate(fixed):
        if group is not None and joined[number] in digests:
            for tie in _ties(sessions[number], days[number], photos[number]):
                beside[tie].add(group)
    for number in free:
        for tie in _ties(sessions[number], days[number], photos[number]):
            near[own[number]] |= beside.get(tie, set())
    result: list[str | None] = [*fixed]
    for number in free:
        groups = near[own[number]]
        result[number] = own[number] if not groups else min(groups) if len(groups) == 1 else None
    return result


def _ties(session: str, day: str, photo: Path) -> tuple[tuple[str, object], ...]:
    return (
        ("session", session),
        ("day", day),
        ("photo", hashlib.sha256(photo.read_bytes()).digest()),
    )


def assign_folds(
    groups: Sequence[str], places: Sequence[str], fixed: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Deal whole groups to the folds, place by place, largest first, each to the smallest fold.

    Both sequences have one entry per photo. Deterministic: ties go by name, then by fold. Groups
    that have a fold in `given` keep it.
    """
    size = Counter(groups)
    place_of = dict(zip(groups, places, strict=True))
    of_place: dict[tuple[str, int], int] = defaultdict(int)
    total = [0] * FOLDS
    folds: dict[str, int] = {}
    for group, fold in (fixed or {}).items():
        if group in size:
            folds[group] = fold
            of_place[place_of[group], fold] += size[group]
            total[fold] += size[group]
    left = [group for group in size if group not in folds]
    for group in sorted(left, key=lambda name: (place_of[name], -size[name], name)):
        place = place_of[group]
        fold = min(range(FOLDS), key=lambda f: (of_place[place, f], total[f], f))
        folds[group] = fold
        of_place[place, fold] += size[group]
        total[fold] += size[group]
    return folds
