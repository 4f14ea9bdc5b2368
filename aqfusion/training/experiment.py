"""Experiment runner: sessions with their photos, and one folder for each finished training."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from aqfusion import __version__
from aqfusion.data.dataset_folder import DatasetRow
from aqfusion.images.photo import Photo
from aqfusion.io.atomic_files import replace_file
from aqfusion.io.temporary_files import private_folder
from aqfusion.model.architecture import SENSOR_COUNT, Architecture
from aqfusion.model.pixels import STORED_SIZE
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.haze_features import haze_features
from aqfusion.network.photo_screen import PhotoScreen
from aqfusion.network.pixel_tensors import stack
from aqfusion.network.torch_bins import smoothed_targets
from aqfusion.training.holdout_predictions import HoldoutPredictions, image_logits, predict_holdout
from aqfusion.training.losses import distribution_loss
from aqfusion.training.photo_screening_training import (
    margins,
    margins_of_pictures,
    some_of,
    train_photo_screen,
)
from aqfusion.training.protocols import Part
from aqfusion.training.recipe import Recipe, TrainingSet
from aqfusion.training.sessions import Session, sensor_statistics, session_readings
from aqfusion.training.training_loop import AfterEpoch, Report, TrainingRun

FRAMES_KEPT = 24  # per session, evenly spaced: more hardly help with other sessions
PATIENCE = 3  # epochs without a better validation loss

Pretrained = Callable[[AQFusionNet], None]


class Experiment:
    """Trains networks by one recipe; finished ones lie in its folder and are not trained twice."""

    def __init__(
        self,
        recipe: Recipe,
        pretrained: Pretrained,
        work: Path,
        report: Report,
        teachers: Sequence["Experiment"] = (),
    ) -> None:
        """`work` is this training's own folder; `teachers` are distilled into its networks."""
        self.recipe, self.pretrained, self.work = recipe, pretrained, work
        self.teachers, self.report = teachers, report
        self._frames: dict[tuple[Path, int], Tensor] = {}
        self._statistics: dict[tuple[Path, int], Tensor] = {}

    def network(
        self, sessions: tuple[Session, ...], name: str, after_epoch: AfterEpoch | None = None
    ) -> AQFusionNet:
        """The network called `name`, trained on `sessions` if it is not there yet."""
        kept, state = self.work / f"{name}.network.safetensors", self.work / f"{name}.state"
        if kept.is_file():
            statistics = sensor_statistics(session_readings(sessions))
            network = AQFusionNet(Architecture(self.recipe.backbone, *statistics))
            network.load_state_dict(load_file(kept))
            return network.eval()
        fit = TrainingRun(self._material(sessions, name), self.recipe)
        self.pretrained(fit.network)
        fit.run(state, lambda text: self.report(f"{name}: {text}"), after_epoch)
        replace_file(kept, save(fit.network.state_dict()))
        state.unlink()
        return fit.network

    def held_out(self, part: Part) -> HoldoutPredictions:
        """Predictions of a part's network for its test sessions."""
        kept = self.work / f"{part.name}.held_out.safetensors"
        if not kept.is_file():
            network = self.network(part.train, part.name)
            predict_holdout(network, part.test, STORED_SIZE, self.report).save(kept)
        return HoldoutPredictions.load(kept)

    def guard(self, network: AQFusionNet, sessions: tuple[Session, ...], name: str) -> PhotoScreen:
        """The photo screen of the network called `name`, fitted on its sessions."""
        kept = self.work / f"{name}.guard.safetensors"
        if not kept.is_file():
            self.report(f"{name}: fitting the guard")
            frames = [self._frames_of(session) for session in sessions]
            replace_file(kept, save(train_photo_screen(network, sessions, frames).state_dict()))
        state = load_file(kept)
        guard = PhotoScreen(len(state["direction"]))
        guard.load_state_dict(state)
        return guard.eval()

    def guard_margins(
        self, part: Part, pictures: Mapping[str, Mapping[str, Photo]]
    ) -> tuple[list[str], Tensor, dict[str, Tensor]]:
        """Places and margins of some photos of a part, and margins of unsuitable `pictures`.

        All are scored by the photo screen of the part's network; above 0 is refused.
        """
        network = self.network(part.train, part.name)
        guard = self.guard(network, part.train, part.name)
        frames = [some_of(self._frames_of(session)) for session in part.test]
        places = [s.place for s, own in zip(part.test, frames, strict=True) for _ in own]
        photo_margins = margins(guard, network, torch.cat(frames))
        return places, photo_margins, margins_of_pictures(guard, network, pictures)

    def with_validation(
        self, sessions: tuple[Session, ...], fold: int
    ) -> tuple[AQFusionNet, HoldoutPredictions]:
        """Train without a fold, stop early by it, return the best epoch's network."""
        train = tuple(session for session in sessions if session.fold != fold)
        test = tuple(session for session in sessions if session.fold == fold)
        best, history = self.work / "best.safetensors", self.work / "validation.json"

        def after_epoch(network: AQFusionNet, done: int) -> bool:
            held_out = predict_holdout(network, test, STORED_SIZE, self.report, limit=8)
            targets = smoothed_targets(held_out.aqi[held_out.session], self.recipe.sigma)
            loss = distribution_loss(held_out.cnn_logits, targets).item()
            self.report(f"validation loss of the photo after epoch {done}: {loss:.3f}")
            # A killed training may have noted this epoch already.
            losses = [*(json.loads(history.read_text()) if done > 1 else [])][: done - 1]
            losses.append(loss)
            if loss == min(losses):
                replace_file(best, save(network.state_dict()))
            replace_file(history, json.dumps(losses).encode())
            return len(losses) - 1 - losses.index(min(losses)) < PATIENCE

        network = self.network(train, "validated", after_epoch)
        network.load_state_dict(load_file(best))
        return network, predict_holdout(network, test, STORED_SIZE, self.report)

    def assist(self, sessions: tuple[Session, ...], fold: int) -> AQFusionNet:
        """Run another rank while the first one trains `with_validation`; writes nothing."""
        train = tuple(session for session in sessions if session.fold != fold)
        fit = TrainingRun(self._material(train, "validated"), self.recipe)
        self.pretrained(fit.network)
        fit.run(self.work / "unused.state", self.report)
        return fit.network

    def haze_by_photo(self, session: Session) -> tuple[Tensor, Tensor]:
        """Haze statistics of the stored frames (F, 108), and the one that stands for each photo."""
        statistics = self._statistics_of(session)
        photos = torch.arange(len(session.rows))
        return statistics, photos * len(statistics) // len(session.rows)

    def _material(self, sessions: tuple[Session, ...], name: str) -> TrainingSet:
        frames = tuple(self._frames_of(session) for session in sessions)
        statistics = tuple(self._statistics_of(session) for session in sessions)
        if not self.teachers:
            return TrainingSet(sessions, frames, statistics)
        teachers = [teacher.network(sessions, name) for teacher in self.teachers]
        opinions = []
        for number, own in enumerate(frames, start=1):
            predictions = [image_logits(teacher, own)[0].softmax(1) for teacher in teachers]
            opinions.append(torch.stack(predictions).mean(0))
            if number % 20 == 0:
                self.report(f"{name}: asked earlier networks about {number} sessions")
        return TrainingSet(sessions, frames, statistics, tuple(opinions))

    def _frames_of(self, session: Session) -> Tensor:
        """Evenly spaced frames as uint8 (F, 3, 192, 192), as many as an epoch may draw."""
        key = (session.rows[0].photo, len(session.rows))
        if key not in self._frames:
            count = min(max(FRAMES_KEPT, self.recipe.frames_per_session), len(session.rows))
            rows = [session.rows[i * len(session.rows) // count] for i in range(count)]
            self._frames[key] = stack([Photo.open(row.photo) for row in rows], STORED_SIZE)
            self._statistics[key] = haze_features(self._frames[key])
            if len(self._frames) % 10 == 0:
                self.report(f"read the photos of {len(self._frames)} sessions")
        return self._frames[key]

    def _statistics_of(self, session: Session) -> Tensor:
        self._frames_of(session)
        return self._statistics[session.rows[0].photo, len(session.rows)]


# Raised by hand when the same recipe would give other weights: older caches are not used then.
REVISION = 2

PretrainedFor = Callable[[AQFusionNet, str], None]  # fills the weights of the named backbone


@dataclass(frozen=True)
class Training:
    """An experiment runner, and whether its backbones start from random weights."""

    experiment: Experiment
    from_scratch: bool


def training(
    rows: Sequence[DatasetRow],
    recipe: Recipe,
    pretrained: PretrainedFor,
    cache: Path,
    report: Report,
) -> Training:
    """The experiment runner of a recipe in a folder below `cache`, its teachers' beside it."""
    teachers = [
        training(rows, teacher, pretrained, cache, report).experiment
        for teacher in recipe.distilled_from
    ]
    trunk, from_scratch = _first_weights(recipe, pretrained)
    folder = cache / f"{recipe.backbone}-{_digest(recipe, rows, trunk, teachers)}"
    private_folder(folder)

    def fill(network: AQFusionNet) -> None:
        pretrained(network, recipe.backbone)

    return Training(Experiment(recipe, fill, folder, report, teachers), from_scratch)


def _first_weights(recipe: Recipe, pretrained: PretrainedFor) -> tuple[str, bool]:
    """The checksum of the backbone that every network starts with, and whether it is random."""
    torch.manual_seed(recipe.seed)
    nothing = (0.0,) * SENSOR_COUNT, (1.0,) * SENSOR_COUNT
    network = AQFusionNet(Architecture(recipe.backbone, *nothing))
    random = _checksum(network.image_encoder.trunk)
    pretrained(network, recipe.backbone)
    first = _checksum(network.image_encoder.trunk)
    return first, first == random


def _checksum(module: nn.Module) -> str:
    digest = hashlib.sha256()
    for tensor in module.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _digest(
    recipe: Recipe, rows: Sequence[DatasetRow], trunk: str, teachers: Sequence[Experiment]
) -> str:
    """Tells one training from another, so that nothing of a different one is gone on with."""
    facts = [(row.photo.name, row.session, row.fold, row.reading, row.aqi) for row in rows]
    text = repr((__version__, REVISION, recipe, facts, trunk, [e.work.name for e in teachers]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
