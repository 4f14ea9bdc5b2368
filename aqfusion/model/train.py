"""From a data folder to a model folder: fold models for honest figures, then the model itself."""

import hashlib
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from aqfusion import __version__
from aqfusion.dataset.folder import Row
from aqfusion.errors import InputError
from aqfusion.model.backbones import backbone
from aqfusion.model.baselines import baselines
from aqfusion.model.bins import CATEGORY_ENDS
from aqfusion.model.calibrate import fit_gate, fit_intervals
from aqfusion.model.checkpoint import Checkpoint, Config, model_place, save_checkpoint
from aqfusion.model.evaluate import cross_fitted, judge
from aqfusion.model.fit import Report
from aqfusion.model.held_out import joined
from aqfusion.model.network import SENSOR_COUNT, AQFusionNet, Architecture
from aqfusion.model.pixels import STORED_SIZE
from aqfusion.model.recipe import Recipe
from aqfusion.model.sessions import sessions_of
from aqfusion.model.workshop import Pretrained, Workshop

VALIDATION_FOLD = 0


class TrainingError(InputError):
    """A data folder or a recipe that cannot be trained on."""


def train(
    rows: tuple[Row, ...],
    recipe: Recipe,
    out: Path,
    *,
    pretrained: Pretrained,
    cross_validate: bool,
    about: dict[str, Any],
    report: Report,
) -> dict[str, Any]:
    """Train a model into the folder `out` and return its leak-safe figures.

    With `cross_validate` five fold models give the figures, the gate and the intervals, and the
    model itself then learns from every session for the same number of epochs. Without, one
    fold is kept for validation: the best epoch on it wins, and its figures are a little rosy,
    being those that the epoch was chosen by.

    What is done is kept in a folder beside `out` until the model is written, so that a training
    that was cut off goes on. Bad input is refused before the first photo is read.
    """
    out = model_place(out)
    sessions = sessions_of(rows)
    folds = sorted({session.fold for session in sessions})
    if len(folds) < 2:
        raise TrainingError(
            f"training needs sessions in at least 2 folds, got {len(sessions)} session(s) "
            f"in {len(folds)}"
        )
    trunk, from_scratch = _first_weights(recipe, pretrained)
    unfinished = out.with_name(f".{out.name}.training")
    work = unfinished / _digest(recipe, rows, trunk, cross_validate)
    work.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(sessions, recipe, pretrained, work, report)
    if cross_validate:
        held_out = joined([workshop.fold_held_out(fold) for fold in folds])
        metrics = {
            "protocol": f"leak-safe: {len(folds)} folds by place-day, each scored by a model, a "
            "gate and intervals that never saw it; the weights here are of the same recipe "
            "trained on all folds",
            **cross_fitted(held_out, recipe.sigma, recipe.seed),
            "baselines": baselines(sessions, recipe.seed),
        }
        network, seen = workshop.trained_on(lambda session: True, "model"), sessions
    else:
        fold = folds[VALIDATION_FOLD]
        network, held_out = workshop.with_validation(fold)
        seen = tuple(session for session in sessions if session.fold != fold)
    gate = fit_gate(held_out, recipe.sigma, recipe.seed)
    reach = fit_intervals(gate, held_out, recipe.seed)
    if not cross_validate:
        metrics = {
            "protocol": f"leak-safe validation on fold {fold}, which training never saw; the "
            "epoch, the gate and the intervals were chosen on it",
            **judge([(held_out, gate, reach)]),
        }
    metrics = {"n": len(held_out.session), "sessions": len(held_out.aqi), **metrics}
    network.gate.load_state_dict(gate.state_dict())
    config = Config(
        architecture=network.architecture,
        image_size=STORED_SIZE,
        reach=reach,
        sessions=tuple(session.key for session in seen),
        about={
            **about,
            "code_version": __version__,
            "backbone_weights": "none: from scratch"
            if from_scratch
            else backbone(recipe.backbone).weights_origin,
            "aqi_band_ends": CATEGORY_ENDS.tolist(),
            "recipe": asdict(recipe),
        },
    )
    save_checkpoint(out, Checkpoint(network, config, metrics))
    shutil.rmtree(unfinished)
    report(f"wrote {out}")
    return metrics


def _first_weights(recipe: Recipe, pretrained: Pretrained) -> tuple[str, bool]:
    """The checksum of the trunk that every network starts with, and whether it is random."""
    torch.manual_seed(recipe.seed)
    nothing = (0.0,) * SENSOR_COUNT, (1.0,) * SENSOR_COUNT
    network = AQFusionNet(Architecture(recipe.backbone, *nothing))
    random = _checksum(network.image_encoder.trunk)
    pretrained(network)
    first = _checksum(network.image_encoder.trunk)
    return first, first == random


def _checksum(module: nn.Module) -> str:
    told = hashlib.sha256()
    for tensor in module.state_dict().values():
        told.update(tensor.numpy().tobytes())
    return told.hexdigest()


def _digest(recipe: Recipe, rows: tuple[Row, ...], trunk: str, cross_validate: bool) -> str:
    """Tells one training from another, so that nothing of a different one is gone on with."""
    facts = [(row.photo.name, row.session, row.fold, row.reading, row.aqi) for row in rows]
    told = repr((__version__, recipe, facts, trunk, cross_validate))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
