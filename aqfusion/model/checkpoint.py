"""A model folder: `model.safetensors`, `config.json`, `metrics.json`; whole, or refused.

No file of it can run code: weights are safetensors, the rest is JSON.
"""

import hashlib
import json
import math
import shutil
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from aqfusion.errors import InputError
from aqfusion.model.backbones import BACKBONES
from aqfusion.model.calibrate import KINDS
from aqfusion.model.network import SENSOR_COUNT, AQFusionNet, Architecture

FORMAT = 1
WEIGHTS, CONFIG, METRICS = "model.safetensors", "config.json", "metrics.json"
_LARGEST_FILE = 500_000_000  # bytes


class ModelError(InputError):
    """A model folder that is absent, damaged or not made for this program."""


@dataclass(frozen=True)
class Config:
    """All of `config.json` but the checksum.

    `image_size` is in pixels; `reach` holds the interval's half width in probability per kind of
    input; `sessions` are the keys that the network was trained on, so that an evaluation can say
    when it meets them again; `about` states data, licence, recipe and code version.
    """

    architecture: Architecture
    image_size: int
    reach: dict[str, float]
    sessions: tuple[str, ...]
    about: dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """A network in evaluation mode with its config and measured figures."""

    network: AQFusionNet
    config: Config
    metrics: dict[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write to a temporary folder beside `folder`, then rename; weights as float16."""
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in checkpoint.network.state_dict().items()
    }
    weights = save(state)
    config = {
        "format": FORMAT,
        "sha256": {WEIGHTS: hashlib.sha256(weights).hexdigest()},
        **asdict(checkpoint.config),
    }
    temporary = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
    temporary.mkdir(parents=True)
    (temporary / WEIGHTS).write_bytes(weights)
    for name, content in ((CONFIG, config), (METRICS, checkpoint.metrics)):
        (temporary / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    if folder.exists():
        aside = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
        folder.rename(aside)
        temporary.rename(folder)
        shutil.rmtree(aside)
    else:
        temporary.rename(folder)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Rebuild the network from its own config; anything amiss raises `ModelError`."""
    if not folder.is_dir():
        raise ModelError(f"model must be a folder with {WEIGHTS} and {CONFIG}, got {folder}")
    raw = _json(folder / CONFIG)
    if raw.get("format") != FORMAT:
        raise ModelError(f"{folder / CONFIG}: format must be {FORMAT}, got {raw.get('format')!r}")
    weights = _read(folder / WEIGHTS)
    stated, found = _stated_checksum(folder, raw), hashlib.sha256(weights).hexdigest()
    if stated != found:
        raise ModelError(
            f"{folder / WEIGHTS}: sha256 must be {stated[:12]}... as {CONFIG} says, "
            f"got {found[:12]}...; the file is damaged or not this model's"
        )
    config = _config(folder / CONFIG, raw)
    try:
        state = load(weights)
        network = AQFusionNet(config.architecture)
        network.load_state_dict(
            {k: v.float() if v.is_floating_point() else v for k, v in state.items()}
        )
    except (SafetensorError, RuntimeError) as error:
        raise ModelError(f"{folder / WEIGHTS} must fit {CONFIG}: {error}") from error
    if not all(bool(torch.isfinite(v).all()) for v in network.state_dict().values()):
        raise ModelError(f"{folder / WEIGHTS}: weights must be finite, got some that are not")
    network.eval().requires_grad_(False)
    return Checkpoint(network, config, _json(folder / METRICS))


def _config(path: Path, raw: dict[str, Any]) -> Config:
    try:
        parts = dict(raw["architecture"])
        parts["sensor_mean"] = tuple(float(value) for value in parts["sensor_mean"])
        parts["sensor_std"] = tuple(float(value) for value in parts["sensor_std"])
        config = Config(
            Architecture(**parts),
            int(raw["image_size"]),
            {kind: float(raw["reach"][kind]) for kind in KINDS},
            tuple(map(str, raw["sessions"])),
            dict(raw["about"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} must describe a model: {error!r}") from error
    architecture = config.architecture
    rules = (
        ("backbone", architecture.backbone in BACKBONES, architecture.backbone),
        ("image_size", 32 <= config.image_size <= 512, config.image_size),
        ("reach", all(0 <= reach <= 0.5 for reach in config.reach.values()), config.reach),
        ("sensor_mean", _six_finite(architecture.sensor_mean), architecture.sensor_mean),
        ("sensor_std", _six_finite(architecture.sensor_std), architecture.sensor_std),
        ("sensor_token_dim", 0 < architecture.sensor_token_dim <= 1024, "out of range"),
        ("sensor_hidden_dim", 0 < architecture.sensor_hidden_dim <= 4096, "out of range"),
    )
    for name, fine, value in rules:
        if not fine:
            raise ModelError(f"{path}: {name} must be one that this program knows, got {value}")
    return config


def _six_finite(values: tuple[float, ...]) -> bool:
    return len(values) == SENSOR_COUNT and all(math.isfinite(value) for value in values)


def _stated_checksum(folder: Path, raw: dict[str, Any]) -> str:
    table = raw.get("sha256")
    stated = table.get(WEIGHTS) if isinstance(table, dict) else None
    if not isinstance(stated, str):
        raise ModelError(f"{folder / CONFIG}: sha256 must state the checksum of {WEIGHTS}")
    return stated


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_read(path))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} must be valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} must hold one JSON object, got {type(value).__name__}")
    return value


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ModelError(f"{path} must have at most 500 MB, got {path.stat().st_size} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} must be readable: {error.strerror}") from error
