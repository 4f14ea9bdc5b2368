"""The bench of one training: sessions with their frames, and the folder of unfinished work."""

import json
from collections.abc import Callable
from pathlib import Path

from safetensors.torch import load_file, save
from torch import Tensor

from aqfusion.files import replace_file
from aqfusion.model.bins import smoothed_targets
from aqfusion.model.fit import AfterEpoch, Fit, Report
from aqfusion.model.held_out import HeldOut, listen
from aqfusion.model.losses import distribution_loss
from aqfusion.model.network import AQFusionNet
from aqfusion.model.pixels import STORED_SIZE, stack
from aqfusion.model.recipe import Material, Recipe
from aqfusion.model.sessions import Session
from aqfusion.photo import Photo

FRAMES_KEPT = 48  # per session, evenly spaced: more would fill memory, not add information
PATIENCE = 3  # epochs without a better validation loss

Pretrained = Callable[[AQFusionNet], None]


class Workshop:
    """The sessions with their frames, and the folder where unfinished work lies."""

    def __init__(
        self,
        sessions: tuple[Session, ...],
        recipe: Recipe,
        pretrained: Pretrained,
        work: Path,
        report: Report,
    ) -> None:
        """Read the photos; `work` is the folder of this training and of no other."""
        self.sessions, self.recipe = sessions, recipe
        self.frames = _read_frames(sessions, report)
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
