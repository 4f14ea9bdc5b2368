"""The models that ship in `assets/models`: their size, origin and how long they take."""

from pathlib import Path
from typing import Any

from aqfusion.evaluation.latency import READING, median_ms
from aqfusion.files import replace_file
from aqfusion.model.backbones import backbone
from aqfusion.model.checkpoint import CARD, CONFIG, WEIGHTS
from aqfusion.model.config_file import read_json
from aqfusion.model.predict import Predictor, load_model, shipped_names
from aqfusion.photo import Photo
from aqfusion.release.card import card
from aqfusion.scenes import scenes
from aqfusion.settings import ASSETS


def shipped_models() -> dict[str, dict[str, Any]]:
    """By name: title, bytes and checksum of the weights, parameters, origin, milliseconds."""
    photo = Photo.open(ASSETS / "scenes" / scenes()[0].file)
    return {name: _about(load_model(name), name, photo) for name in shipped_names()}


def write_cards() -> list[Path]:
    """Write each shipped model's card from its config and `assets/metrics.json`."""
    cards = [(name, ASSETS / "models" / name / CARD) for name in shipped_names()]
    for name, path in cards:
        replace_file(path, card_of(name).encode())
    return [path for _, path in cards]


def card_of(name: str) -> str:
    """The card of a shipped model."""
    config = read_json(ASSETS / "models" / name / CONFIG)
    return card(name, config, read_json(ASSETS / "metrics.json"))


def _about(predictor: Predictor, name: str, photo: Photo) -> dict[str, Any]:
    checkpoint = predictor.checkpoint
    embedding = predictor.embed(photo)
    return {
        "title": backbone(checkpoint.network.architecture.backbone).title,
        "bytes": (ASSETS / "models" / name / WEIGHTS).stat().st_size,
        "sha256": checkpoint.sha256,
        "parameters": sum(parameter.numel() for parameter in checkpoint.network.parameters()),
        "backbone_weights": checkpoint.config.about["backbone_weights"],
        "embed_ms": round(median_ms(lambda: predictor.embed(photo)), 2),
        "predict_ms": round(median_ms(lambda: predictor.predict(READING, embedding)), 2),
    }
