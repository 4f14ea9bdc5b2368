"""Fit the photo screen of a network, and measure it on photos and pictures that it never saw."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from aqfusion.model.guard import Guard
from aqfusion.model.network import AQFusionNet
from aqfusion.model.picture_statistics import statistics
from aqfusion.model.pixels import STORED_SIZE, stack
from aqfusion.photo import Photo
from aqfusion.scenes import scenes
from aqfusion.settings import ASSETS
from aqfusion.training.fit_guard import Seen, fit_guard
from aqfusion.training.sessions import Session
from aqfusion.training.spoiled import spoiled

FRAMES = 8  # per session, evenly spaced
_BATCH = 4
_SEED = 0


def guard_of(network: AQFusionNet, sessions: Sequence[Session], frames: Sequence[Tensor]) -> Guard:
    """Fit the photo screen on the frames uint8 (F, 3, H, W) of the network's training sessions.

    Whole places are held out together: held out by day, it learned how each place looks and then
    refused three photos in ten of a place it had not seen.
    """
    places = sorted({session.place for session in sessions})
    few = [some_of(own) for own in frames]
    owner = torch.arange(len(few)).repeat_interleave(torch.tensor([len(own) for own in few]))
    place = torch.tensor([places.index(session.place) for session in sessions])[owner]
    photos = torch.cat(few)
    real = Seen(*look(network, photos), owner, place)
    pictures, way = spoiled(photos, torch.Generator().manual_seed(_SEED))
    daylight = stack([Photo.open(ASSETS / "scenes" / s.file) for s in scenes()], STORED_SIZE)
    number = torch.arange(len(daylight))
    return fit_guard(
        real,
        Seen(*look(network, pictures), way, torch.full_like(way, -1)),
        Seen(*look(network, daylight), number, number),
    )


def look(network: AQFusionNet, images: Tensor) -> tuple[Tensor, Tensor]:
    """Picture statistics (B, 13) and backbone features (B, D) of pixels uint8 (B, 3, H, W)."""
    with torch.no_grad():
        features = [network.image_encoder.trunk_features(few) for few in images.split(_BATCH)]
        return statistics(images), torch.cat(features)


def margins(guard: Guard, network: AQFusionNet, images: Tensor) -> Tensor:
    """Score less threshold of each picture (B,); above 0 is refused."""
    with torch.no_grad():
        score_margins: Tensor = guard(*look(network, images)) - guard.threshold
    return score_margins


def margins_of_pictures(
    guard: Guard, network: AQFusionNet, pictures: Mapping[str, Mapping[str, Photo]]
) -> dict[str, Tensor]:
    """The margins of each set of pictures."""
    return {
        name: margins(guard, network, stack(list(photos.values()), STORED_SIZE))
        for name, photos in pictures.items()
    }


def some_of(frames: Tensor) -> Tensor:
    """Up to `FRAMES` evenly spaced ones of (F, 3, H, W)."""
    count = min(FRAMES, len(frames))
    return frames[[i * len(frames) // count for i in range(count)]]
