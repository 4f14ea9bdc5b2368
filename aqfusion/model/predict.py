"""From a photo and readings, any of them absent, to an AQI with its interval and categories."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from aqfusion.air.aqi import Category, round_half_up, standard
from aqfusion.air.sensors import Reading
from aqfusion.errors import InputError
from aqfusion.model import bins
from aqfusion.model.answers import kind_of
from aqfusion.model.checkpoint import Checkpoint, ModelError, load_checkpoint
from aqfusion.model.image_encoder import EMBED_DIM
from aqfusion.model.picture_statistics import statistics
from aqfusion.model.pixels import stack
from aqfusion.model.sessions import reading_tensor
from aqfusion.photo import Photo
from aqfusion.settings import ASSETS, DEFAULT_MODEL


class NothingKnownError(InputError):
    """Neither a photo nor a reading was given."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """A photo's place in the embedding space (1, 128), and why the guard refuses it, if it does."""

    vector: Tensor
    problem: str | None


@dataclass(frozen=True)
class Prediction:
    """One distribution over AQI in numbers: mean, 90 % interval, US category of the mean.

    `probabilities` are of the six US categories by name and add up to 1.
    """

    aqi: int
    low: int
    high: int
    category: Category
    probabilities: Mapping[str, float]


@dataclass(frozen=True)
class Result:
    """The fused prediction beside those of each modality alone; `None` where it is absent.

    `photo_share` is the weight of the photo in the fused embedding, 0 to 1. `photo_problem` says
    why a photo cannot be judged; the prediction then rests on the readings, and where there are
    none it only says what is common.
    """

    fused: Prediction
    image_only: Prediction | None
    sensors_only: Prediction | None
    photo_share: float
    readings_used: tuple[str, ...]
    photo_problem: str | None = None

    @property
    def modalities(self) -> tuple[str, ...]:
        """Which of "image" and "sensors" the fused prediction rests on."""
        pairs = (("image", self.image_only), ("sensors", self.sensors_only))
        return tuple(name for name, alone in pairs if alone is not None)


class Predictor:
    """A loaded model; its methods change nothing, so threads may share it."""

    def __init__(self, name: str, checkpoint: Checkpoint) -> None:
        """Take a checkpoint in evaluation mode; `name` is what results call the model."""
        self.name = name
        self.checkpoint = checkpoint
        self._network = checkpoint.network

    def embed(self, photo: Photo) -> Embedding:
        """The photo's embedding and what the guard says of it: the slow part, worth keeping."""
        images = stack([photo], self.checkpoint.config.image_size)
        encoder = self._network.image_encoder
        with torch.no_grad():
            features = encoder.trunk_features(images)
            problem = self.checkpoint.guard.reason(statistics(images), features)
            return Embedding(encoder.embed(images, features), problem)

    def predict(
        self,
        reading: Reading,
        photo: Photo | Embedding | None = None,
        *,
        trust_photo: bool = False,
    ) -> Result:
        """Predict from what there is; `photo` may be its embedding. Takes about a millisecond.

        A photo that the guard refuses is left out, unless `trust_photo`.
        """
        if photo is None and not reading.present:
            raise NothingKnownError(
                "a prediction needs a photo or at least one reading, got neither"
            )
        embedding = self.embed(photo) if isinstance(photo, Photo) else photo
        problem = embedding.problem if embedding is not None else None
        usable = embedding is not None and (problem is None or trust_photo)
        vector = embedding.vector if embedding is not None and usable else None
        fused, share = self._predict(vector, reading)
        return Result(
            fused,
            self._predict(vector, Reading())[0] if vector is not None else None,
            self._predict(None, reading)[0] if reading.present else None,
            share,
            reading.present,
            problem,
        )

    def _predict(self, embedding: Tensor | None, reading: Reading) -> tuple[Prediction, float]:
        readings = reading_tensor([reading])  # (1, 6)
        encoder = self._network.sensor_encoder
        with torch.no_grad():
            logits, share = self._network.fuse(
                torch.zeros(1, EMBED_DIM) if embedding is None else embedding,
                encoder(encoder.standardise(readings)),
                torch.tensor([embedding is not None]),
                ~readings.isnan(),
            )
            if not bool(logits.isfinite().all()):
                raise ModelError(f"model {self.name} must give finite figures, got others")
            kind = kind_of(len(reading.present), embedding is not None)
            config = self.checkpoint.config
            probabilities = (logits.double() / config.temperature[kind]).softmax(1)
            return _in_numbers(probabilities, config.reach[kind]), share.item()


def load_model(model: str | Path = DEFAULT_MODEL) -> Predictor:
    """Load a model by its name in `assets/models` or by its folder; a bad one raises `ModelError`.

    >>> load_model().predict(Reading(pm25=12.0)).modalities
    ('sensors',)
    """
    names = shipped_names()
    if isinstance(model, str) and model in names:
        return Predictor(model, load_checkpoint(ASSETS / "models" / model))
    folder = Path(os.path.expanduser(model))  # noqa: PTH111  # Path's own raises for ~nobody
    if not folder.is_dir():
        one_of = f"one of {', '.join(names)} or " if names else ""
        raise ModelError(f"model must be {one_of}a model folder, got {str(model)!r}")
    return Predictor(folder.resolve().name, load_checkpoint(folder))


def shipped_names() -> list[str]:
    """Names of the models in `assets/models`."""
    folder = ASSETS / "models"
    folders = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name for path in folders if path.is_dir() and path.name[0] != ".")


def _in_numbers(probabilities: Tensor, reach: float) -> Prediction:
    """The one place where a distribution (1, 50) becomes numbers."""
    aqi = round_half_up(bins.mean(probabilities).item())
    low = math.floor(bins.quantile(probabilities, 0.5 - reach).item())
    high = math.ceil(bins.quantile(probabilities, 0.5 + reach).item())
    categories = standard("us").categories
    chances = bins.category_probabilities(probabilities)[0].tolist()
    return Prediction(
        aqi,
        max(0, min(low, aqi)),
        min(500, max(high, aqi)),
        standard("us").category_of(aqi),
        {category.name: chance for category, chance in zip(categories, chances, strict=True)},
    )
