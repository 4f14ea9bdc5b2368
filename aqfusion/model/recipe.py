"""What a training learns from and how: values only."""

from dataclasses import dataclass

import torch
from torch import Tensor

from aqfusion.model.sessions import Session


@dataclass(frozen=True)
class Recipe:
    """Everything that shapes a training; sizes in pixels, `sigma` in AQI, rates per step."""

    backbone: str = "mobilenetv2_100"
    epochs: int = 5
    frames_per_session: int = 12
    image_size: int = 160
    batch_size: int = 32
    sensor_steps: int = 1500
    trunk_rate: float = 2e-4
    rate: float = 1e-3
    weight_decay: float = 0.02
    sigma: float = 15.0
    alignment: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class Material:
    """What is learned from: sessions and, for each, its frames as uint8 (F, 3, H, W)."""

    sessions: tuple[Session, ...]
    frames: tuple[Tensor, ...]

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
