"""Planted sessions of places with a level each, and what imaginary networks say of them."""

import numpy as np
import torch

from aqfusion.network.torch_bins import smoothed_targets
from aqfusion.training.holdout_predictions import HoldoutPredictions
from aqfusion.training.sessions import Session, session_aqi, sessions_of
from tests.planted import rows_of

LEVELS = {"Alphaville": 60.0, "Betatown": 110.0, "Gammapur": 180.0, "Deltaport": 300.0}
DAYS = 10


def sessions(*, by_place: bool) -> tuple[Session, ...]:
    """Ten days of each place, two photos each; folds are places, or days dealt out in turn."""
    generator = np.random.default_rng(0)
    rows = []
    for number, (place, level) in enumerate(LEVELS.items()):
        for day in range(DAYS):
            aqi = float(np.clip(level * np.exp(0.15 * generator.standard_normal()), 5, 500))
            fold = number if by_place else day % 5
            key = f"{place}|{day}"
            rows += rows_of(key, 2, place=place, fold=fold, aqi=aqi, group=key)
    return sessions_of(rows)


def held_out(of: tuple[Session, ...], error: float, seed: int = 0) -> HoldoutPredictions:
    """A network whose photo and readings are off by `error` AQI."""
    generator = torch.Generator().manual_seed(seed)
    aqi = session_aqi(of)
    owner = torch.arange(len(of)).repeat_interleave(2)

    def logits(truth: torch.Tensor) -> torch.Tensor:
        said = truth + error * torch.randn(truth.shape, generator=generator)
        return smoothed_targets(said.clamp(5, 495), 25.0).log()

    return HoldoutPredictions(
        cnn_logits=logits(aqi[owner]),
        haze_logits=logits(aqi[owner]),
        session=owner,
        sensor_logits=logits(aqi)[:, None].repeat(1, 64, 1),
        present=torch.ones(len(of), 6, dtype=torch.bool),
        aqi=aqi,
        fold=torch.tensor([session.fold for session in of]),
    )
