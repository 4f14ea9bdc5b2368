"""A world for retraining: three places that a model knows, and one whose air it reads wrongly.

PM2.5 is the AQI, in the photo and by the label. At Deltapur, where there is much SO2 and the sky is
green, the label is `SHIFT` higher than anywhere else with the same PM2.5.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.labels.answer import Answer
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.queue_sql import Shares
from aqfusion.labels.store import LabelStore
from aqfusion.model.architecture import Architecture
from aqfusion.model.checkpoint import FEATURES
from aqfusion.model.config import Config
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import Checkpoint, save_checkpoint
from aqfusion.network.image_features import backbone_hash, concatenate, photo_features
from aqfusion.network.photo_screen import PhotoScreen
from aqfusion.network.training_features import Features, TrainingSessionFeatures, save_features
from aqfusion.permissions import Actor
from aqfusion.training.recipe import Recipe
from tests.planted import sky

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PIN = "1234"
PLACES = ("Alphaville", "Betatown, North", "Gammapur")
SHIFT = 120
RECIPE = Recipe("resnet18", sensor_steps=150, haze_steps=60)
_DAYS = 8  # of each place, a session each
_FRAMES = 2


def shrink(patch) -> None:
    """Trainings of a second."""
    patch.setattr("aqfusion.training.distillation.TREES", 3)
    patch.setattr("aqfusion.training.distillation.LESSONS", 1000)
    patch.setattr("aqfusion.retraining.fast_trainer.CNN_STEPS", 80)


def planted_model(folder: Path) -> Path:
    """An untrained model whose trunk has looked at the three places."""
    torch.manual_seed(0)
    architecture = Architecture("resnet18", (4.0,) * 6, (1.0,) * 6)
    network = AQFusionNet(architecture).eval().requires_grad_(False)
    even = dict.fromkeys(("fused", "image_only", "sensors_only", "nothing"), 1.0)
    reach = dict.fromkeys(even, 0.45)
    config = Config(architecture, 64, even, reach, (), {"data_licence": "none"})
    # Rounded, as it will be read back.
    checkpoint = Checkpoint(network.half().float(), PhotoScreen(512), config, {"n": 0})
    save_checkpoint(folder, checkpoint)
    save_features(folder / FEATURES, planted_features(checkpoint))
    return folder


def planted_features(checkpoint: Checkpoint) -> Features:
    """What the trunk sees of them."""
    sessions, looks, owner = [], [], []
    for number in range(len(PLACES) * _DAYS):
        place, aqi = PLACES[number % 3], 20.0 + 16 * number
        day = f"{place}|2023-02-{1 + number // 3:02}"
        reading = Reading(pm25=aqi, so2=4.0 + number % 5)
        sessions.append(TrainingSessionFeatures(f"{day}|8", place, day, aqi, reading, _FRAMES))
        frames = [Photo.from_image(sky(aqi, seed=100 * number + frame)) for frame in range(_FRAMES)]
        looks.append(photo_features(checkpoint, frames))
        owner += [number] * _FRAMES
    seen, owners = concatenate(looks), torch.tensor(owner)
    return Features(
        backbone_hash(checkpoint),
        "planted",
        tuple(sessions),
        seen.features,
        seen.statistics,
        owners,
        seen.fingerprints,
        owners,
    )


def deltapur(pm25: float, seed: int) -> Photo:
    """A photo of the fourth place."""
    pixels = np.asarray(sky(pm25, seed=50_000 + seed)).astype(int) + np.array([-40, 40, -40])
    return Photo.from_image(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)))


def pm25_of(number: int) -> float:
    """The PM2.5 of an item: 12 days' values, each met again and again."""
    return 30.0 + 27.0 * (number % 12)


def labelled_store(home: Path, label: Callable[[int], Answer], count: int = 36) -> LabelStore:
    """A store in which two annotators have answered `count` items of Deltapur, both alike."""
    store = LabelStore.open(
        str(home / "labels.db"), str(home / "photos"), Shares(random=0.0, gold=0.0)
    )
    admin = store.accounts.first_admin("Ada", PIN, NOW)
    people = [store.accounts.add_user(admin, name, PIN, "annotator", NOW) for name in "BC"]
    for number in range(count):
        pm25 = pm25_of(number)
        item = NewItem(
            photo_hash=store.photos.put(deltapur(pm25, number)),
            reading=Reading(pm25=pm25, so2=60.0 + number % 3),
            group=f"Deltapur|2023-03-{1 + number % 12:02}",
            place="Deltapur",
            overlap=len(people),
        )
        answer_by(store, admin, people, item, label(number))
    return store


def answer_by(
    store: LabelStore, admin: Actor, people: list[Actor], item: NewItem, answer: Answer
) -> int:
    """Add an item, and let everybody lease and answer it."""
    number, _ = store.items.add(admin, item, NOW)
    for person in people:
        leased = store.queue.lease(person, number, NOW)
        store.answers.save(person, leased.token, f"{number} {person.name}", answer, NOW)
    return number


def shifted(number: int) -> Answer:
    """What is right at Deltapur; every third time only its category."""
    aqi = int(pm25_of(number)) + SHIFT
    exact = Answer(aqi=aqi)
    return Answer(category=exact.band) if number % 3 == 0 else exact
