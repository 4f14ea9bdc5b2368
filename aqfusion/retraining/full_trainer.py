"""The full path: the backbone learns again too, from the data folder and the corrected photos.

It starts from the backbone in force, and never shows it the hold-out set again. Whether the labels
are worth learning is decided by the fast path: held-out corrections need no full training there.
The new version brings its own features, so that fast retrainings go on behind its backbone.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from aqfusion.data.dataset_folder import DatasetRow, read_folder
from aqfusion.errors import InputError
from aqfusion.images.photo import Photo
from aqfusion.labels.exports.export import export
from aqfusion.labels.store import LabelStore
from aqfusion.model.checkpoint import FEATURES, load_checkpoint, save_checkpoint
from aqfusion.model.image_features import backbone_hash, photo_features
from aqfusion.model.network import AQFusionNet
from aqfusion.model.training_features import Features, load_features, save_features
from aqfusion.registry.registry import Registry
from aqfusion.registry.version import write_comparison
from aqfusion.release.train_model import assist, train
from aqfusion.retraining.cached_trainer import CachedTrainer
from aqfusion.retraining.context import RetrainContext, load_context
from aqfusion.retraining.fast_trainer import FAST
from aqfusion.retraining.features import write_features
from aqfusion.retraining.pipeline import Candidate, candidate_summary
from aqfusion.retraining.readiness import FULL
from aqfusion.retraining.site_updates import places_with
from aqfusion.retraining.validation import HeldOutCorrections, HoldoutScores, score_holdout
from aqfusion.training import distributed
from aqfusion.training.recipe import Recipe
from aqfusion.training.sessions import sessions_of

__all__ = ["Full", "full_rows", "help_first", "run_full_retraining", "train_full_candidate"]


@dataclass(frozen=True)
class Full:
    """The data folder that the features are of, and how to train; the backbone is the model's."""

    data: Path
    recipe: Recipe
    now: datetime


_WORDS = (
    "All was trained again, the trunk too, from the trunk before, without the frozen part. The "
    "first trunk saw the frozen photos when it was trained, so figures of photos are rosy on both "
    "sides; what tells is the difference. Told from photo and readings alone, on both sides: what "
    "is known of places is no part of it."
)


def train_full_candidate(
    store: LabelStore, registry: Registry, full: Full, work: Path, report: Callable[[str], None]
) -> Candidate:
    """Export the labels, train on them and the data folder, validate; `work` must be empty."""
    data = read_folder(full.data, lambda fault: report(str(fault)), report)
    on = load_context(store, registry, replace(FAST, seed=full.recipe.seed), report)
    labels = work / "labels"
    export(store, store.accounts.operator(full.now), "training", labels)
    rows = full_rows(on, data, read_folder(labels))
    recipe = replace(full.recipe, backbone=on.trainer.base.network.image_encoder.backbone)
    rows, recipe = distributed.broadcast((rows, recipe))
    report(f"training on {len(rows)} photos in {distributed.ranks()} process(es)")
    return run_full_retraining(on, data, rows, recipe, work / "model", report)


def help_first(report: Callable[[str], None]) -> None:
    """Run another rank: receive the rows and the recipe, and train its share of each batch."""
    rows, recipe = distributed.broadcast(None)
    assist(rows, recipe, report)


def full_rows(
    on: RetrainContext, data: Sequence[DatasetRow], labelled: Sequence[DatasetRow]
) -> tuple[DatasetRow, ...]:
    """The data folder's and the labels' rows, without the hold-out set and near-duplicates of it.

    `data` must be the folder that the features are of, else no hold-out photo could be recognised.
    """
    _check_same(on.trainer.features, data)
    frozen, folds = on.trainer.frozen, {row.group: row.fold for row in data}
    kept = [row for row in data if row.group not in frozen]
    for row in labelled:
        if row.group not in frozen and not _is_near_duplicate(on.trainer, row.photo):
            # A day of both folders stays on one side of every split, and is two sessions.
            fold = folds.get(row.group, row.fold)
            kept.append(replace(row, session=f"labels {row.session}", fold=fold))
    return tuple(kept)


def run_full_retraining(
    on: RetrainContext,
    data: Sequence[DatasetRow],
    rows: tuple[DatasetRow, ...],
    recipe: Recipe,
    out: Path,
    report: Callable[[str], None],
) -> Candidate:
    """Train on `rows` into the folder `out`, and validate the result; other ranks may help."""
    trainer = on.trainer

    def trunk_before(network: AQFusionNet, name: str) -> None:
        state = trainer.base.network.image_encoder.trunk.state_dict()
        network.image_encoder.trunk.load_state_dict(state)

    about = dict(trainer.base.config.about)
    train(
        rows,
        recipe,
        out,
        pretrained=trunk_before,
        cross_validate=False,
        about=about,
        report=report,
    )
    candidate = load_checkpoint(out)
    trunk = backbone_hash(candidate)
    seen = write_features(candidate, data, trainer.features.licence, report)
    if candidate.sites is None and trainer.base.sites is not None:
        places = places_with(trainer.base, on.learned.sessions)
        places = places.ranked((trainer.base.network, trainer.features), (candidate.network, seen))
        save_checkpoint(out, places.applied_to(candidate))
        candidate = load_checkpoint(out)
    save_features(out / FEATURES, seen)
    features = load_features(out / FEATURES, trunk)
    own = CachedTrainer(candidate, features, trainer.recipe, out.parent, report)
    if own.frozen != trainer.frozen:
        raise InputError("the frozen part must be the same before and after, got another")
    frozen = HoldoutScores(trainer)
    predictions = frozen.predict(on.before), HoldoutScores(own).predict(candidate.network)
    unlearned = HeldOutCorrections(trainer, on.before, on.learned.sessions, on.learned_bands)
    unlearned.finish()
    outcome = score_holdout(candidate.network, frozen, predictions, unlearned, on.learned.sessions)
    manifest, outcome = candidate_summary(on, outcome, _WORDS)
    manifest |= {"path": FULL, "recipe": asdict(recipe)}
    manifest |= {"trunk_sha256": trunk, "features_sha256": features.sha256}

    def fill(folder: Path) -> None:
        for path in out.iterdir():
            shutil.copyfile(path, folder / path.name)
        write_comparison(folder, outcome.items)

    return Candidate(own, outcome, manifest, fill)


def _check_same(features: Features, data: Sequence[DatasetRow]) -> None:
    photo_counts = {session.key: len(session.rows) for session in sessions_of(data)}
    lacking = [
        session.key
        for session in features.sessions
        if photo_counts.get(session.key) != session.photos
    ]
    if lacking:
        raise InputError(
            "data folder must be the one that the model's features are of, got one without the "
            f"same photos of {lacking[0]} ({len(lacking)} such sessions)"
        )


def _is_near_duplicate(trainer: CachedTrainer, path: Path) -> bool:
    seen = photo_features(trainer.base, [Photo.open(path)])
    return trainer.duplicate_filter.among(seen.features, seen.fingerprints)[0]
