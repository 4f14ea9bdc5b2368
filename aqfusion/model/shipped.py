"""The models that ship in `assets/models`: their size, origin and how long they take."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from aqfusion.air.sensors import Reading
from aqfusion.model.backbones import backbone
from aqfusion.model.checkpoint import WEIGHTS
from aqfusion.model.predict import Predictor, load_model
from aqfusion.photo import Photo
from aqfusion.scenes import scenes
from aqfusion.settings import ASSETS

_READING = Reading(pm25=48, pm10=95, o3=40, co=0.9, so2=9, no2=32)
_REPEATS = 15


def shipped_names() -> list[str]:
    """Names of the shipped models."""
    folder = ASSETS / "models"
    folders = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name for path in folders if path.is_dir() and path.name[0] != ".")


def shipped_models() -> dict[str, dict[str, Any]]:
    """By name: title, bytes and checksum of the weights, parameters, origin, milliseconds."""
    photo = Photo.open(ASSETS / "scenes" / scenes()[0].file)
    return {name: _about(load_model(name), name, photo) for name in shipped_names()}


def _about(predictor: Predictor, name: str, photo: Photo) -> dict[str, Any]:
    checkpoint = predictor.checkpoint
    embedding = predictor.embed(photo)
    return {
        "title": backbone(checkpoint.network.architecture.backbone).title,
        "bytes": (ASSETS / "models" / name / WEIGHTS).stat().st_size,
        "sha256": checkpoint.sha256,
        "parameters": sum(parameter.numel() for parameter in checkpoint.network.parameters()),
        "backbone_weights": checkpoint.config.about["backbone_weights"],
        "embed_ms": _median_ms(lambda: predictor.embed(photo)),
        "predict_ms": _median_ms(lambda: predictor.predict(_READING, embedding)),
    }


def _median_ms(step: Callable[[], object]) -> float:
    step()  # the first call pays for caches
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times), 2)
