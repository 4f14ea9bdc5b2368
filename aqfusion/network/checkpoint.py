"""The torch network of a model folder: written whole or not at all, and built again from it."""

import hashlib
import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from safetensors.torch import save
from torch import Tensor, nn

from aqfusion.io.atomic_files import new_folder, replace_file
from aqfusion.model.checkpoint import (
    CARD,
    CONFIG,
    FEATURES,
    FORMAT,
    METRICS,
    WEIGHTS,
    ModelFiles,
    ServedModel,
    read_model,
)
from aqfusion.model.config import Config, ModelError
from aqfusion.model.site_config import SiteConfig
from aqfusion.model.site_process import MOST_DAYS
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.photo_screen import PhotoScreen
from aqfusion.network.site_modules import SiteModel
from aqfusion.network.trunks import feature_count

__all__ = [
    "Checkpoint",
    "Config",
    "ModelError",
    "checkpoint_of",
    "load_checkpoint",
    "model_place",
    "save_checkpoint",
    "served",
    "trained",
]


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
    weights = save(_stored(checkpoint))
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
    try:
        return checkpoint_of(read_model(folder))
    except RuntimeError as error:
        raise ModelError(f"{folder / WEIGHTS} must fit {CONFIG}: {error}") from error


def checkpoint_of(files: ModelFiles) -> Checkpoint:
    """The network of files that were read, or of a model that serves; `RuntimeError` if none."""
    config = files.config
    state = {name: torch.from_numpy(values.copy()) for name, values in files.arrays.items()}
    network = AQFusionNet(config.architecture)
    guard = PhotoScreen(feature_count(network.image_encoder.trunk))
    sites = None if config.sites is None else _empty_sites(state, config.sites)
    checkpoint = Checkpoint(network, guard, config, files.metrics, files.sha256, sites)
    modules = _modules(checkpoint)
    modules.load_state_dict(
        {k: v.float() if v.dtype == torch.float16 else v for k, v in state.items()}
    )
    modules.eval().requires_grad_(False)
    return checkpoint


def trained(model: ServedModel) -> Checkpoint:
    """The torch network of a model that serves, built once; threads may share it."""
    with _building:
        if model not in _built:
            _built[model] = checkpoint_of(model.files)
        return _built[model]


_built: WeakKeyDictionary[ServedModel, Checkpoint] = WeakKeyDictionary()
_building = threading.Lock()


def served(checkpoint: Checkpoint) -> ServedModel:
    """The model that `load_model` would serve, had the checkpoint been saved."""
    arrays = {name: tensor.numpy() for name, tensor in _stored(checkpoint).items()}
    return ServedModel(ModelFiles(checkpoint.config, checkpoint.metrics, checkpoint.sha256, arrays))


def _stored(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The weights as the file has them."""
    return {
        name: (tensor.half() if tensor.dtype == torch.float32 else tensor).contiguous()
        for name, tensor in _modules(checkpoint).state_dict().items()
    }


def _modules(checkpoint: Checkpoint) -> nn.ModuleDict:
    """The modules of the weights file, under the names of its keys."""
    parts = {"network": checkpoint.network, "guard": checkpoint.guard}
    if checkpoint.sites is not None:
        parts["sites"] = checkpoint.sites
    return nn.ModuleDict(parts)


def _empty_sites(state: dict[str, Tensor], config: SiteConfig) -> SiteModel:
    """A site model with room for the days that the weights file has; `RuntimeError` where none."""
    days = state.get("sites.process.place")
    if days is None or days.dtype != torch.int64 or days.ndim != 1 or len(days) > MOST_DAYS:
        raise RuntimeError("sites.process.place must be a list of place numbers")
    if len(days) and not (int(days.min()) >= 0 and int(days.max()) < len(config.places)):
        raise RuntimeError("sites.process.place must number the places of the config")
    return SiteModel.with_room_for(len(days))
