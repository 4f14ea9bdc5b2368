"""Hyperparameters and training set of a training: values only."""

from dataclasses import dataclass

import torch
from torch import Tensor

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
class Material:
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
