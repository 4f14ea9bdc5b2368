"""From a data folder to a model folder: honest figures first, then the model itself."""

import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aqfusion import __version__
from aqfusion.data.dataset_folder import DatasetRow
from aqfusion.errors import InputError
from aqfusion.evaluation.backbone_evaluation import FULL, evaluate_backbone, judged, truth_of
from aqfusion.evaluation.calibrated_predictions import JudgedPhotos, calibrated_predictions
from aqfusion.evaluation.model_evaluation import summary
from aqfusion.model.architecture import backbone
from aqfusion.model.config import Config
from aqfusion.model.pixels import STORED_SIZE
from aqfusion.network.checkpoint import Checkpoint, model_place, save_checkpoint
from aqfusion.network.torch_bins import CATEGORY_ENDS
from aqfusion.training.calibration import calibrate
from aqfusion.training.experiment import Experiment, PretrainedFor, training
from aqfusion.training.holdout_predictions import concatenate
from aqfusion.training.protocols import ProtocolError, protocol, split
from aqfusion.training.recipe import Recipe
from aqfusion.training.sessions import sessions_of
from aqfusion.training.site_training import SiteHoldoutSessions, site_model
from aqfusion.training.training_loop import Report

VALIDATION_FOLD = 0


class TrainingError(InputError):
    """A data folder or a recipe that cannot be trained on."""


def train(
    rows: tuple[DatasetRow, ...],
    recipe: Recipe,
    out: Path,
    *,
    pretrained: PretrainedFor,
    cross_validate: bool,
    about: dict[str, Any],
    report: Report,
    cache: Path | None = None,
) -> dict[str, Any]:
    """Train a model into the folder `out` and return its leak-safe figures.

    With `cross_validate` five fold models give the figures, the gate and the intervals, and the
    model itself then learns from every session for the same number of epochs. Without, one
    fold is kept for validation: the best epoch on it wins, and its figures are a little optimistic,
    being those that the epoch was chosen by.

    Finished steps are kept in `cache`, or in a folder beside `out` until the model is written, so
    that a training that was cut off goes on. Bad input is refused before the first photo is read.
    """
    out = model_place(out)
    sessions = sessions_of(rows)
    folds = sorted({session.fold for session in sessions})
    if len(folds) < 2:
        raise TrainingError(
            f"training needs sessions in at least 2 folds, got {len(sessions)} session(s) "
            f"in {len(folds)}"
        )
    work = cache or out.with_name(f".{out.name}.training")
    chosen = training(rows, recipe, pretrained, work, report)
    if cross_validate:
        parts = split("leak-safe", rows, recipe.seed)
        held_out = concatenate([chosen.experiment.held_out(part) for part in parts])
        tested = [session for part in parts for session in part.test]
        backbone_metrics = evaluate_backbone(held_out, tested, recipe.sigma, recipe.seed)
        metrics: dict[str, Any] = {
            "protocol": f"leak-safe: {protocol('leak-safe').says} The weights here are of the same "
            "recipe trained on all folds.",
            **summary(backbone_metrics["kinds"]),
            "partial_sensors": backbone_metrics["partial_sensors"],
        }
        network, seen, name = chosen.experiment.network(sessions, "all"), sessions, "all"
        calibration = calibrate(held_out, recipe.sigma, recipe.seed)
        days, places = (
            SiteHoldoutSessions(held_out, tested, sessions),
            _places_left_out(rows, chosen.experiment),
        )
    else:
        fold = folds[VALIDATION_FOLD]
        network, held_out = chosen.experiment.with_validation(sessions, fold)
        seen = tuple(session for session in sessions if session.fold != fold)
        name = "validated"
        kept_out = [session for session in sessions if session.fold == fold]
        calibration = calibrate(held_out, recipe.sigma, recipe.seed)
        calibrated_parts = [JudgedPhotos(held_out, calibration)]
        days, places = SiteHoldoutSessions(held_out, kept_out, sessions), None
        metrics = {
            "protocol": f"leak-safe validation on fold {fold}, which training never saw; the "
            "epoch, the gate and the intervals were chosen on it",
            **summary(
                {
                    kind: judged(
                        truth_of(kept_out),
                        calibrated_predictions(calibrated_parts, *visible),
                        kept_out,
                        recipe.seed,
                    )
                    for kind, visible in FULL.items()
                }
            ),
        }
    metrics = {"n": len(held_out.session), "sessions": len(held_out.aqi), **metrics}
    network.gate.load_state_dict(calibration.gate.state_dict())
    network.image_encoder.haze_share.fill_(calibration.haze_share)
    report("fitting what a site's own days are worth")
    sites, of_sites = site_model(seen, calibration, days, places, recipe.sigma, recipe.seed, report)
    config = Config(
        architecture=network.architecture,
        image_size=STORED_SIZE,
        temperature=calibration.temperature,
        reach=calibration.reach,
        sessions=tuple(session.key for session in seen),
        about={
            **about,
            "code_version": __version__,
            "backbone_weights": _origin(recipe, chosen.from_scratch),
            "aqi_band_ends": CATEGORY_ENDS.tolist(),
            "recipe": asdict(recipe),
        },
        sites=of_sites,
    )
    guard = chosen.experiment.guard(network, seen, name)
    save_checkpoint(out, Checkpoint(network, guard, config, metrics, sites=sites))
    if cache is None:
        shutil.rmtree(work)
    report(f"wrote {out}")
    return metrics


def _places_left_out(
    rows: tuple[DatasetRow, ...], experiment: Experiment
) -> SiteHoldoutSessions | None:
    """Predictions for places that a network never saw; `None` where there are too few places."""
    try:
        parts = split("place", rows, experiment.recipe.seed)
    except ProtocolError:
        return None
    held_out = concatenate([experiment.held_out(part) for part in parts])
    tested = [session for part in parts for session in part.test]
    return SiteHoldoutSessions(held_out, tested, parts[0].train + parts[0].test)


def assist(rows: tuple[DatasetRow, ...], recipe: Recipe, report: Report) -> None:
    """Run another rank while the first one trains on the same rows; writes nothing."""
    sessions = sessions_of(rows)
    fold = sorted({session.fold for session in sessions})[VALIDATION_FOLD]
    with tempfile.TemporaryDirectory() as work:
        # The first weights are the first rank's.
        chosen = training(rows, recipe, lambda network, name: None, Path(work), report)
        chosen.experiment.assist(sessions, fold)


def _origin(recipe: Recipe, from_scratch: bool) -> str:
    if not from_scratch:
        return backbone(recipe.backbone).weights_origin
    teachers = " and ".join(backbone(teacher.backbone).title for teacher in recipe.distilled_from)
    return f"none: from scratch, distilled from {teachers}" if teachers else "none: from scratch"
