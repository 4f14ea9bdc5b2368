"""Settled labels to sessions that a network can learn from; what cannot be learned, and why."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from aqfusion.labels.adjudication import AdjudicatedLabel
from aqfusion.network.image_features import ImageFeatures, concatenate
from aqfusion.retraining.features import FeatureCache
from aqfusion.retraining.holdout import NearDuplicateFilter
from aqfusion.retraining.label_targets import band_of_label, group_of, time_of_place
from aqfusion.retraining.training_set import CorrectedSession

__all__ = ["Corrections", "corrections"]


@dataclass(frozen=True, eq=False)
class Corrections:
    """Sessions to learn from, and the items that are excluded, with a key of `LEFT_OUT`."""

    sessions: tuple[CorrectedSession, ...]
    excluded: tuple[tuple[int, str], ...]

    @property
    def items(self) -> int:
        """How many items are learned from."""
        return sum(len(session.items) for session in self.sessions)


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
        next((clock for value in members if (clock := time_of_place(value)) is not None), None),
    )
