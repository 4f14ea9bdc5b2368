"""The shipped models side by side: the prediction and cost of each for the same input."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.model.architecture import BACKBONES, backbone
from aqfusion.model.checkpoint import WEIGHTS
from aqfusion.model.config import ModelError
from aqfusion.model.predictor import Embedding, Predictor, Result, load_model, shipped_names
from aqfusion.settings import ASSETS

_T = TypeVar("_T")
Clock = Callable[[], float]  # seconds, from any start


@dataclass(frozen=True)
class ComparedModel:
    """A shipped model that can be used, and the bytes of its weights."""

    name: str
    title: str
    predictor: Predictor
    weights_bytes: int


@dataclass(frozen=True)
class Unusable:
    """A shipped model that cannot be used, and the reason in a sentence."""

    name: str
    title: str
    problem: str


@dataclass(frozen=True, eq=False)
class ModelPrediction:
    """A model's embedding of a photo, and the milliseconds it took: worth caching."""

    embedding: Embedding
    embed_ms: float


@dataclass(frozen=True)
class ModelAgreement:
    """A model's prediction, overall and by modality, and the time it took."""

    result: Result
    predict_ms: float


def contenders(
    load: Callable[[str], Predictor] = load_model,
) -> tuple[ComparedModel | Unusable, ...]:
    """All shipped models in the order of `BACKBONES`; one that does not load is `Unusable`."""
    shipped = shipped_names()
    others = [name for name in shipped if name not in BACKBONES]
    names = [*(name for name in BACKBONES if name in shipped), *others]
    return tuple(_contender(name, load) for name in names)


def predict_with(
    predictor: Predictor, photo: Photo, clock: Clock = time.perf_counter
) -> ModelPrediction:
    """Embed the photo, timed after one run that warms up."""
    return ModelPrediction(*_timed(lambda: predictor.embed(photo), clock))


def model_agreement(
    predictor: Predictor,
    reading: Reading,
    seen: ModelPrediction | None,
    trust_photo: bool = False,
    clock: Clock = time.perf_counter,
) -> ModelAgreement:
    """Predict, timed after one run that warms up; takes milliseconds.

    `seen` is the model's own look at the photo, if there is one. Each model has its own guard, so
    that one may leave out a photo that another judges.
    """
    embedding = seen.embedding if seen is not None else None
    return ModelAgreement(
        *_timed(lambda: predictor.predict(reading, embedding, trust_photo=trust_photo), clock)
    )


def spread(results: Collection[Result]) -> int:
    """How many AQI points lie between the lowest and the highest of the results."""
    values = [result.fused.aqi for result in results]
    return max(values) - min(values)


def _contender(name: str, load: Callable[[str], Predictor]) -> ComparedModel | Unusable:
    try:
        predictor = load(name)
        size = (ASSETS / "models" / name / WEIGHTS).stat().st_size
    except ModelError as error:
        # Shipped folders are named after what is in them, so that the title is known all the same.
        return Unusable(name, BACKBONES[name].title if name in BACKBONES else name, str(error))
    title = backbone(predictor.checkpoint.config.architecture.backbone).title
    return ComparedModel(name, title, predictor, size)


def _timed(step: Callable[[], _T], clock: Clock) -> tuple[_T, float]:
    """The result of the second run of a step, and its milliseconds."""
    step()
    start = clock()
    result = step()
    return result, 1000 * (clock() - start)
