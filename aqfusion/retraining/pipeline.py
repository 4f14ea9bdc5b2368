"""A retraining from settled labels to a registered version: train, validate, promote or refuse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aqfusion.labels.store import LabelStore
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import load_checkpoint
from aqfusion.permissions import Actor
from aqfusion.registry.registry import Registry
from aqfusion.registry.serving import now_text
from aqfusion.registry.version import Version
from aqfusion.retraining.candidate import (
    Candidate,
    Train,
    Validation,
    candidate_manifest,
    listed_labels,
    train_fast_model,
)
from aqfusion.retraining.context import RetrainContext, load_context
from aqfusion.retraining.corrections import corrections
from aqfusion.retraining.fast_trainer import (
    TrainedNetwork,
    TrainingSetup,
    begin_baseline,
    begin_networks,
)
from aqfusion.retraining.features import FeatureCache
from aqfusion.retraining.holdout import near_duplicate_filter
from aqfusion.retraining.paired_bootstrap import changes, error_before
from aqfusion.retraining.promotion_gate import gate_decision
from aqfusion.retraining.readiness import recount, require_enough, settled_labels
from aqfusion.retraining.validation import (
    correction_evidence,
    differing_labels,
    hold_out_corrections,
    holdout_frames,
    listed_corrections,
    listed_holdout,
    predict_frames,
    predict_held_out,
)
from aqfusion.training.recipe import Recipe

__all__ = ["RegisteredCandidate", "register", "train_candidate"]

_HALF = 0.5  # of the steps, to test on half of the corrections: a little pessimistic, and quick


def train_candidate(
    store: LabelStore,
    registry: Registry,
    recipe: Recipe,
    report: Callable[[str], None],
    train: Train = train_fast_model,
) -> Candidate:
    """Train on the store's settled labels and validate; where too few labels are new it raises."""
    context = load_context(registry)
    labels = settled_labels(store, context)
    setup = TrainingSetup(context.base, context.features, context.holdout, recipe)
    cache = registry.home / "kept"

    # Features of new photos here, while a second process trains without corrections.
    wait_for_baseline = begin_baseline(setup, cache, report)
    photos = FeatureCache(context.base, context.backbone_hash, store.photos, cache / "photos")
    duplicates = near_duplicate_filter(context.features, context.holdout)
    learned = corrections(labels, photos, duplicates, context.holdout, report)
    baseline = wait_for_baseline()
    require_enough(recount(labels, learned, context.learned_bands))

    # Three trainings: all corrections here, all but each half of the new ones in a second process.
    held_out = hold_out_corrections(learned.sessions, context.learned_bands)
    halves = held_out.training_sets
    wait_for_halves = begin_networks(setup, baseline.kernels, halves, _HALF, report)
    model = train(setup, baseline.kernels, learned, report)
    half_networks = wait_for_halves()
    before = network_before(context, baseline)

    # Predictions of the hold-out set, and of each correction by a network that did not learn it.
    temperature = context.base.config.temperature
    holdout = holdout_frames(context.features, context.holdout)
    own_holdout = holdout_frames(model.features, context.holdout)
    holdout_before = predict_frames(before, temperature, holdout.frames)
    holdout_after = predict_frames(model.network, model.temperature, own_holdout.frames)
    predicted = predict_held_out(held_out, before, half_networks, temperature)

    figures = changes(holdout.measured, holdout_before, holdout_after, recipe.seed)
    evidence = correction_evidence(held_out, predicted, error_before(figures), recipe.seed)
    decision = gate_decision(figures, evidence)
    differed = differing_labels(held_out, predicted.before)
    validation = Validation(figures, evidence, differed, decision)
    manifest = candidate_manifest(context, labels, learned, model, validation)
    comparison: Mapping[str, Sequence[Any]] = {
        "frozen": listed_holdout(holdout, holdout_before, holdout_after),
        "corrections": listed_corrections(held_out, predicted),
        "learned": listed_labels(learned),
        "left_out": learned.excluded,
    }
    return Candidate(context, before, model, validation, manifest, comparison)


@dataclass(frozen=True, eq=False)
class RegisteredCandidate:
    """A candidate as a version; `promoted`: whether it became current."""

    version: Version
    promoted: bool


def register(
    candidate: Candidate, registry: Registry, actor: Actor, now: datetime, *, promote: bool
) -> RegisteredCandidate:
    """Save a candidate as a version, and promote it where the gate and `promote` allow it.

    Where another version became current meanwhile it is not promoted.
    """
    manifest = {**candidate.manifest, "made_at": now_text(now), "by": actor.name}
    version = registry.add(candidate.save, manifest)
    return RegisteredCandidate(version, promote and registry.succeed(actor, version, now))


def network_before(context: RetrainContext, baseline: TrainedNetwork) -> AQFusionNet:
    """The model before; it must not have seen the hold-out set.

    So it is never the shipped one, but one that the fast path trains on the training features.
    """
    if context.parent is None or not context.comparable(context.parent):
        return baseline.network
    return load_checkpoint(context.parent.folder).network
