"""A model folder: `model.safetensors`, `config.json`, `metrics.json`; whole, or refused.

No file of it can run code: weights are safetensors, the rest is JSON.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from aqfusion.io.atomic_files import new_folder, replace_file
from aqfusion.model.backbones import feature_count
from aqfusion.model.config import Config, ModelError, config_of, read_bytes, read_json
from aqfusion.model.network import AQFusionNet
from aqfusion.model.photo_screening import PhotoScreen
from aqfusion.model.site_model import SiteConfig, SiteModel

__all__ = [
    "Checkpoint",
    "Config",
    "ModelError",
    "load_checkpoint",
    "model_place",
    "save_checkpoint",
]

FORMAT = 3
# Models from before there were sites.
_WITHOUT_SITES = 2
_MOST_DAYS = 5000  # a day more costs as many multiplications as there are days, squared
WEIGHTS, CONFIG, METRICS = "model.safetensors", "config.json", "metrics.json"
# Written beside them later: the backbone's features of the training photos.
CARD, FEATURES = "README.md", "features.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A network in evaluation mode, its photo screen, its config and measured figures.

    `sha256` is that of the weights file once there is one: which version a result came from.
    `sites` knows places, and is there exactly where `config.sites` is.
    """

    network: AQFusionNet
    guard: PhotoScreen
    config: Config
    metrics: dict[str, Any]
    sha256: str = ""
    sites: SiteModel | None = None


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write to a temporary folder beside `folder`, then rename; weights as float16.

    What fails midway leaves the model that was there; what is no model is not overwritten.
    """
    folder = model_place(folder)
    state = {
        name: (tensor.half() if tensor.dtype == torch.float32 else tensor).contiguous()
        for name, tensor in _modules(checkpoint).state_dict().items()
    }
    weights = save(state)
    config = {
        "format": FORMAT,
        "sha256": {WEIGHTS: hashlib.sha256(weights).hexdigest()},
        **asdict(checkpoint.config),
    }
    with new_folder(folder, replace=True) as temporary:
        replace_file(temporary / WEIGHTS, weights)
        for name, content in ((CONFIG, config), (METRICS, checkpoint.metrics)):
            replace_file(temporary / name, (json.dumps(content, indent=2) + "\n").encode())


def model_place(folder: Path) -> Path:
    """Where a model may be written, made absolute; else `ModelError`.

    The old folder is deleted when the new one is complete, so it must hold nothing else.
    """
    folder = folder.resolve()
    rule = "model folder to write must be new, empty or hold nothing but a model"
    if folder.is_dir():
        names = sorted(path.name for path in folder.iterdir())
        own = (WEIGHTS, CONFIG, METRICS, CARD, FEATURES)
        other = next((name for name in names if name not in own), None)
        if other is not None:
            raise ModelError(f"{rule}, got {folder} with {other!r} in it")
    elif folder.exists():
        raise ModelError(f"{rule}, got the file {folder}")
    return folder


def load_checkpoint(folder: Path) -> Checkpoint:
    """Rebuild the network from its own config; anything amiss raises `ModelError`."""
    if not folder.is_dir():
        raise ModelError(f"model must be a folder with {WEIGHTS} and {CONFIG}, got {folder}")
    raw = read_json(folder / CONFIG)
    if raw.get("format") not in (_WITHOUT_SITES, FORMAT):
        rule = f"format must be {_WITHOUT_SITES} or {FORMAT}"
        raise ModelError(f"{folder / CONFIG}: {rule}, got {raw.get('format')!r}")
    weights = read_bytes(folder / WEIGHTS)
    stated, actual = _stated_checksum(folder, raw), hashlib.sha256(weights).hexdigest()
    if stated != actual:
        raise ModelError(
            f"{folder / WEIGHTS}: sha256 must be {stated[:12]}... as {CONFIG} says, "
            f"got {actual[:12]}...; the file is damaged or not this model's"
        )
    config = config_of(folder / CONFIG, raw)
    try:
        state = load(weights)
        network = AQFusionNet(config.architecture)
        guard = PhotoScreen(feature_count(network.image_encoder.trunk))
        sites = None if config.sites is None else _empty_sites(state, config.sites)
        checkpoint = Checkpoint(network, guard, config, {}, actual, sites)
        modules = _modules(checkpoint)
        modules.load_state_dict(
            {k: v.float() if v.dtype == torch.float16 else v for k, v in state.items()}
        )
    except (SafetensorError, RuntimeError) as error:
        raise ModelError(f"{folder / WEIGHTS} must fit {CONFIG}: {error}") from error
    # A reading or a time of a training day may be missing.
    unknown = ("sites.process.readings", "sites.process.time")
    if not all(
        bool(torch.isfinite(v).all()) for k, v in modules.state_dict().items() if k not in unknown
    ):
        raise ModelError(f"{folder / WEIGHTS}: weights must be finite, got some that are not")
    modules.eval().requires_grad_(False)
    return replace(checkpoint, metrics=read_json(folder / METRICS))


def _modules(checkpoint: Checkpoint) -> nn.ModuleDict:
    """The modules of the weights file, under the names of its keys."""
    parts = {"network": checkpoint.network, "guard": checkpoint.guard}
    if checkpoint.sites is not None:
        parts["sites"] = checkpoint.sites
    return nn.ModuleDict(parts)


def _empty_sites(state: dict[str, Tensor], config: SiteConfig) -> SiteModel:
    """A site model with room for the days that the weights file has; `RuntimeError` where none."""
    days = state.get("sites.process.place")
    if days is None or days.dtype != torch.int64 or days.ndim != 1 or len(days) > _MOST_DAYS:
        raise RuntimeError("sites.process.place must be a list of place numbers")
    if len(days) and not (int(days.min()) >= 0 and int(days.max()) < len(config.places)):
        raise RuntimeError("sites.process.place must number the places of the config")
    return SiteModel.with_room_for(len(days))


def _stated_checksum(folder: Path, raw: dict[str, Any]) -> str:
    table = raw.get("sha256")
    stated = table.get(WEIGHTS) if isinstance(table, dict) else None
    if not isinstance(stated, str):
        raise ModelError(f"{folder / CONFIG}: sha256 must state the checksum of {WEIGHTS}")
    return stated
