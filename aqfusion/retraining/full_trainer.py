"""The full path: the backbone learns again too, from the data folder and the corrected photos.

It starts from the backbone in force, and never shows it the hold-out set again. Whether the labels
are worth learning is decided by the fast path: held-out corrections need no full training there.
The new version brings its own features, so that fast retrainings go on behind its backbone.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aqfusion.data.dataset_folder import DatasetRow, read_folder
from aqfusion.errors import InputError
from aqfusion.images.photo import Photo
from aqfusion.labels.exports.export import export
from aqfusion.labels.store import LabelStore
from aqfusion.model.checkpoint import FEATURES
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from aqfusion.network.image_features import backbone_hash, photo_features
from aqfusion.network.training_features import Features, load_features, save_features
from aqfusion.registry.registry import Registry
from aqfusion.release.train_model import assist, train
from aqfusion.retraining.candidate import Candidate, TrainedModel, Validation
from aqfusion.retraining.corrections import Corrections
from aqfusion.retraining.fast_trainer import FAST, TrainingSetup
from aqfusion.retraining.features import write_features
from aqfusion.retraining.holdout import (
    NearDuplicateFilter,
    holdout_groups,
    near_duplicate_filter,
)
from aqfusion.retraining.label_context import FULL
from aqfusion.retraining.pipeline import train_candidate
from aqfusion.retraining.site_updates import places_with
from aqfusion.training import distributed
from aqfusion.training.distillation import Kernels
from aqfusion.training.recipe import Recipe
from aqfusion.training.sessions import sessions_of

__all__ = ["Full", "full_rows", "help_first", "train_full_candidate"]

_NOTE = (
    "The whole network was trained again, the backbone too, from the backbone before and without "
    "the hold-out set. The first backbone saw the hold-out photos when it was trained, so the "
    "figures of photos are optimistic on both sides: only their difference counts. Both models "
    "predicted from photo and readings alone; what is known of places was not used."
)


@dataclass(frozen=True)
class Full:
    """The data folder that the features are of, and how to train; the backbone is the model's."""

    data: Path
    recipe: Recipe
    now: datetime


def train_full_candidate(
    store: LabelStore, registry: Registry, full: Full, work: Path, report: Callable[[str], None]
) -> Candidate:
    """The pipeline with a training of the whole network in it; the folder `work` must be empty."""
    data = read_folder(full.data, lambda fault: report(str(fault)), report)

    def train_on_folders(
        setup: TrainingSetup, _: Kernels, learned: Corrections, tell: Callable[[str], None]
    ) -> TrainedModel:
        labels = work / "labels"
        export(store, store.accounts.operator(full.now), "training", labels)
        rows = full_rows(setup, data, read_folder(labels))
        recipe = replace(full.recipe, backbone=setup.base.network.image_encoder.backbone)
        rows, recipe = distributed.broadcast((rows, recipe))
        tell(f"training on {len(rows)} photos in {distributed.ranks()} process(es)")
        _train_network(setup.base, rows, recipe, work / "model", tell)
        return _complete_full_model(setup, data, learned, recipe, work / "model", tell)

    recipe = replace(FAST, seed=full.recipe.seed)
    return train_candidate(store, registry, recipe, report, train_on_folders)


def help_first(report: Callable[[str], None]) -> None:
    """Run another rank: receive the rows and the recipe, and train its share of each batch."""
    rows, recipe = distributed.broadcast(None)
    assist(rows, recipe, report)


def full_rows(
    setup: TrainingSetup, data: Sequence[DatasetRow], labelled: Sequence[DatasetRow]
) -> tuple[DatasetRow, ...]:
    """The data folder's and the labels' rows, without the hold-out set and near-duplicates of it.

    `data` must be the folder that the features are of, else no hold-out photo could be recognised.
    """
    _check_same(setup.features, data)
    folds = {row.group: row.fold for row in data}
    duplicates = near_duplicate_filter(setup.features, setup.holdout)
    kept = [row for row in data if row.group not in setup.holdout]
    for row in labelled:
        if row.group in setup.holdout:
            continue
        if not _is_near_duplicate(duplicates, setup.base, row.photo):
            # A day of both folders stays on one side of every split, and is two sessions.
            fold = folds.get(row.group, row.fold)
            kept.append(replace(row, session=f"labels {row.session}", fold=fold))
    return tuple(kept)


def _train_network(
    base: Checkpoint,
    rows: tuple[DatasetRow, ...],
    recipe: Recipe,
    out: Path,
    report: Callable[[str], None],
) -> None:
    """Train on `rows` from the base's backbone into the folder `out`; other ranks may help."""

    def backbone_of_base(network: AQFusionNet, name: str) -> None:
        state = base.network.image_encoder.trunk.state_dict()
        network.image_encoder.trunk.load_state_dict(state)

    train(
        rows,
        recipe,
        out,
        pretrained=backbone_of_base,
        cross_validate=False,
        about=dict(base.config.about),
        report=report,
    )


def _complete_full_model(
    setup: TrainingSetup,
    data: Sequence[DatasetRow],
    learned: Corrections,
    recipe: Recipe,
    out: Path,
    report: Callable[[str], None],
) -> TrainedModel:
    """Give the model trained into `out` its training features, and the base's sites."""
    base = setup.base
    model = load_checkpoint(out)
    backbone = backbone_hash(model)
    seen = write_features(model, data, setup.features.licence, report)
    if model.sites is None and base.sites is not None:
        places = places_with(base, learned.sessions)
        places = places.ranked((base.network, setup.features), (model.network, seen))
        save_checkpoint(out, places.applied_to(model))
        model = load_checkpoint(out)
    save_features(out / FEATURES, seen)
    features = load_features(out / FEATURES, backbone)
    if holdout_groups(features) != setup.holdout:
        raise InputError("the hold-out set must be the same before and after, got another")
    manifest = {"path": FULL, "seed": recipe.seed, "recipe": asdict(recipe)}
    manifest |= {"trunk_sha256": backbone, "features_sha256": features.sha256}

    def save(folder: Path, _: Mapping[str, Any], __: Validation) -> None:
        for path in out.iterdir():
            shutil.copyfile(path, folder / path.name)

    temperature = model.config.temperature
    return TrainedModel(model.network, temperature, features, _NOTE, manifest, save)


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


def _is_near_duplicate(duplicates: NearDuplicateFilter, base: Checkpoint, path: Path) -> bool:
    seen = photo_features(base, [Photo.open(path)])
    return duplicates.among(seen.features, seen.fingerprints)[0]
