"""Which training is which: a folder of its own for every recipe, data set and first weights."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from aqfusion import __version__
from aqfusion.dataset.folder import Row
from aqfusion.model.network import SENSOR_COUNT, AQFusionNet, Architecture
from aqfusion.training.fit import Report
from aqfusion.training.recipe import Recipe
from aqfusion.training.workshop import Workshop

# Raised by hand when the same recipe would give other weights: older caches are not used then.
REVISION = 2

PretrainedFor = Callable[[AQFusionNet, str], None]  # fills the weights of the named backbone


@dataclass(frozen=True)
class Training:
    """An experiment runner, and whether its backbones start from random weights."""

    workshop: Workshop
    from_scratch: bool


def training(
    rows: Sequence[Row], recipe: Recipe, pretrained: PretrainedFor, cache: Path, report: Report
) -> Training:
    """The experiment runner of a recipe in a folder below `cache`, its teachers' beside it."""
    teachers = [
        training(rows, teacher, pretrained, cache, report).workshop
        for teacher in recipe.distilled_from
    ]
    trunk, from_scratch = _first_weights(recipe, pretrained)
    folder = cache / f"{recipe.backbone}-{_digest(recipe, rows, trunk, teachers)}"
    folder.mkdir(parents=True, exist_ok=True)

    def fill(network: AQFusionNet) -> None:
        pretrained(network, recipe.backbone)

    return Training(Workshop(recipe, fill, folder, report, teachers), from_scratch)


def _first_weights(recipe: Recipe, pretrained: PretrainedFor) -> tuple[str, bool]:
    """The checksum of the backbone that every network starts with, and whether it is random."""
    torch.manual_seed(recipe.seed)
    nothing = (0.0,) * SENSOR_COUNT, (1.0,) * SENSOR_COUNT
    network = AQFusionNet(Architecture(recipe.backbone, *nothing))
    random = _checksum(network.image_encoder.trunk)
    pretrained(network, recipe.backbone)
    first = _checksum(network.image_encoder.trunk)
    return first, first == random


def _checksum(module: nn.Module) -> str:
    digest = hashlib.sha256()
    for tensor in module.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _digest(recipe: Recipe, rows: Sequence[Row], trunk: str, teachers: Sequence[Workshop]) -> str:
    """Tells one training from another, so that nothing of a different one is gone on with."""
    facts = [(row.photo.name, row.session, row.fold, row.reading, row.aqi) for row in rows]
    text = repr((__version__, REVISION, recipe, facts, trunk, [e.work.name for e in teachers]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
