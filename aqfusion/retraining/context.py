"""The context of a retraining: the settled labels, the model before, and what it had learned."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aqfusion import __version__
from aqfusion.labels.adjudication import AdjudicatedLabel, snapshot_hash
from aqfusion.labels.store import LabelStore
from aqfusion.model.checkpoint import load_checkpoint
from aqfusion.model.network import AQFusionNet
from aqfusion.model.training_features import FeaturesError
from aqfusion.registry.registry import Registry
from aqfusion.retraining.cached_trainer import CachedTrainer
from aqfusion.retraining.corrections import Corrections, corrections
from aqfusion.retraining.features import FeatureCache
from aqfusion.retraining.fork_worker import run_in_fork
from aqfusion.retraining.holdout import holdout_hash
from aqfusion.retraining.readiness import (
    LabelSnapshot,
    NothingToLearnError,
    Readiness,
    TooFewLabelsError,
    basis,
    count_labels,
    recount,
)
from aqfusion.retraining.validation import LearnedBands
from aqfusion.training.recipe import Recipe

__all__ = ["RetrainContext", "load_context"]


@dataclass(frozen=True, eq=False)
class RetrainContext:
    """A trainer behind the backbone in force, the corrections to learn, and the model `before`.

    `learned_bands` are the labels that it has learned; `about` is part of any manifest.
    """

    trainer: CachedTrainer
    learned: Corrections
    before: AQFusionNet
    learned_bands: LearnedBands
    about: Mapping[str, Any]


def load_context(
    store: LabelStore, registry: Registry, recipe: Recipe, report: Callable[[str], None]
) -> RetrainContext:
    """Read the labels and extract their photos' features; where too little is new it raises."""
    values = tuple(store.adjudicated(split="train"))
    on = basis(registry)
    parent, base, trunk, features = on.parent, on.base, on.trunk, on.features
    snapshot = snapshot_hash(values)
    if parent is not None and parent.manifest["labels"]["snapshot_sha256"] == snapshot:
        raise NothingToLearnError(f"labels must have changed since {parent.name}, got the same")
    _check_enough(count_labels(values, on.frozen, on.learned_bands, store.photos.exists))
    kept = registry.home / "kept"
    trainer = CachedTrainer(base, features, recipe, kept, report)
    if not trainer.frozen:
        raise FeaturesError(
            "features of the model must have a place with 3 groups or more to judge by, got none"
        )
    prepared = run_in_fork(trainer.prepare)  # while this process extracts features of new photos
    seen = FeatureCache(base, trunk, store.photos, kept / "photos")
    learned = corrections(values, seen, trainer.duplicate_filter, trainer.frozen, report)
    prepared()
    _check_enough(recount(values, learned, on.learned_bands))
    about: dict[str, Any] = {
        "base": registry.model,
        "root": on.root,
        "parent": parent.name if parent else None,
        "path": "fast",
        "code_version": __version__,
        "seed": recipe.seed,
        "recipe": asdict(recipe),
        "labels": _labels(values, learned, snapshot),
        "trunk_sha256": trunk,
        "features_sha256": features.sha256,
        "frozen_sha256": holdout_hash(trainer.frozen),
    }
    return RetrainContext(trainer, learned, _before(trainer, on), on.learned_bands, about)


def _check_enough(readiness: Readiness) -> None:
    if not readiness.ready:
        raise TooFewLabelsError(readiness)


def _before(trainer: CachedTrainer, on: LabelSnapshot) -> AQFusionNet:
    """The model before; it must not have seen the hold-out set.

    So it is never the shipped one, but one that the fast path trains on the training features.
    """
    if on.parent is None or not on.same(on.parent):
        return trainer.without_corrections()
    return load_checkpoint(on.parent.folder).network


def _labels(
    values: Sequence[AdjudicatedLabel], learned: Corrections, snapshot: str
) -> dict[str, Any]:
    return {
        "snapshot_sha256": snapshot,
        "last_event": max((value.last_event for value in values), default=0),
        "settled": len(values),
        "learned": learned.items,
        "sessions": len(learned.sessions),
        "left_out": dict(Counter(reason for _, reason in learned.excluded)),
    }
