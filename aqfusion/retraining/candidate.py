"""A candidate of a retraining: its networks, its validation, and how it is saved as a version."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from aqfusion import __version__
from aqfusion.labels.adjudication import AdjudicatedLabel, snapshot_hash
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import Checkpoint, save_checkpoint
from aqfusion.network.training_features import Features
from aqfusion.registry.version import write_comparison
from aqfusion.retraining.batch_prediction import KINDS
from aqfusion.retraining.context import RetrainContext
from aqfusion.retraining.corrections import Corrections
from aqfusion.retraining.fast_trainer import TrainingSetup, train_network
from aqfusion.retraining.paired_bootstrap import EVERYWHERE, Change
from aqfusion.retraining.promotion_gate import GateDecision, ValidationEvidence
from aqfusion.retraining.site_updates import UpdatedSites, places_with
from aqfusion.training.distillation import Kernels

__all__ = [
    "Candidate",
    "Train",
    "TrainedModel",
    "Validation",
    "candidate_manifest",
    "listed_labels",
    "train_fast_model",
]

_NOTE = (
    "The layers behind the backbone were trained again, without the hold-out set. The backbone "
    "saw the hold-out photos when it was first trained, before and after alike, so the figures of "
    "photos are optimistic on both sides: only their difference counts. Both models predicted from "
    "photo and readings alone; what is known of places was not used."
)


@dataclass(frozen=True, eq=False)
class Validation:
    """The figures before and after, the evidence of held-out corrections, and the decision.

    `differed` is how many of the new labels name another category than the model before.
    """

    changes: tuple[Change, ...]
    evidence: ValidationEvidence
    differed: int
    decision: GateDecision


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A network trained on all corrections, and the training features behind its own backbone.

    `note` explains its figures; `manifest` names path, seed, recipe, and hashes that are its own;
    `save` writes the model into a folder, given the candidate's manifest and validation.
    """

    network: AQFusionNet
    temperature: Mapping[str, float]
    features: Features
    note: str
    manifest: Mapping[str, Any]
    save: Callable[[Path, Mapping[str, Any], Validation], None]


# Trains on the training features and on all corrections: the fast path or the full one.
Train = Callable[[TrainingSetup, Kernels, Corrections, Callable[[str], None]], TrainedModel]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A model that was trained and validated, and is not registered yet.

    `comparison` lists for a page what was predicted before and after.
    """

    context: RetrainContext
    before: AQFusionNet
    model: TrainedModel
    validation: Validation
    manifest: Mapping[str, Any]
    comparison: Mapping[str, Sequence[Any]]

    @property
    def decision(self) -> GateDecision:
        """Whether it may be promoted, and why not."""
        return self.validation.decision

    def save(self, folder: Path) -> None:
        """Write all of a version but its manifest."""
        self.model.save(folder, self.manifest, self.validation)
        write_comparison(folder, self.comparison)


def train_fast_model(
    setup: TrainingSetup, kernels: Kernels, learned: Corrections, report: Callable[[str], None]
) -> TrainedModel:
    """Train all that stands behind the backbone, on cached features: under a minute."""
    base, features = setup.base, setup.features
    network = train_network(setup, kernels, learned.sessions, report).network
    places = places_with(base, learned.sessions)
    places = places.ranked((base.network, features), (network, features))
    save = partial(_save_fast_model, setup, network, places)
    manifest = {"path": "fast", "seed": setup.recipe.seed, "recipe": asdict(setup.recipe)}
    return TrainedModel(network, base.config.temperature, features, _NOTE, manifest, save)


def _save_fast_model(
    setup: TrainingSetup,
    network: AQFusionNet,
    places: UpdatedSites,
    folder: Path,
    manifest: Mapping[str, Any],
    validation: Validation,
) -> None:
    everywhere = [change for change in validation.changes if change.place == EVERYWHERE]
    figures: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    for change in everywhere:
        figures[change.kind][change.figure] = round(change.after, 4)
    metrics = {"protocol": f"hold-out set: {_NOTE}", "n": everywhere[0].photos, **figures}
    base, sessions = setup.base, setup.features.sessions
    history = {name: manifest[name] for name in ("parent", "labels", "seed")}
    config = replace(
        base.config,
        architecture=network.architecture,
        sessions=tuple(session.key for session in sessions if session.group not in setup.holdout),
        about={**base.config.about, "code_version": __version__, "retrained": history},
    )
    retrained = Checkpoint(network, base.guard, config, metrics)
    save_checkpoint(folder, places.applied_to(retrained))


def candidate_manifest(
    context: RetrainContext,
    labels: Sequence[AdjudicatedLabel],
    learned: Corrections,
    model: TrainedModel,
    validation: Validation,
) -> dict[str, Any]:
    """The manifest of a candidate: what it stands on, what it learned, and how it was judged."""
    return {
        "base": context.model,
        "root": context.root,
        "parent": context.parent.name if context.parent else None,
        "code_version": __version__,
        "labels": {
            "snapshot_sha256": snapshot_hash(labels),
            "last_event": max((label.last_event for label in labels), default=0),
            "settled": len(labels),
            "learned": learned.items,
            "sessions": len(learned.sessions),
            "left_out": dict(Counter(reason for _, reason in learned.excluded)),
            "new": validation.evidence.items,
            "differed": validation.differed,
        },
        **context.hashes(),
        **model.manifest,
        "metrics": {
            "says": model.note,
            "frozen": [change.as_json() for change in validation.changes],
            "corrections": asdict(validation.evidence),
        },
        "gate": validation.decision.as_json(),
    }


def listed_labels(learned: Corrections) -> list[list[float]]:
    """The bands that were learned, one per item."""
    return [
        [item, round(low, 1), round(high, 1)]
        for session in learned.sessions
        for item, (low, high) in zip(session.items, session.bands, strict=True)
    ]
