"""The three steps of retraining behind a frozen backbone: under a minute.

As in `training/training_loop.py`: the readings span the space, haze evidence joins them, and so
does the CNN's projection. Gate, mix, temperatures and intervals stay the parent's: they were fitted
on photos that the backbone had not seen, and it has seen all training photos: docs/experiments.md
has the reason why no new ones are fitted.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load, save
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from aqfusion import __version__
from aqfusion.network import tensor_cache
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import Checkpoint
from aqfusion.network.training_features import Features
from aqfusion.retraining.fork_worker import run_in_fork
from aqfusion.retraining.training_set import (
    CorrectedSession,
    TrainingTensors,
    cluster_sessions,
    training_tensors,
)
from aqfusion.training.branch_training import HazeTrainingSet, distil, gradient_descent, learn_haze
from aqfusion.training.distillation import Kernels, make_distillation_set
from aqfusion.training.losses import EmbeddingBatch, photo_loss
from aqfusion.training.recipe import Recipe
from aqfusion.training.sessions import sensor_statistics

__all__ = [
    "CNN_STEPS",
    "FAST",
    "TrainedNetwork",
    "TrainingSetup",
    "begin_baseline",
    "begin_networks",
    "train_baseline",
    "train_network",
]

CNN_STEPS = 300
_BATCH = 128
_RATE = 1e-3

# Sensor steps as ever: 1500 of them cost 2 to 3 AQI. Of the others, more gave nothing
# (docs/experiments.md).
FAST = Recipe(haze_steps=600)

_TRUNK = "image_encoder.trunk."
_KERNELS = "kernels"

Report = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class TrainingSetup:
    """All trainings of one retraining: backbone of `base`, training features, hold-out groups."""

    base: Checkpoint
    features: Features
    holdout: frozenset[str]
    recipe: Recipe


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network, and the kernels of its committee's processes: those given, and any it lacked."""

    network: AQFusionNet
    kernels: Kernels


def train_baseline(setup: TrainingSetup, folder: Path, report: Report) -> TrainedNetwork:
    """Train on the training features alone, or take the result from the cache in `folder`."""
    about = [setup.features.sha256, asdict(setup.recipe), CNN_STEPS, __version__]
    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()
    path = folder / f"base-{key[:16]}.safetensors"
    cached = tensor_cache.kept(path, key)
    if cached is not None:
        kernels = json.loads(bytes(cached.pop(_KERNELS).tolist()))
        return TrainedNetwork(_with_backbone(setup, cached), kernels)
    trained = train_network(setup, {}, (), report)
    kernel_bytes = torch.tensor(list(json.dumps(trained.kernels).encode()), dtype=torch.uint8)
    tensor_cache.keep(path, key, {**_without_backbone(trained.network), _KERNELS: kernel_bytes})
    return trained


def begin_baseline(
    setup: TrainingSetup, folder: Path, report: Report
) -> Callable[[], TrainedNetwork]:
    """Begin `train_baseline` in a second process; the function returned waits for it."""
    cached = run_in_fork(lambda: bool(train_baseline(setup, folder, report)))

    def wait() -> TrainedNetwork:
        cached()
        return train_baseline(setup, folder, report)

    return wait


def train_network(
    setup: TrainingSetup,
    kernels: Kernels,
    corrected: Sequence[CorrectedSession],
    report: Report,
    share: float = 1.0,
) -> TrainedNetwork:
    """Train on the training features without the hold-out set, and on the corrections.

    `share` of the recipe's steps with the readings: most of the time goes there. A search for
    kernels is slow, so that a network takes those of the one before.
    """
    recipe = setup.recipe
    recipe = replace(recipe, sensor_steps=max(1, round(share * recipe.sensor_steps)))
    material = training_tensors(setup.features, setup.holdout, corrected, recipe.sigma)
    own_kernels = dict(kernels)
    network = _retrain_branches(setup.base, material, recipe, own_kernels, report)
    return TrainedNetwork(network, own_kernels)


def begin_networks(
    setup: TrainingSetup,
    kernels: Kernels,
    training_sets: Sequence[Sequence[CorrectedSession]],
    share: float,
    report: Report,
) -> Callable[[], list[AQFusionNet]]:
    """Begin to train a network on each set in a second process; the function returned waits."""

    def work() -> list[bytes]:
        contents = []
        for part in training_sets:
            # None takes kernels that another one searched: those would know its held-out labels.
            trained = train_network(setup, kernels, part, report, share)
            contents.append(save(_without_backbone(trained.network)))
        return contents

    contents = run_in_fork(work)
    return lambda: [_with_backbone(setup, load(content)) for content in contents()]


def _retrain_branches(
    parent: Checkpoint, material: TrainingTensors, recipe: Recipe, kernels: Kernels, report: Report
) -> AQFusionNet:
    """A network with the parent's backbone and gate, all else learned anew; the same every time.

    `kernels` are those of the committee's processes; what they lack is searched for and added.
    """
    # Of one thread, small matrices are quicker, and sums come in one order.
    with torch.random.fork_rng(devices=[]), threadpool_limits(1):
        torch.manual_seed(recipe.seed)  # of the first weights and of dropout
        generator = torch.Generator().manual_seed(recipe.seed)
        network = _initial_network(parent, material)
        standardised = network.sensor_encoder.standardise(material.readings)
        points = cluster_sessions(material, standardised, recipe.seed)
        distillation_set = make_distillation_set(points, recipe.sigma, recipe.seed, kernels)
        distil(network, distillation_set, recipe, generator, report)
        evidence = HazeTrainingSet(material.statistics, material.frame_chance, material.targets)
        learn_haze(network, evidence, recipe, generator, report)
        _learn_cnn(network, material, recipe, generator, report)
    # Judged as it will be stored.
    return network.half().float().eval().requires_grad_(False)


def _initial_network(parent: Checkpoint, material: TrainingTensors) -> AQFusionNet:
    """A network with the parent's backbone and gate, nothing learned yet."""
    mean, std = sensor_statistics(material.readings[: material.measured])
    old = parent.network
    network = AQFusionNet(replace(old.architecture, sensor_mean=mean, sensor_std=std))
    network.image_encoder.trunk.load_state_dict(old.image_encoder.trunk.state_dict())
    network.image_encoder.haze_share.copy_(old.image_encoder.haze_share)
    network.gate.load_state_dict(old.gate.state_dict())
    return network


def _learn_cnn(
    network: AQFusionNet,
    material: TrainingTensors,
    recipe: Recipe,
    generator: torch.Generator,
    report: Report,
) -> None:
    """Train the projection of the backbone's features into the fixed embedding space."""
    encoder = network.image_encoder
    readings = network.sensor_encoder.standardise(material.readings)  # (S, 6)
    chance = material.frame_chance

    def loss() -> Tensor:
        frame = torch.multinomial(chance, _BATCH, replacement=True, generator=generator)
        session, targets = material.owner[frame], material.targets[frame]
        image = encoder.norm(encoder.project(material.features[frame]))  # (B, E)
        batch = EmbeddingBatch(readings[session], targets, session)
        return photo_loss(network, image, batch, recipe.alignment, generator)

    modules = nn.ModuleList([encoder.project, encoder.norm])
    gradient_descent(modules, loss, CNN_STEPS, (_RATE, recipe.weight_decay))
    report(f"photos joined in {CNN_STEPS} steps: loss {loss().item():.3f}")


def _with_backbone(setup: TrainingSetup, state: dict[str, Tensor]) -> AQFusionNet:
    """The base's backbone and what was trained behind it."""
    material = training_tensors(setup.features, setup.holdout, (), 1.0)
    network = _initial_network(setup.base, material)
    network.load_state_dict(state, strict=False)  # the backbone is there already
    return network.eval().requires_grad_(False)


def _without_backbone(network: AQFusionNet) -> dict[str, Tensor]:
    return {n: t.contiguous() for n, t in network.state_dict().items() if not n.startswith(_TRUNK)}
