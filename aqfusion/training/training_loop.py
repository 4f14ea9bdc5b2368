"""Train one network: readings, haze branch, CNN; a killed training goes on from its state."""

import io
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from aqfusion.errors import InputError
from aqfusion.io.atomic_files import replace_file
from aqfusion.model.architecture import Architecture
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.image_encoder import ImageEncoder
from aqfusion.network.pixel_tensors import augment
from aqfusion.network.torch_bins import smoothed_targets
from aqfusion.training import distributed
from aqfusion.training.branch_training import fit_haze, fit_sensors
from aqfusion.training.losses import EmbeddingBatch, photo_loss
from aqfusion.training.recipe import Recipe, TrainingSet
from aqfusion.training.sessions import sensor_statistics, session_aqi, session_readings


def save(
    path: Path,
    recipe: dict[str, Any],
    network: AQFusionNet,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    epochs_done: int,
) -> None:
    """Write the state whole or not at all."""
    content = io.BytesIO()
    torch.save(
        {
            "recipe": recipe,
            "epochs_done": epochs_done,
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "generator": generator.get_state(),
        },
        content,
    )
    replace_file(path, content.getvalue())


def restore(
    path: Path,
    recipe: dict[str, Any],
    network: AQFusionNet,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
) -> int:
    """Load the state of the same recipe and return its epochs done; 0 where there is none."""
    if not path.is_file():
        return 0
    # weights_only: tensors and plain values; no code of a pickle is run.
    state = torch.load(path, weights_only=True)
    if state["recipe"] != recipe:
        return 0
    try:
        network.load_state_dict(state["network"])
    except RuntimeError as error:
        raise InputError(
            f"unfinished training must be of this program's network, got {path} of another "
            "version; delete it to start again"
        ) from error
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return int(state["epochs_done"])


Report = Callable[[str], None]
AfterEpoch = Callable[[AQFusionNet, int], bool]  # gets the epochs done; False stops the training


class TrainingRun:
    """One training in progress: the network, its optimizer and its random numbers."""

    def __init__(self, material: TrainingSet, recipe: Recipe) -> None:
        """Build a network with random weights; pretrained ones may be loaded into it."""
        torch.manual_seed(recipe.seed)
        self.material, self.recipe = material, recipe
        readings = session_readings(material.sessions)
        self.aqi = session_aqi(material.sessions)  # (S,)
        self.network = AQFusionNet(Architecture(recipe.backbone, *sensor_statistics(readings)))
        self.generator = torch.Generator().manual_seed(recipe.seed)
        # Ranks draw batches alike, and each what is random in its own share of them.
        self.own = self.generator
        if distributed.ranks() > 1:
            self.own = torch.Generator().manual_seed(recipe.seed + 1000 * (distributed.rank() + 1))
        self.readings = self.network.sensor_encoder.standardise(readings)  # (S, 6)
        self.targets = smoothed_targets(self.aqi, recipe.sigma)  # (S, 50)
        self.optimizer = _optimizer(self.network.image_encoder, recipe)

    def run(self, state: Path, report: Report, after_epoch: AfterEpoch | None = None) -> None:
        """Train to the end; `state` is the file that an interrupted training goes on from.

        The readings come first and span the space; photos join it later and find it fixed. Trained
        on together, the readings drifted towards what the few training sessions have by chance in
        common with their photos.
        """
        key, done = asdict(self.recipe), 0
        if distributed.rank() == 0:
            done = restore(state, key, self.network, self.optimizer, self.generator)
            if done == 0:
                fit_sensors(self.network, self.material, self.recipe, self.generator, report)
                fit_haze(self.network, self.material, self.recipe, self.generator, report)
        if distributed.ranks() > 1:
            done = self._as_the_first(done)
        for epoch in range(done, self.recipe.epochs):
            loss = self._epoch(epoch)
            report(f"epoch {epoch + 1}/{self.recipe.epochs}: loss {loss:.3f}")
            self.network.eval()
            go_on = after_epoch is None or after_epoch(self.network, epoch + 1)
            go_on = distributed.broadcast(go_on)
            done = epoch + 1 if go_on else self.recipe.epochs  # stopped early is finished too
            if distributed.rank() == 0:
                save(state, key, self.network, self.optimizer, self.generator, done)
            if not go_on:
                report(f"stopped early after epoch {epoch + 1}")
                break
        self.network.eval()

    def _epoch(self, epoch: int) -> float:
        self.network.train()
        per_epoch = self.material.batch_count(self.recipe)
        draw = self.material.draw(self.recipe.frames_per_session, self.generator)
        total = 0.0
        for number, chosen in enumerate(draw.split(self.recipe.batch_size)):
            self._set_rates((epoch + number / per_epoch) / self.recipe.epochs)
            own = distributed.shard(chosen)
            self.optimizer.zero_grad()
            if len(own) > 0:  # the last batch may have too few for all
                loss = self._photo_loss(own)
                loss.backward()
                total += loss.item()
            distributed.average_gradients(self.network.image_encoder, len(own) / len(chosen))
            nn.utils.clip_grad_norm_(self.network.image_encoder.parameters(), 5.0)
            self.optimizer.step()
        distributed.average_running(self.network)
        return total / per_epoch

    def _as_the_first(self, done: int) -> int:
        """Take over what the first rank has: weights, optimizer, random numbers, epochs done."""
        own_state = (
            self.network.state_dict(),
            self.optimizer.state_dict(),
            self.generator.get_state(),
        )
        weights, optimizer, generator, epochs_done = distributed.broadcast((*own_state, done))
        self.network.load_state_dict(weights)
        self.optimizer.load_state_dict(optimizer)
        self.generator.set_state(generator)
        return int(epochs_done)

    def _photo_loss(self, chosen: Tensor) -> Tensor:
        """The loss of a batch; `chosen` (B, 2) are session and frame."""
        session = chosen[:, 0]
        frames = torch.stack([self.material.frames[s][f] for s, f in chosen.tolist()])
        images = augment(frames, self.recipe.image_size, self.own)
        with _autocast():
            image = self.network.image_encoder.embed_cnn(images)
        batch = EmbeddingBatch(self.readings[session], self._targets_of(chosen), session)
        return photo_loss(self.network, image.float(), batch, self.recipe.alignment, self.own)

    def _targets_of(self, chosen: Tensor) -> Tensor:
        """Smoothed targets (B, 50), with earlier networks' predictions at half that weight."""
        targets = self.targets[chosen[:, 0]]
        if self.material.opinions is None:
            return targets
        opinions = [self.material.opinions[s][f] for s, f in chosen.tolist()]
        return (targets + torch.stack(opinions)) / 2

    def _set_rates(self, progress: float) -> None:
        """Linear warm-up over the first tenth, then a cosine to nearly nothing."""
        factor = min(1.0, (progress + 0.01) / 0.1) * (0.505 + 0.495 * math.cos(math.pi * progress))
        rates = (self.recipe.trunk_rate, self.recipe.rate)
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor


def _optimizer(encoder: ImageEncoder, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW, with a lower rate for the pretrained backbone; `calibrate` fits the gate."""
    new = nn.ModuleList([encoder.project, encoder.norm])
    return torch.optim.AdamW(
        [{"params": list(encoder.trunk.parameters())}, {"params": list(new.parameters())}],
        recipe.rate,
        weight_decay=recipe.weight_decay,
    )


def _autocast() -> torch.autocast:
    """bfloat16 where the processor computes in it; emulated it is ten times slower."""
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.autocast("cpu", torch.bfloat16, enabled=native)
