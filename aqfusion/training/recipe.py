"""Hyperparameters and training set of a training, and the recipe of each backbone."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from aqfusion.model.architecture import backbone
from aqfusion.training.protocols import protocol
from aqfusion.training.sessions import Session

ALL_FRAMES = 10_000  # more than a session has


@dataclass(frozen=True)
class Recipe:
    """Everything that shapes a training; sizes in pixels, `sigma` in AQI, rates per step.

    `committee`: whether the readings are learned from the teacher, which generalises, or from the
    sessions themselves, which are then memorised. `distilled_from` are the recipes of networks
    that are trained before and teach this one.
    """

    backbone: str = "mobilenetv2_100"
    epochs: int = 5
    frames_per_session: int = 12
    image_size: int = 128
    batch_size: int = 16
    sensor_steps: int = 2500
    haze_steps: int = 1000
    trunk_rate: float = 2e-4
    rate: float = 1e-3
    weight_decay: float = 0.02
    sigma: float = 15.0
    alignment: float = 0.1
    committee: bool = True
    distilled_from: tuple["Recipe", ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class TrainingSet:
    """Sessions to train on and, for each, its F frames as uint8 (F, 3, H, W).

    `statistics` are the frames' haze statistics (F, 108); `opinions` (F, 50), where there are any,
    the predictions of earlier networks for each frame.
    """

    sessions: tuple[Session, ...]
    frames: tuple[Tensor, ...]
    statistics: tuple[Tensor, ...]
    opinions: tuple[Tensor, ...] | None = None

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Session-balanced: up to `count` different frames of each, shuffled; (N, 2) indices."""
        pairs = [
            torch.stack([torch.full((len(chosen),), index), chosen], 1)
            for index, frames in enumerate(self.frames)
            for chosen in [torch.randperm(len(frames), generator=generator)[:count]]
        ]
        drawn = torch.cat(pairs)
        return drawn[torch.randperm(len(drawn), generator=generator)]

    def batch_count(self, recipe: Recipe) -> int:
        """How many batches one such draw fills."""
        frames = sum(min(len(frames), recipe.frames_per_session) for frames in self.frames)
        return -(-frames // recipe.batch_size)


# A backbone whose pretrained weights may not be at hand, and whom it then learns from.
TEACHERS = {"efficientnet_b0": ("mobilenetv2_100", "resnet18")}


_FROM_RANDOM = 1e-3  # the rate of a backbone that has nothing to forget


def recipe_for(name: str, protocol_name: str, seed: int, *, distilled: bool) -> Recipe:
    """The recipe of a backbone.

    Where a protocol leaks, readings and photos are memorised, since that is what it rewards: all
    frames of a session, whose next ones are tested, and targets that hardly blur.
    `distilled`: from random weights, taught by its `TEACHERS` too, at a rate for random weights.
    """
    recipe = Recipe(backbone=backbone(name).name, seed=seed)
    if protocol(protocol_name).leaks:
        recipe = replace(
            recipe,
            committee=False,
            sigma=1.0,
            sensor_steps=10_000,
            epochs=12,
            trunk_rate=6e-4,
            frames_per_session=ALL_FRAMES,
        )
    if not distilled:
        return recipe
    teachers = (
        recipe_for(teacher, protocol_name, seed, distilled=False) for teacher in TEACHERS[name]
    )
    return replace(
        recipe,
        distilled_from=tuple(teachers),
        trunk_rate=_FROM_RANDOM,
    )
