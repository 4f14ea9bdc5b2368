"""From a photo and readings, any of them absent, to an AQI with its interval and categories."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.images.photo import Photo
from aqfusion.model import bins
from aqfusion.model.checkpoint import ModelError, ServedModel, load_served
from aqfusion.model.fusion import Fusion, FusionInputs
from aqfusion.model.haze_score import HazeScore, haze_score
from aqfusion.model.image_session import Floats32, Pixels, share_processors
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.model.modality_pooling import ModalityLogits
from aqfusion.model.pixels import pixels
from aqfusion.model.prediction import Bools, Floats, Prediction, PredictionBatch, kind_of
from aqfusion.model.training_sites import trained_sites
from aqfusion.settings import ASSETS, DEFAULT_MODEL
from aqfusion.sites.landmark_evidence import LandmarkEvidence
from aqfusion.sites.site import DayPhoto, Site

__all__ = [
    "Embedding",
    "NothingKnownError",
    "PhotoRefusedError",
    "Predictor",
    "Result",
    "load_model",
    "model_folder",
    "share_processors",
    "shipped_names",
]


class NothingKnownError(InputError):
    """Neither a photo nor a reading was given, nor a site with a history."""


class PhotoRefusedError(NothingKnownError):
    """The photo screen refuses the photo for `problem`, and nothing else was given."""

    def __init__(self, problem: str) -> None:
        """Say what there must be beside such a photo."""
        super().__init__(
            "a prediction needs a photo that can be judged, at least one reading or a site with "
            f"days, got only a photo that is left out: {problem} (trust_photo uses it anyway)"
        )
        self.problem = problem


@dataclass(frozen=True, eq=False)
class Embedding:
    """A photo's embedding (1, 128), and why the photo screen refuses it, if it does."""

    vector: Floats32
    problem: str | None


@dataclass(frozen=True)
class Result:
    """The fused prediction beside those of each modality alone; `None` where it is absent.

    Each alone is predicted as if the site were unknown; `site_only` is from the site's days alone,
    at a site without any from what is common everywhere. `photo_share` and `site_share` are the
    weights of photo and site in the fused prediction, 0 to 1; the readings have the rest.
    `photo_problem` is why a photo cannot be used; the prediction then rests on what else there is.
    `landmarks` is the evidence of the site's landmarks in the photo, `None` where there is none.
    """

    fused: Prediction
    image_only: Prediction | None
    sensors_only: Prediction | None
    photo_share: float
    readings_used: tuple[str, ...]
    photo_problem: str | None = None
    site_only: Prediction | None = None
    site_share: float = 0.0
    site: Site | None = None
    haze: HazeScore | None = None
    landmarks: LandmarkEvidence | None = None

    @property
    def site_days(self) -> int:
        """On how many days of the site the prediction rests."""
        return 0 if self.site is None else self.site.day_count

    @property
    def modalities(self) -> tuple[str, ...]:
        """Which of "image", "sensors" and "site" the fused prediction rests on."""
        history = self.site_only if self.site_days else None
        pairs = (("image", self.image_only), ("sensors", self.sensors_only), ("site", history))
        return tuple(name for name, alone in pairs if alone is not None)


class Predictor:
    """A loaded model; its methods change nothing, so threads may share it."""

    def __init__(
        self,
        name: str,
        checkpoint: ServedModel,
        site: Site | None = None,
        taken_at: datetime | None = None,
        extinction: Mapping[str, float] | None = None,
    ) -> None:
        """Take a loaded model; `name` is what results call it."""
        self.name = name
        self.checkpoint = checkpoint
        self.site, self.taken_at, self.extinction = site, taken_at, extinction
        self._fusion = Fusion(checkpoint, site, taken_at, extinction)

    def at(
        self,
        site: Site | None,
        taken_at: datetime | None = None,
        extinction: Mapping[str, float] | None = None,
    ) -> "Predictor":
        """The same model at a site; `taken_at` is when the input was seen or measured.

        The site's days are learned as they come, nothing is trained. `extinction` is what the photo
        shows at the site's landmarks; where it is not given, `predict` measures it.
        """
        return Predictor(self.name, self.checkpoint, site, taken_at, extinction)

    def seeing(self, photo: Photo | None) -> "Predictor":
        """The same model, with what the photo shows at its site's landmarks: half a second's work.

        Where that is known already, or there are no landmarks, it is this very predictor.
        """
        site = self.site
        if photo is None or site is None or not site.landmarks or self.extinction is not None:
            return self
        from aqfusion.sites.extinction import extinctions  # which loads OpenCV

        return self.at(site, self.taken_at, extinctions(site, photo).values)

    def known_sites(self) -> tuple[Site, ...]:
        """The places that the model was trained on, with their days; none in older models."""
        sites = self.checkpoint.sites
        return () if sites is None else trained_sites(sites.config.places, sites.process.days)

    @property
    def model_version(self) -> str:
        """The model's name and the start of its weights' checksum."""
        return f"{self.name[:80]} {self.checkpoint.sha256[:12]}"

    @property
    def knows_site(self) -> bool:
        """Whether its site is known: it has days, or the network learned the place."""
        sites = self.checkpoint.config.sites
        if self.site is None or sites is None:
            return False
        return self.site.day_count > 0 or self.site.learned_as in sites.places

    @property
    def landmarks(self) -> LandmarkEvidence | None:
        """The landmarks' evidence of the AQI, beside what is usual at the site."""
        factor = self._fusion.landmarks
        return None if factor is None else factor.evidence

    def embed(self, photo: Photo) -> Embedding:
        """The photo's embedding and the photo screen's result: the slow part, worth caching."""
        return self.embed_pixels([self.pixels(photo)])[0]

    def pixels(self, photo: Photo) -> Pixels:
        """The photo as uint8 (3, S, S) of the model's size S, which is all that it sees of it."""
        return pixels(photo, self.checkpoint.config.image_size)

    def embed_pixels(self, photos: Sequence[Pixels]) -> tuple[Embedding, ...]:
        """The embeddings of several photos in one pass, each as `pixels` gives it."""
        figures = self.checkpoint.session(np.stack([*photos]))  # (B, 3, S, S)
        problems = self.checkpoint.screening.reasons(figures.screen_figures, figures.features)
        return tuple(
            Embedding(figures.embedding[number : number + 1], problem)
            for number, problem in enumerate(problems)
        )

    def haze(self, embedding: Embedding) -> HazeScore | None:
        """How hazy the photo itself looks; `None` in models that know no ranks."""
        sites = self.checkpoint.config.sites
        if sites is None:
            return None
        suggested = bins.expected_aqi(self.checkpoint.head.of_embedding(embedding.vector))  # (1,)
        return haze_score(suggested.item(), sites.haze_ranks)

    def day_photo(self, photo: Photo, embedding: Embedding | None = None) -> DayPhoto:
        """The part of a photo of a site's day that is stored."""
        photo_embedding = embedding or self.embed(photo)
        haze = self.haze(photo_embedding)
        vector = tuple(round(value, 4) for value in photo_embedding.vector[0].tolist())
        score = 0.0 if haze is None else float(haze.score)
        return DayPhoto(photo.digest, self.checkpoint.sha256, vector, score)

    def predict(
        self,
        reading: Reading,
        photo: Photo | Embedding | None = None,
        *,
        trust_photo: bool = False,
    ) -> Result:
        """Predict from what there is; `photo` may be its embedding. Takes about a millisecond.

        A photo that the photo screen refuses is not used, unless `trust_photo`. Where nothing is
        left there is no prediction: that raises `NothingKnownError`.
        """
        if isinstance(photo, Photo):
            seeing = self.seeing(photo)
            return seeing.predict(reading, self.embed(photo), trust_photo=trust_photo)
        embedding = photo
        problem = embedding.problem if embedding is not None else None
        usable = embedding if problem is None or trust_photo else None
        if usable is None and not reading.present and not self.knows_site:
            if problem is not None:
                raise PhotoRefusedError(problem)
            raise NothingKnownError(
                "a prediction needs a photo, at least one reading or a site with days, got none"
            )
        has_photo = usable is not None
        # Together, the photo alone, the readings alone, the site alone.
        variants = (reading, Reading(), reading, Reading())
        readings = np.array([variant.values for variant in variants])  # (4, 6)
        photo_shown = np.array([has_photo, has_photo, False, False])
        site_shown = np.array([True, False, False, True])
        landmarks = self.landmarks if has_photo else None
        landmarks_shown = np.array([landmarks is not None, False, False, False])
        prediction_batch = self.ask(usable, photo_shown, readings, site_shown, landmarks_shown)
        return Result(
            prediction_batch[0],
            prediction_batch[1] if has_photo else None,
            prediction_batch[2] if reading.present else None,
            float(prediction_batch.photo_share[0]),
            reading.present,
            problem,
            None if self.checkpoint.sites is None else prediction_batch[3],
            float(prediction_batch.site_share[0]),
            self.site,
            None if usable is None else self.haze(usable),
            landmarks,
        )

    def item_prediction(self, result: Result) -> ItemPrediction:
        """The fused prediction as the label store keeps it, with the model that made it."""
        fused = result.fused
        return ItemPrediction(
            self.model_version,
            kind_of(len(result.readings_used), result.image_only is not None),
            fused.aqi,
            fused.low,
            fused.high,
            tuple(fused.probabilities.values()),
        )

    def ask(
        self,
        embedding: Embedding | None,
        photo_shown: Bools,
        readings: Floats,
        site_shown: Bools | None = None,
        landmarks_shown: Bools | None = None,
    ) -> PredictionBatch:
        """Predict from readings (B, 6), NaN where missing, with or without the photo (B,).

        Where `site_shown` (B,) is false, as if the site were unknown; its landmarks count where
        they are shown with it (B,), by default nowhere. Where nothing is shown, it is what the
        model finds common.
        """
        if embedding is None and photo_shown.any():
            raise ValueError("photo_shown must be false where there is no embedding")
        count, head = len(readings), self.checkpoint.head
        sensors = head.of_readings(readings)  # (B, 50)
        # Where no photo is shown, any logits may stand in its place.
        image = sensors[:1] if embedding is None else head.of_embedding(embedding.vector)
        modalities = ModalityLogits(image, sensors, photo_shown, ~np.isnan(readings))
        inputs = FusionInputs(
            modalities,
            readings,
            np.ones(count, dtype=bool) if site_shown is None else site_shown,
            np.zeros(count, dtype=bool) if landmarks_shown is None else landmarks_shown,
        )
        with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is refused below
            fused = self._fusion(inputs)
        if not np.isfinite(fused.probabilities).all():
            rule = f"model {Path(self.name).name} must give finite figures, got others"
            raise ModelError(rule, public=rule)
        return fused.predictions()


def load_model(model: str | Path = DEFAULT_MODEL) -> Predictor:
    """Load a model by its name in `assets/models` or by its folder; a bad one raises `ModelError`.

    >>> load_model().predict(Reading(pm25=12.0)).modalities
    ('sensors',)
    """
    folder = model_folder(model)
    return Predictor(folder.resolve().name, load_served(folder))


def model_folder(model: str | Path) -> Path:
    """Where a model lies: its name in `assets/models` or its folder, else `ModelError`."""
    names = shipped_names()
    if isinstance(model, str) and model in names:
        return ASSETS / "models" / model
    folder = Path(os.path.expanduser(model))  # noqa: PTH111  # Path's own raises for ~nobody
    if not folder.is_dir():
        one_of = f"one of {', '.join(names)} or " if names else ""
        rule = f"model must be {one_of}a model folder"
        raise ModelError(f"{rule}, got {str(model)!r}", public=rule)
    return folder


def shipped_names() -> list[str]:
    """Names of the models in `assets/models`."""
    folder = ASSETS / "models"
    folders = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name for path in folders if path.is_dir() and path.name[0] != ".")
