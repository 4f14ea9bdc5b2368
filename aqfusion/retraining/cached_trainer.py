"""Trainings behind one model's backbone, on cached features; what is reused lies in a cache."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor

from aqfusion import __version__
from aqfusion.model import tensor_cache
from aqfusion.model.checkpoint import Checkpoint
from aqfusion.model.network import AQFusionNet
from aqfusion.model.training_features import Features
from aqfusion.retraining import fast_trainer
from aqfusion.retraining.fork_worker import run_in_fork
from aqfusion.retraining.holdout import NearDuplicateFilter, holdout_groups
from aqfusion.retraining.training_set import CorrectedSession, training_tensors
from aqfusion.training.distillation import Kernels
from aqfusion.training.recipe import Recipe

__all__ = ["CachedTrainer"]

_TRUNK = "image_encoder.trunk."
_KERNELS = "kernels"


class CachedTrainer:
    """Trains networks that never see the hold-out set; the one without corrections is cached."""

    def __init__(
        self,
        base: Checkpoint,
        features: Features,
        recipe: Recipe,
        home: Path,
        report: Callable[[str], None],
    ) -> None:
        """Train behind the backbone of `base`; `home` is the folder of the cache."""
        self.base, self.features, self.recipe = base, features, recipe
        self.frozen = holdout_groups(features)
        self.duplicate_filter = NearDuplicateFilter(features, self.frozen)
        self.report = report
        about = [features.sha256, asdict(recipe), fast_trainer.CNN_STEPS, __version__]
        self._key = hashlib.sha256(json.dumps(about).encode()).hexdigest()
        self._kept = home / f"base-{self._key[:16]}.safetensors"
        self._kernels: Kernels = {}

    def network(self, corrected: Sequence[CorrectedSession], share: float = 1.0) -> AQFusionNet:
        """The training features without the hold-out set, and the corrections.

        `share` of the recipe's steps with the readings: most of the time goes there.
        """
        if not self._kernels:  # they are the training sessions' own, not the corrections'
            self.without_corrections()
        steps = max(1, round(share * self.recipe.sensor_steps))
        return self._trained(corrected, replace(self.recipe, sensor_steps=steps))

    def without_corrections(self) -> AQFusionNet:
        """The network that the fast path trains on the training features alone."""
        cached = tensor_cache.kept(self._kept, self._key)
        if cached is None:
            network = self._trained((), self.recipe)
            self._keep(network)
            return network
        self._kernels = json.loads(bytes(cached.pop(_KERNELS).tolist()))
        return self._behind(cached)

    def prepare(self) -> None:
        """Train the network without corrections, if it is not cached yet."""
        if tensor_cache.kept(self._kept, self._key) is None:
            self.without_corrections()

    def networks(
        self, training_sets: Sequence[Sequence[CorrectedSession]], share: float
    ) -> Callable[[], list[AQFusionNet]]:
        """Begin to train a network on each set of corrections; the function returned waits."""

        def work() -> list[bytes]:
            return [
                save(_behind_trunk(self.network(training_set, share)))
                for training_set in training_sets
            ]

        self.prepare()
        trained = run_in_fork(work)
        return lambda: [self._behind(load(content)) for content in trained()]

    def _trained(self, corrected: Sequence[CorrectedSession], recipe: Recipe) -> AQFusionNet:
        material = training_tensors(self.features, self.frozen, corrected, recipe.sigma)
        return fast_trainer.retrain_branches(
            self.base, material, recipe, self._kernels, self.report
        )

    def _behind(self, state: dict[str, Tensor]) -> AQFusionNet:
        """The base's backbone and what was trained behind it."""
        network = fast_trainer.initial_network(
            self.base, training_tensors(self.features, self.frozen, (), 1.0)
        )
        network.load_state_dict(state, strict=False)  # the backbone is there already
        return network.eval().requires_grad_(False)

    def _keep(self, network: AQFusionNet) -> None:
        tensors = _behind_trunk(network)
        kernels = torch.tensor(list(json.dumps(self._kernels).encode()), dtype=torch.uint8)
        tensor_cache.keep(self._kept, self._key, {**tensors, _KERNELS: kernels})


def _behind_trunk(network: AQFusionNet) -> dict[str, Tensor]:
    return {n: t.contiguous() for n, t in network.state_dict().items() if not n.startswith(_TRUNK)}
