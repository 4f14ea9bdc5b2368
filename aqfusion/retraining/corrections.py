"""Settled labels to sessions that a network can learn from; what cannot be learned, and why."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import torch

from aqfusion.labels.adjudication import AdjudicatedLabel
from aqfusion.labels.capture_time import local_time
from aqfusion.network.image_features import ImageFeatures, concatenate
from aqfusion.retraining.features import FeatureCache
from aqfusion.retraining.holdout import NearDuplicateFilter
from aqfusion.retraining.label_targets import Band, label_interval, us_aqi
from aqfusion.retraining.training_set import CorrectedSession

__all__ = ["LEFT_OUT", "Corrections", "band_of_label", "corrections", "group_of"]

LEFT_OUT = {
    "cant_tell": "nobody can tell its AQI",
    "no_photo": "its photo is not in the store, or cannot be read",
    "frozen_group": "its place and day are in the hold-out set, by which models are compared",
    "frozen_twin": "its photo is nearly the same as one in the hold-out set",
}


@dataclass(frozen=True, eq=False)
class Corrections:
    """Sessions to learn from, and the items that are excluded, with a key of `LEFT_OUT`."""

    sessions: tuple[CorrectedSession, ...]
    excluded: tuple[tuple[int, str], ...]

    @property
    def items(self) -> int:
        """How many items are learned from."""
        return sum(len(session.items) for session in self.sessions)


def group_of(value: AdjudicatedLabel) -> str:
    """The group that stays on one side of a split: the item's own, else its place and day."""
    if value.group is not None:
        return value.group
    if value.place is not None and value.taken_at is not None:
        return f"{value.place}|{_clock(value):%Y-%m-%d}"
    return f"photo {value.photo_hash}"


def corrections(
    values: Sequence[AdjudicatedLabel],
    seen: FeatureCache,
    duplicate_filter: NearDuplicateFilter,
    frozen: frozenset[str],
    report: Callable[[str], None],
) -> Corrections:
    """Gather items of one group with the same readings into one session, by their order."""
    excluded: list[tuple[int, str]] = []
    learnable = []
    for value in values:
        if value.category is None and value.aqi is None:
            excluded.append((value.item, "cant_tell"))
        elif group_of(value) in frozen:
            excluded.append((value.item, "frozen_group"))
        else:
            learnable.append(value)
    looks = seen.features_of((value.photo_hash for value in learnable), report)
    is_duplicate = _near_duplicates(looks, duplicate_filter)
    gathered: dict[tuple[str, tuple[float | None, ...]], list[AdjudicatedLabel]] = defaultdict(list)
    for value in learnable:
        if value.photo_hash not in looks:
            excluded.append((value.item, "no_photo"))
        elif is_duplicate[value.photo_hash]:
            excluded.append((value.item, "frozen_twin"))
        else:
            readings = tuple(vars(value.reading).values())
            gathered[group_of(value), readings].append(value)
    sessions = tuple(_session(group, members, looks) for (group, _), members in gathered.items())
    return Corrections(sessions, tuple(sorted(excluded)))


def _near_duplicates(
    looks: dict[str, ImageFeatures], duplicate_filter: NearDuplicateFilter
) -> dict[str, bool]:
    if not looks:
        return {}
    every = concatenate(list(looks.values()))
    return dict(zip(looks, duplicate_filter.among(every.features, every.fingerprints), strict=True))


def _session(
    group: str, members: Sequence[AdjudicatedLabel], looks: dict[str, ImageFeatures]
) -> CorrectedSession:
    seen = [looks[value.photo_hash] for value in members]
    return CorrectedSession(
        group,
        members[0].place or "",
        members[0].reading,
        tuple(value.item for value in members),
        tuple(band_of_label(value) for value in members),
        torch.cat([photo.features for photo in seen]),
        torch.cat([photo.statistics for photo in seen]),
        next((clock for value in members if (clock := _clock(value)) is not None), None),
    )


def _clock(value: AdjudicatedLabel) -> datetime | None:
    """On the clock of the place, if that is known, else of UTC."""
    return local_time(value.taken_at, value.time_zone, value.place) or value.taken_at


def band_of_label(value: AdjudicatedLabel) -> Band:
    """The US AQIs that a settled value covers."""
    if value.aqi is not None:
        exact = us_aqi(value.standard, value.aqi)
        return exact, exact
    return label_interval(value.standard, value.category or 0)
