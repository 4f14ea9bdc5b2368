"""From a photo and readings, any of them absent, to an AQI with its interval and categories."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aqfusion.air.sensors import Reading
from aqfusion.errors import InputError
from aqfusion.model import bins
from aqfusion.model.checkpoint import Checkpoint, ModelError, load_checkpoint
from aqfusion.model.picture_statistics import statistics
from aqfusion.model.pixels import pixels
from aqfusion.model.prediction import Bools, Floats, Prediction, Told, kind_of
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
        return self.embed_pixels([self.pixels(photo)])[0]

    def pixels(self, photo: Photo) -> Tensor:
        """The photo as uint8 (3, S, S) of the model's size S, which is all that it sees of it."""
        return pixels(photo, self.checkpoint.config.image_size)

    def embed_pixels(self, photos: Sequence[Tensor]) -> tuple[Embedding, ...]:
        """The embeddings of several photos in one pass, each as `pixels` gives it."""
        images = torch.stack([*photos])  # (B, 3, S, S)
        encoder, guard = self._network.image_encoder, self.checkpoint.guard
        with torch.no_grad():
            features = encoder.trunk_features(images)
            figures, vectors = statistics(images), encoder.embed(images, features)
            rows = [slice(number, number + 1) for number in range(len(images))]
            return tuple(
                Embedding(vectors[row], guard.reason(figures[row], features[row])) for row in rows
            )

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
        usable = embedding if problem is None or trust_photo else None
        has_photo = usable is not None
        # Together, the photo alone, the readings alone.
        readings = np.array([shown.values for shown in (reading, Reading(), reading)])  # (3, 6)
        told = self.ask(usable, np.array([has_photo, has_photo, False]), readings)
        return Result(
            told[0],
            told[1] if has_photo else None,
            told[2] if reading.present else None,
            float(told.photo_share[0]),
            reading.present,
            problem,
        )

    def ask(self, embedding: Embedding | None, photo_shown: Bools, readings: Floats) -> Told:
        """What is said of readings (B, 6), NaN where missing, with or without the photo (B,).

        Where neither is shown, it is what the model finds common.
        """
        if embedding is None and photo_shown.any():
            raise ValueError("photo_shown must be false where there is no embedding")
        shown, given = torch.from_numpy(photo_shown), torch.from_numpy(readings).float()
        present = ~given.isnan()  # (B, 6)
        encoder, config = self._network.sensor_encoder, self.checkpoint.config
        with torch.no_grad():
            sensors = encoder(encoder.standardise(given))  # (B, 128)
            vector = sensors[:1] if embedding is None else embedding.vector  # any, if not shown
            logits, share = self._network.fuse(
                vector.expand(len(given), -1), sensors, shown, present
            )
            if not bool(logits.isfinite().all()):
                raise ModelError(f"model {self.name} must give finite figures, got others")
            kinds = [
                kind_of(count, has_photo)
                for count, has_photo in zip(present.sum(1).tolist(), shown.tolist(), strict=True)
            ]
            temperature, reach = (
                torch.tensor([by_kind[kind] for kind in kinds], dtype=torch.float64)
                for by_kind in (config.temperature, config.reach)
            )
            probabilities = (logits.double() / temperature[:, None]).softmax(1)  # (B, 50)
            return Told(
                bins.mean(probabilities).numpy(),
                bins.quantile(probabilities, 0.5 - reach).numpy(),
                bins.quantile(probabilities, 0.5 + reach).numpy(),
                share.double().numpy(),
                bins.category_probabilities(probabilities).numpy(),
            )


def load_model(model: str | Path = DEFAULT_MODEL) -> Predictor:
    """Load a model by its name in `assets/models` or by its folder; a bad one raises `ModelError`.

    >>> load_model().predict(Reading(pm25=12.0)).modalities
    ('sensors',)
    """
    folder = model_folder(model)
    return Predictor(folder.resolve().name, load_checkpoint(folder))


def model_folder(model: str | Path) -> Path:
    """Where a model lies: its name in `assets/models` or its folder, else `ModelError`."""
    names = shipped_names()
    if isinstance(model, str) and model in names:
        return ASSETS / "models" / model
    folder = Path(os.path.expanduser(model))  # noqa: PTH111  # Path's own raises for ~nobody
    if not folder.is_dir():
        one_of = f"one of {', '.join(names)} or " if names else ""
        raise ModelError(f"model must be {one_of}a model folder, got {str(model)!r}")
    return folder


def shipped_names() -> list[str]:
    """Names of the models in `assets/models`."""
    folder = ASSETS / "models"
    folders = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name for path in folders if path.is_dir() and path.name[0] != ".")
