"""Whether there are enough new labels to retrain: counted before anything is trained.

The gate judges a candidate by new labels that were held out by halves, so that fewer than
`LEAST_ITEMS` in `LEAST_GROUPS` groups can never pass it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aqfusion.errors import InputError
from aqfusion.labels.adjudication import AdjudicatedLabel, snapshot_hash
from aqfusion.labels.store import LabelStore
from aqfusion.registry.registry import Registry
from aqfusion.retraining.label_context import LabelContext, LearnedBands, is_new, label_context
from aqfusion.retraining.label_targets import band_of_label, group_of

if TYPE_CHECKING:
    from aqfusion.retraining.corrections import Corrections  # loads torch

__all__ = [
    "NothingToLearnError",
    "Readiness",
    "TooFewLabelsError",
    "count_labels",
    "readiness",
    "recount",
    "require_enough",
    "settled_labels",
]

LEAST_ITEMS = 20
LEAST_GROUPS = 4
_LEFT_OUT = {
    "learned": ("was learned before", "were learned before"),
    "cant_tell": ("says that nobody can tell", "say that nobody can tell"),
    "frozen_group": (
        "is of a place and day by which models are compared",
        "are of places and days by which models are compared",
    ),
    "frozen_twin": (
        "has a photo nearly the same as one by which models are compared",
        "have photos nearly the same as ones by which models are compared",
    ),
    "no_photo": ("has no readable photo", "have no readable photo"),
}


class NothingToLearnError(InputError):
    """A retraining that could learn nothing, or nothing new."""


@dataclass(frozen=True)
class Readiness:
    """`new` labels in `groups` that could be learned; `excluded` counts the others by reason."""

    settled: int
    new: int
    groups: int
    excluded: Mapping[str, int]

    @property
    def ready(self) -> bool:
        """Whether the gate could judge a candidate from them."""
        return not (self.missing_labels or self.missing_groups)

    @property
    def missing_labels(self) -> int:
        """How many new labels are missing."""
        return max(0, LEAST_ITEMS - self.new)

    @property
    def missing_groups(self) -> int:
        """How many more groups the new labels must come from."""
        return max(0, LEAST_GROUPS - self.groups)

    @property
    def reason(self) -> str:
        """How many are needed, present and missing, as sentences."""
        missing = [
            _counted(count, f"more {noun}")
            for count, noun in ((self.missing_labels, "label"), (self.missing_groups, "group"))
            if count
        ]
        text = (
            f"new labels must be at least {LEAST_ITEMS} in {LEAST_GROUPS} groups (a group is one "
            f"place on one day), got {self.new} in {_counted(self.groups, 'group')}"
        )
        if missing:
            text += f"; missing: {' and '.join(missing)}"
        return f"{text}. {self.there}"

    @property
    def there(self) -> str:
        """How many are settled, and why some of them do not count.

        >>> Readiness(30, 24, 6, {"learned": 5, "cant_tell": 1}).there
        '30 labels are settled: 24 new; 5 were learned before; 1 says that nobody can tell.'
        """
        verb = "is" if self.settled == 1 else "are"
        others = [
            f"{count:,} {words[count != 1]}"
            for name, words in _LEFT_OUT.items()
            if (count := self.excluded.get(name, 0))
        ]
        counted = f": {'; '.join([f'{self.new:,} new', *others])}" if others else ""
        return f"{_counted(self.settled, 'label')} {verb} settled{counted}."

    def as_json(self) -> dict[str, Any]:
        """The counts as `retrain --dry-run` prints them."""
        return {
            "ready": self.ready,
            "settled": self.settled,
            "new": self.new,
            "groups": self.groups,
            "needed": {"new": LEAST_ITEMS, "groups": LEAST_GROUPS},
            "missing": {"new": self.missing_labels, "groups": self.missing_groups},
            "left_out": dict(self.excluded),
            "reason": None if self.ready else self.reason,
        }


class TooFewLabelsError(NothingToLearnError):
    """Fewer new labels than the gate can judge by."""

    def __init__(self, readiness: Readiness) -> None:
        """Say what is missing."""
        super().__init__(readiness.reason)
        self.readiness = readiness


def settled_labels(store: LabelStore, context: LabelContext) -> tuple[AdjudicatedLabel, ...]:
    """The settled labels to train on; where too few of them are new it raises."""
    labels = tuple(store.adjudicated(split="train"))
    parent = context.parent
    if parent is not None and parent.manifest["labels"]["snapshot_sha256"] == snapshot_hash(labels):
        raise NothingToLearnError(f"labels must have changed since {parent.name}, got the same")
    require_enough(
        count_labels(labels, context.holdout, context.learned_bands, store.photos.exists)
    )
    return labels


def require_enough(counts: Readiness) -> None:
    """Raise `TooFewLabelsError` where the gate could not judge a candidate from so few labels."""
    if not counts.ready:
        raise TooFewLabelsError(counts)


def readiness(store: LabelStore, registry: Registry) -> Readiness:
    """Count the new labels by their rows in the store; no photo is decoded.

    Near-duplicates of the hold-out set are found only when their features are extracted, so that a
    run may still find fewer.
    """
    context = label_context(registry)
    values = tuple(store.adjudicated(split="train"))
    return count_labels(values, context.holdout, context.learned_bands, store.photos.exists)


def count_labels(
    values: Sequence[AdjudicatedLabel],
    holdout: frozenset[str],
    learned_bands: LearnedBands,
    has_photo: Callable[[str], bool],
) -> Readiness:
    """Count settled values: those that are new, in how many groups, and why others are not."""
    excluded: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    for value in values:
        why = _not_new(value, holdout, learned_bands, has_photo)
        if why is None:
            groups[group_of(value)] += 1
        else:
            excluded[why] += 1
    return Readiness(len(values), groups.total(), len(groups), dict(excluded))


def recount(
    values: Sequence[AdjudicatedLabel], learned: "Corrections", learned_bands: LearnedBands
) -> Readiness:
    """The same counts after the features of all photos were extracted."""
    excluded = Counter(reason for _, reason in learned.excluded)
    groups: Counter[str] = Counter()
    for session in learned.sessions:
        for item, band in zip(session.items, session.bands, strict=True):
            if is_new(band, learned_bands.get(item)):
                groups[session.group] += 1
            else:
                excluded["learned"] += 1
    return Readiness(len(values), groups.total(), len(groups), dict(excluded))


def _not_new(
    value: AdjudicatedLabel,
    holdout: frozenset[str],
    learned_bands: LearnedBands,
    has_photo: Callable[[str], bool],
) -> str | None:
    """Why a settled value is not new; `None` where it is."""
    if value.category is None and value.aqi is None:
        return "cant_tell"
    if group_of(value) in holdout:
        return "frozen_group"
    if not is_new(band_of_label(value), learned_bands.get(value.item)):
        return "learned"
    return None if has_photo(value.photo_hash) else "no_photo"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
