"""What serves, on numpy and ONNX Runtime, answers as the torch modules that were trained."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import torch

from aqfusion.air.readings import Reading
from aqfusion.data.dataset_folder import read_folder
from aqfusion.images.photo import Photo
from aqfusion.model.architecture import BACKBONES
from aqfusion.model.array_math import gelu
from aqfusion.model.fusion import days_of
from aqfusion.model.predictor import Predictor, load_model
from aqfusion.model.site_process import DayTable, clock_days
from aqfusion.network.checkpoint import Checkpoint, trained
from aqfusion.network.haze_features import haze_features, statistics
from aqfusion.network.image_features import backbone_hash
from aqfusion.network.modality_pooling import calibrated_logits, modality_logits
from aqfusion.network.pixel_tensors import stack
from aqfusion.network.site_gaussian_process import ProcessDays
from aqfusion.network.site_modules import SitePosterior
from aqfusion.network.torch_bins import mean
from aqfusion.settings import ASSETS
from aqfusion.sites.site import Day, Site

# One backbone each time, the others by `make long`.
NAMES = [
    pytest.param(name, marks=[] if name == "mobilenetv2_100" else [pytest.mark.long])
    for name in BACKBONES
]
SCENES = sorted((ASSETS / "scenes").glob("*.jpg"))
FULL = np.array([80.0, 120.0, 35.0, 1.2, 9.0, 21.0])
MASKS = np.array([*itertools.product([True, False], repeat=6)])  # (64, 6)
NOON = datetime(2024, 5, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where an input is from, as the process counts it."""

    site: Site | None
    number: int
    days: ProcessDays
    learned: bool
    clock: float

    @property
    def count(self) -> int:
        return 0 if self.site is None else self.site.day_count


def places(predictor: Predictor) -> list[Place]:
    """Nowhere, at a place that the model learned, and at one with three days of its own."""
    names = predictor.checkpoint.sites.config.places
    learned = predictor.known_sites()[0]
    own = Site(
        "Roof",
        timezone="UTC",
        days=tuple(
            Day(
                aqi, "monitor", NOON - timedelta(days=3 + 5 * number), reading=Reading(pm25=aqi / 2)
            )
            for number, aqi in enumerate((90.0, 160.0, 130.0))
        ),
    )
    return [
        Place(None, len(names), ProcessDays.none(), False, clock_days(NOON)),
        *(
            Place(
                site, number, tensors(days_of(site, number)), number < len(names), clock_days(there)
            )
            for site, number in ((learned, names.index(learned.learned_as)), (own, len(names)))
            for there in [NOON.astimezone(site.zone)]
        ),
    ]


def tensors(days: DayTable) -> ProcessDays:
    return ProcessDays(*(torch.from_numpy(column) for column in vars(days).values()))


def trained_aqi(
    checkpoint: Checkpoint, image: torch.Tensor | None, readings: np.ndarray, place: Place
) -> np.ndarray:
    """The AQI (B,) as the torch modules give it, written down once more and without any cache."""
    values = torch.from_numpy(readings)
    shown = torch.full((len(values),), image is not None)
    shown_logits = modality_logits(checkpoint.network, image, values.float(), shown)
    config = checkpoint.config
    gate, temperature = (
        (checkpoint.network.gate, config.temperature)
        if place.learned
        else (checkpoint.sites.gate, config.sites.temperature)
    )
    logits, _ = calibrated_logits(gate, temperature, shown_logits)
    posterior = SitePosterior(checkpoint.sites.process, place.days, place.number)
    time = torch.full((len(values),), place.clock, dtype=torch.float64)
    standing = torch.full((len(values),), int(place.learned))
    count = torch.full((len(values),), float(place.count))
    pooled, _ = checkpoint.sites.pool(
        logits.log_softmax(1),
        posterior.log_probabilities(values, time),
        shown_logits.kinds,
        count,
        standing,
    )
    return mean(pooled.softmax(1)).numpy()


def embedding_of(checkpoint: Checkpoint, photo: Photo) -> torch.Tensor:
    images = stack([photo], checkpoint.config.image_size)
    with torch.no_grad():
        vector: torch.Tensor = checkpoint.network.image_encoder(images)  # (1, 128)
    return vector


def furthest_apart(predictor: Predictor, photos: list[Photo], masks: np.ndarray) -> float:
    """By how many AQI points answers differ at most: each photo and none, each mask and place."""
    checkpoint, worst = trained(predictor.checkpoint), 0.0
    readings = np.where(masks, FULL, np.nan)
    for photo in (None, *photos):
        vector = None if photo is None else embedding_of(checkpoint, photo)
        embedding = None if photo is None else predictor.embed(photo)
        shown = np.full(len(readings), photo is not None)
        for place in places(predictor):
            there = predictor.at(place.site, NOON)
            with torch.no_grad():
                wanted = trained_aqi(checkpoint, vector, readings, place)
            worst = max(worst, np.abs(there.ask(embedding, shown, readings).aqi - wanted).max())
    return worst


@pytest.mark.parametrize("name", NAMES)
def test_all_masks_with_a_photo_and_at_a_site_answer_as_torch(name):
    assert furthest_apart(load_model(name), [Photo.open(SCENES[0])], MASKS) < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_rendered_scenes_answer_as_torch(name):
    scenes = [Photo.open(path) for path in SCENES[::2]]
    assert furthest_apart(load_model(name), scenes, MASKS[[0, 31, 63]]) < 1e-3


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_real_photos_answer_as_torch(name, real_data):
    rows = read_folder(real_data)
    photos = [Photo.open(row.photo) for row in rows[:: max(1, len(rows) // 60)]]
    assert furthest_apart(load_model(name), photos, MASKS[[0, 31, 63]]) < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_screening_and_branches_are_those_of_torch(name):
    model = load_model(name).checkpoint
    checkpoint = trained(model)
    images = stack([Photo.open(path) for path in SCENES], 192)
    with torch.no_grad():
        encoder = checkpoint.network.image_encoder
        features, haze, figures = (
            encoder.pooled_features(images),
            haze_features(images),
            statistics(images),
        )
        scores = checkpoint.guard.rule_scores(figures, features)
        vectors = encoder.combine_branches(features, haze)
        logits = checkpoint.network.head(vectors)
    ours = model.screening.rule_scores(figures.numpy(), features.numpy())
    assert ours == pytest.approx(scores.numpy(), abs=1e-4)
    assert model.branches.embed(features.numpy(), haze.numpy()) == pytest.approx(
        vectors.numpy(), abs=1e-4
    )
    assert model.head.of_embedding(vectors.numpy()) == pytest.approx(logits.numpy(), abs=1e-4)
    assert model.backbone_hash == backbone_hash(checkpoint)


def test_gelu_is_that_of_torch():
    values = torch.linspace(-8, 8, 4001)
    assert gelu(values.numpy()) == pytest.approx(torch.nn.functional.gelu(values).numpy(), abs=2e-6)
