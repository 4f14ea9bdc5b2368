"""The three steps of retraining behind a frozen backbone: under a minute.

As in `training/training_loop.py`: the readings span the space, haze evidence joins them, and so
does the CNN's projection. Gate, mix, temperatures and intervals stay the parent's: they were fitted
on photos that the backbone had not seen, and it has seen all training photos: docs/experiments.md
has the reason why no new ones are fitted.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from aqfusion.model.checkpoint import Checkpoint
from aqfusion.model.network import AQFusionNet
from aqfusion.retraining.training_set import TrainingTensors, cluster_sessions
from aqfusion.training.branch_training import HazeTrainingSet, distil, gradient_descent, learn_haze
from aqfusion.training.distillation import Kernels, make_distillation_set
from aqfusion.training.losses import EmbeddingBatch, photo_loss
from aqfusion.training.recipe import Recipe
from aqfusion.training.sessions import sensor_statistics

__all__ = ["CNN_STEPS", "FAST", "initial_network", "retrain_branches"]

CNN_STEPS = 300
_BATCH = 128
_RATE = 1e-3

# Sensor steps as ever: 1500 of them cost 2 to 3 AQI. Of the others, more gave nothing
# (docs/experiments.md).
FAST = Recipe(haze_steps=600)

Report = Callable[[str], None]


def retrain_branches(
    parent: Checkpoint, material: TrainingTensors, recipe: Recipe, kernels: Kernels, report: Report
) -> AQFusionNet:
    """A network with the parent's backbone and gate, all else learned anew; the same every time.

    `kernels` are those of the committee's processes; what they lack is searched for and added.
    """
    # Of one thread, small matrices are quicker, and sums come in one order.
    with torch.random.fork_rng(devices=[]), threadpool_limits(1):
        torch.manual_seed(recipe.seed)  # of the first weights and of dropout
        generator = torch.Generator().manual_seed(recipe.seed)
        network = initial_network(parent, material)
        standardised = network.sensor_encoder.standardise(material.readings)
        points = cluster_sessions(material, standardised, recipe.seed)
        distillation_set = make_distillation_set(points, recipe.sigma, recipe.seed, kernels)
        distil(network, distillation_set, recipe, generator, report)
        evidence = HazeTrainingSet(material.statistics, material.frame_chance, material.targets)
        learn_haze(network, evidence, recipe, generator, report)
        _learn_cnn(network, material, recipe, generator, report)
    # Judged as it will be stored.
    return network.half().float().eval().requires_grad_(False)


def initial_network(parent: Checkpoint, material: TrainingTensors) -> AQFusionNet:
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
