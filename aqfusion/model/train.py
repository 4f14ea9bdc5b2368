"""From a data folder to a model folder: fold models for honest figures, then the model itself."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save
from torch import Tensor

from aqfusion import __version__
from aqfusion.dataset.folder import Row
from aqfusion.errors import InputError
from aqfusion.files import replace_file
from aqfusion.model.backbones import backbone
from aqfusion.model.bins import CATEGORY_ENDS, smoothed_targets
from aqfusion.model.calibrate import fit_gate, fit_intervals
from aqfusion.model.checkpoint import Checkpoint, Config, save_checkpoint
from aqfusion.model.evaluate import cross_fitted, judge
from aqfusion.model.fit import AfterEpoch, Fit, Report
from aqfusion.model.held_out import HeldOut, joined, listen
from aqfusion.model.losses import distribution_loss
from aqfusion.model.network import AQFusionNet
from aqfusion.model.pixels import STORED_SIZE, stack
from aqfusion.model.recipe import Material, Recipe
from aqfusion.model.sessions import Session, sessions_of
from aqfusion.photo import Photo

FRAMES_KEPT = 48  # per session, evenly spaced: more would fill memory, not add information
VALIDATION_FOLD = 0
PATIENCE = 3  # epochs without a better validation loss

Pretrained = Callable[[AQFusionNet], None]


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

    What is done is kept in a folder beside `out`, so that a training that was cut off goes on.
    """
    sessions = sessions_of(rows)
    folds = sorted({session.fold for session in sessions})
    if len(folds) < 2:
        raise TrainingError(
            f"training needs sessions in at least 2 folds, got {len(sessions)} session(s) "
            f"in {len(folds)}"
        )
    work = out.with_name(f".{out.name}.training") / _digest(recipe, rows)
    frames = _read_frames(sessions, report)
    workshop = _Workshop(sessions, frames, recipe, pretrained, work, report)
    if cross_validate:
        held_out = joined([workshop.fold_held_out(fold) for fold in folds])
        metrics = {
            "protocol": f"leak-safe: {len(folds)} folds by place-day, each scored by a model, a "
            "gate and intervals that never saw it; the weights here are of the same recipe "
            "trained on all folds",
            **cross_fitted(held_out, recipe.sigma, recipe.seed),
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
            "backbone_weights": backbone(recipe.backbone).weights_origin,
            "aqi_band_ends": CATEGORY_ENDS.tolist(),
            "recipe": asdict(recipe),
        },
    )
    save_checkpoint(out, Checkpoint(network, config, metrics))
    report(f"wrote {out}")
    return metrics


class _Workshop:
    """The sessions with their frames, and the folder where unfinished work lies."""

    def __init__(
        self,
        sessions: tuple[Session, ...],
        frames: tuple[Tensor, ...],
        recipe: Recipe,
        pretrained: Pretrained,
        work: Path,
        report: Report,
    ) -> None:
        self.sessions, self.frames, self.recipe = sessions, frames, recipe
        self.pretrained, self.work, self.report = pretrained, work, report

    def trained_on(
        self,
        wanted: Callable[[Session], bool],
        name: str,
        after_epoch: AfterEpoch | None = None,
    ) -> AQFusionNet:
        """Train a network on the wanted sessions, or go on with one called `name`."""
        chosen = [i for i, session in enumerate(self.sessions) if wanted(session)]
        material = Material(
            tuple(self.sessions[i] for i in chosen), tuple(self.frames[i] for i in chosen)
        )
        fit = Fit(material, self.recipe)
        self.pretrained(fit.network)
        fit.run(
            self.work / f"{name}.state", lambda text: self.report(f"{name}: {text}"), after_epoch
        )
        return fit.network

    def fold_held_out(self, fold: int) -> HeldOut:
        """What a model trained on the other folds says of this one; kept once it is known."""
        kept = self.work / f"fold{fold}.safetensors"
        if not kept.is_file():
            network = self.trained_on(lambda session: session.fold != fold, f"fold{fold}")
            self._listen(network, fold).save(kept)
            (self.work / f"fold{fold}.state").unlink()
        return HeldOut.load(kept)

    def with_validation(self, fold: int) -> tuple[AQFusionNet, HeldOut]:
        """Train on the other folds, stop early by this one, return the best epoch's network."""
        self.work.mkdir(parents=True, exist_ok=True)
        best, history = self.work / "best.safetensors", self.work / "validation.json"

        def after_epoch(network: AQFusionNet, done: int) -> bool:
            held_out = self._listen(network, fold, limit=8)
            targets = smoothed_targets(held_out.aqi[held_out.session], self.recipe.sigma)
            loss = distribution_loss(held_out.image_logits, targets).item()
            self.report(f"validation loss of the photo after epoch {done}: {loss:.3f}")
            # A killed training may have noted this epoch already.
            losses = [*(json.loads(history.read_text()) if done > 1 else [])][: done - 1]
            losses.append(loss)
            if loss == min(losses):
                replace_file(best, save(network.state_dict()))
            replace_file(history, json.dumps(losses).encode())
            return len(losses) - 1 - losses.index(min(losses)) < PATIENCE

        network = self.trained_on(lambda session: session.fold != fold, "model", after_epoch)
        network.load_state_dict(load_file(best))
        return network, self._listen(network, fold)

    def _listen(self, network: AQFusionNet, fold: int, limit: int | None = None) -> HeldOut:
        sessions = [session for session in self.sessions if session.fold == fold]
        return listen(network, sessions, STORED_SIZE, self.report, limit)


def _read_frames(sessions: tuple[Session, ...], report: Report) -> tuple[Tensor, ...]:
    """Up to `FRAMES_KEPT` evenly spaced frames of each session as uint8 (F, 3, 224, 224)."""
    frames = []
    for number, session in enumerate(sessions, start=1):
        count = min(FRAMES_KEPT, len(session.rows))
        rows = [session.rows[i * len(session.rows) // count] for i in range(count)]
        frames.append(stack([Photo.open(row.photo) for row in rows], STORED_SIZE))
        if number % 10 == 0 or number == len(sessions):
            report(f"read the photos of {number} of {len(sessions)} sessions")
    return tuple(frames)


def _digest(recipe: Recipe, rows: tuple[Row, ...]) -> str:
    """Tells one training from another, so that nothing of a different one is gone on with."""
    facts = [(row.photo.name, row.fold, row.reading, row.aqi) for row in rows]
    told = repr((__version__, recipe, facts))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
