"""`config.json` of a model folder: what a network is built from, every value checked."""

import itertools
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aqfusion.errors import InputError
from aqfusion.model.backbones import BACKBONES
from aqfusion.model.haze_score import RANKS
from aqfusion.model.network import SENSOR_COUNT, Architecture
from aqfusion.model.prediction import KINDS
from aqfusion.model.site_model import DAY_STEPS, STANDINGS, SiteConfig

_LARGEST_FILE = 500_000_000  # bytes


class ModelError(InputError):
    """A model folder that is absent, damaged or not made for this program."""


@dataclass(frozen=True)
class Config:
    """All of `config.json` but the checksum.

    `image_size` is in pixels; `temperature` divides the logits and `reach` is the interval's half
    width in probability, both per kind of input; `sessions` are the keys that the network was
    trained on, so that an evaluation can say when it meets them again; `about` states data,
    licence, recipe and code version. Both tables are of places that the network learned; `sites`
    has those of others, `None` in models from before there were sites.
    """

    architecture: Architecture
    image_size: int
    temperature: dict[str, float]
    reach: dict[str, float]
    sessions: tuple[str, ...]
    about: dict[str, Any]
    sites: SiteConfig | None = None


def config_of(path: Path, raw: dict[str, Any]) -> Config:
    """Check what `path` holds; a value that no network was built from raises `ModelError`."""
    try:
        parts = dict(raw["architecture"])
        parts["sensor_mean"] = tuple(float(value) for value in parts["sensor_mean"])
        parts["sensor_std"] = tuple(float(value) for value in parts["sensor_std"])
        config = Config(
            Architecture(**parts),
            int(raw["image_size"]),
            {kind: float(raw["temperature"][kind]) for kind in KINDS},
            {kind: float(raw["reach"][kind]) for kind in KINDS},
            tuple(map(str, raw["sessions"])),
            dict(raw["about"]),
            None if raw.get("sites") is None else _sites(raw["sites"]),
        )
        rules = (*_rules(config), *_site_rules(config.sites))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{path} must describe a model: {error!r}") from error
    for name, fine, value in rules:
        if not fine:
            raise ModelError(f"{path}: {name} must be one that this program knows, got {value}")
    return config


def _sites(raw: dict[str, Any]) -> SiteConfig:
    return SiteConfig(
        tuple(map(str, raw["places"])),
        {kind: float(raw["temperature"][kind]) for kind in KINDS},
        {
            standing: {
                kind: tuple(float(reach) for reach in raw["reach"][standing][kind])
                for kind in KINDS
            }
            for standing in STANDINGS
        },
        tuple(float(rank) for rank in raw["haze_ranks"]),
    )


def _site_rules(sites: SiteConfig | None) -> tuple[tuple[str, bool, object], ...]:
    if sites is None:
        return ()
    ranks, temperatures = sites.haze_ranks, sites.temperature.values()
    steps = [sites.reach[standing].values() for standing in STANDINGS]
    lengths = [{len(one) for one in of_kind} for of_kind in steps]
    reaches = [reach for of_kind in steps for one in of_kind for reach in one]
    rising = len(ranks) == RANKS and all(low <= high for low, high in itertools.pairwise(ranks))
    return (
        ("sites.places", len(set(sites.places)) == len(sites.places), sites.places),
        (
            "sites.temperature",
            all(0.1 <= value <= 10 for value in temperatures),
            sites.temperature,
        ),
        ("sites.reach", lengths == [{len(DAY_STEPS)}, {1}], sites.reach),
        ("sites.reach", all(0 <= reach <= 0.5 for reach in reaches), sites.reach),
        ("sites.haze_ranks", rising and all(map(math.isfinite, ranks)), ranks),
    )


def _rules(config: Config) -> tuple[tuple[str, bool, object], ...]:
    """Name, whether it is fine, and value, of all that the network is built from."""
    architecture = config.architecture
    return (
        ("backbone", architecture.backbone in BACKBONES, architecture.backbone),
        # Haze statistics need 64 pixels a side.
        ("image_size", 64 <= config.image_size <= 512, config.image_size),
        (
            "temperature",
            all(0.1 <= value <= 10 for value in config.temperature.values()),
            config.temperature,
        ),
        ("reach", all(0 <= reach <= 0.5 for reach in config.reach.values()), config.reach),
        ("sensor_mean", _six_finite(architecture.sensor_mean), architecture.sensor_mean),
        (
            "sensor_std",
            _six_finite(architecture.sensor_std) and min(architecture.sensor_std) > 0,
            architecture.sensor_std,
        ),
        (
            "sensor_token_dim",
            architecture.sensor_token_dim in range(1, 1025),
            architecture.sensor_token_dim,
        ),
        (
            "sensor_hidden_dim",
            architecture.sensor_hidden_dim in range(1, 4097),
            architecture.sensor_hidden_dim,
        ),
    )


def _six_finite(values: tuple[float, ...]) -> bool:
    return len(values) == SENSOR_COUNT and all(math.isfinite(value) for value in values)


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object."""
    try:
        value = json.loads(read_bytes(path))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path} must be valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} must hold one JSON object, got {type(value).__name__}")
    return value


def read_bytes(path: Path) -> bytes:
    """Read a file of at most 500 MB; one that cannot be read raises `ModelError`."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ModelError(f"{path} must have at most 500 MB, got {path.stat().st_size} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} must be readable: {error.strerror}") from error
