"""Trains the parts that take seconds: sensor encoder with head, and the haze branch."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.torch_bins import smoothed_targets
from aqfusion.training.distillation import (
    DistillationPoints,
    DistillationSet,
    make_distillation_set,
    sessions_as_lessons,
)
from aqfusion.training.losses import distribution_loss
from aqfusion.training.recipe import Recipe, TrainingSet
from aqfusion.training.sessions import session_aqi, session_readings

_SENSOR_RATE = 3e-3
_HAZE_RATE = 2e-3
_HAZE_WEIGHT_DECAY = 0.05
_HAZE_NOISE = 0.1  # standard deviations
_BATCH = 128

Report = Callable[[str], None]


def fit_sensors(
    network: AQFusionNet,
    material: TrainingSet,
    recipe: Recipe,
    generator: torch.Generator,
    report: Report,
) -> None:
    """Sensor encoder and head learn the teacher's targets: they span the embedding space."""
    readings = network.sensor_encoder.standardise(session_readings(material.sessions))
    aqi = session_aqi(material.sessions)
    if recipe.committee:
        distillation_set = make_distillation_set(
            DistillationPoints(readings, aqi, _chances(material)), recipe.sigma, recipe.seed
        )
    else:
        distillation_set = sessions_as_lessons(readings, aqi, recipe.sigma, recipe.seed)

    distil(network, distillation_set, recipe, generator, report)


def distil(
    network: AQFusionNet,
    distillation_set: DistillationSet,
    recipe: Recipe,
    generator: torch.Generator,
    report: Report,
) -> None:
    """Sensor encoder and head learn a distillation set that is there already."""

    def loss() -> Tensor:
        return _distillation_loss(network, distillation_set, generator)

    modules = nn.ModuleList([network.sensor_encoder, network.head])
    gradient_descent(modules, loss, recipe.sensor_steps, (_SENSOR_RATE, recipe.weight_decay))
    report(f"readings learned in {recipe.sensor_steps} steps: loss {loss().item():.3f}")


def fit_haze(
    network: AQFusionNet,
    material: TrainingSet,
    recipe: Recipe,
    generator: torch.Generator,
    report: Report,
) -> None:
    """The haze branch learns the frames' statistics, mixed in pairs, into the fixed space."""
    statistics = torch.cat(material.statistics)  # (F, 108)
    count = torch.tensor([len(frames) for frames in material.statistics])
    owner = torch.arange(len(count)).repeat_interleave(count)  # (F,)
    chance = (_chances(material) / count)[owner]
    targets = smoothed_targets(session_aqi(material.sessions), recipe.sigma)[owner]
    learn_haze(network, HazeTrainingSet(statistics, chance, targets), recipe, generator, report)


@dataclass(frozen=True, eq=False)
class HazeTrainingSet:
    """Haze statistics of F frames (F, 108), how often each is drawn (F,), targets (F, 50)."""

    statistics: Tensor
    chance: Tensor
    targets: Tensor


def learn_haze(
    network: AQFusionNet,
    evidence: HazeTrainingSet,
    recipe: Recipe,
    generator: torch.Generator,
    report: Report,
) -> None:
    """The haze branch learns evidence that is there already."""
    statistics, chance, targets = evidence.statistics, evidence.chance, evidence.targets
    haze = network.image_encoder.haze
    haze.mean.copy_(statistics.mean(0))
    haze.std.copy_(statistics.std(0).clamp_min(1e-4))
    haze.train()

    def loss() -> Tensor:
        first, second = torch.multinomial(
            chance, 2 * _BATCH, replacement=True, generator=generator
        ).view(2, _BATCH)
        # Beta(1/2, 1/2): mostly near one of the two, sometimes between.
        share = torch.sin(torch.rand((_BATCH, 1), generator=generator) * torch.pi / 2) ** 2
        noise = _HAZE_NOISE * torch.randn((_BATCH, len(haze.std)), generator=generator) * haze.std
        mixed = share * statistics[first] + (1 - share) * statistics[second] + noise
        target = share * targets[first] + (1 - share) * targets[second]
        return distribution_loss(network.head(haze(mixed)), target)

    gradient_descent(haze, loss, recipe.haze_steps, (_HAZE_RATE, _HAZE_WEIGHT_DECAY))
    report(f"haze evidence learned in {recipe.haze_steps} steps: loss {loss().item():.3f}")


def gradient_descent(
    module: nn.Module, loss: Callable[[], Tensor], steps: int, rates: tuple[float, float]
) -> None:
    """AdamW in one cycle over the module's own weights; `rates` are of learning and of decay."""
    optimizer = torch.optim.AdamW(module.parameters(), rates[0], weight_decay=rates[1])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates[0], total_steps=steps)
    for _ in range(steps):
        value = loss()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()


def _distillation_loss(
    network: AQFusionNet, distillation_set: DistillationSet, generator: torch.Generator
) -> Tensor:
    chosen = torch.randint(len(distillation_set.readings), (_BATCH,), generator=generator)
    embedding = network.sensor_encoder(distillation_set.readings[chosen])
    return distribution_loss(network.head(embedding), distillation_set.targets[chosen])


def _chances(material: TrainingSet) -> Tensor:
    """How often a session is drawn (S,): between every session alike and every photo alike."""
    return torch.tensor([float(len(session.rows)) for session in material.sessions]).sqrt()
