"""A model folder: `model.safetensors`, `config.json`, `metrics.json`; whole, or refused.

No file of it can run code: weights are safetensors, the rest is JSON. Here it is read for serving;
`aqfusion.network.checkpoint` reads and writes it for training.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from aqfusion.model.architecture import EMBED_DIM
from aqfusion.model.array_math import Array
from aqfusion.model.config import Config, ModelError, config_of, read_bytes, read_json
from aqfusion.model.encoders import ImageBranches, LogitHead, ReadingEncoder
from aqfusion.model.image_session import ImageSession, Weights
from aqfusion.model.modality_pooling import ModalityGate, SitePool
from aqfusion.model.photo_screening import PhotoScreening
from aqfusion.model.site_config import SiteConfig
from aqfusion.model.site_process import DayProcess, DayTable, SiteAnswers
from aqfusion.model.stored_weights import StoredWeights
from aqfusion.model.tensor_file import load_tensors

__all__ = [
    "Config",
    "ModelError",
    "ModelFiles",
    "ServedModel",
    "backbone_hash",
    "load_served",
    "read_model",
]

FORMAT = 3
# Models from before there were sites.
WITHOUT_SITES = 2
WEIGHTS, CONFIG, METRICS = "model.safetensors", "config.json", "metrics.json"
# A reading or a time of a training day may be missing.
_UNKNOWN = ("sites.process.readings", "sites.process.time")
# Written beside them later: the backbone's features of the training photos.
CARD, FEATURES = "README.md", "features.safetensors"


@dataclass(frozen=True, eq=False)
class ModelFiles:
    """What a model folder holds: `arrays` are the weights as stored, floats as float16.

    `sha256` is that of the weights file: which version a result came from.
    """

    config: Config
    metrics: dict[str, Any]
    sha256: str
    arrays: Weights


@dataclass(frozen=True, eq=False)
class ServedSites:
    """What a model knows of places: the process, the gate elsewhere, and the pool."""

    config: SiteConfig
    process: DayProcess
    gate: ModalityGate
    pool: SitePool

    @cached_property
    def elsewhere(self) -> SiteAnswers:
        """The process of a place without days."""
        return SiteAnswers(self.process, DayTable.none(), len(self.config.places))


class ServedModel:
    """A model in memory, ready to answer; nothing of it changes, so threads may share it."""

    def __init__(self, files: ModelFiles) -> None:
        """Check all weights by name and shape, and load the image encoder; else `ModelError`."""
        self.files = files
        weights = StoredWeights(files.arrays)
        architecture = files.config.architecture
        self.branches = ImageBranches(weights, EMBED_DIM)
        readings = ReadingEncoder(weights, EMBED_DIM)
        self.head = LogitHead(weights, EMBED_DIM, readings)
        self.gate = ModalityGate(weights, "network.gate")
        self.screening = PhotoScreening(weights, self.branches.features)
        self.sites = _sites(weights, files.config.sites)
        self.session = ImageSession(architecture.backbone, files.arrays, files.config.image_size)
        weights.check_all_taken(self.session.weight_names)

    @cached_property
    def backbone_hash(self) -> str:
        """As the function of that name has it."""
        return backbone_hash(self.files)

    @property
    def config(self) -> Config:
        """What `config.json` says."""
        return self.files.config

    @property
    def metrics(self) -> dict[str, Any]:
        """What `metrics.json` says."""
        return self.files.metrics

    @property
    def sha256(self) -> str:
        """The checksum of the weights file."""
        return self.files.sha256


def backbone_hash(files: ModelFiles) -> str:
    """SHA-256 (hex) of a backbone's weights as stored, its kind and the photos' size.

    Features of photos hold for that backbone alone.
    """
    from safetensors.numpy import save  # late: an exported folder does without

    root = "network.image_encoder.trunk."
    trunk = {n.removeprefix(root): v for n, v in files.arrays.items() if n.startswith(root)}
    kind = f"{files.config.architecture.backbone} {files.config.image_size}\n"
    return hashlib.sha256(kind.encode() + save(trunk)).hexdigest()


def load_served(folder: Path) -> ServedModel:
    """Load a model to answer with; anything amiss raises `ModelError`."""
    files = read_model(folder)
    try:
        return ServedModel(files)
    except ModelError as error:
        raise ModelError(f"{folder / WEIGHTS} must fit {CONFIG}: {error}") from error


def read_model(folder: Path) -> ModelFiles:
    """Read a model folder; a file that is absent or damaged raises `ModelError`."""
    if not folder.is_dir():
        raise ModelError(f"model must be a folder with {WEIGHTS} and {CONFIG}, got {folder}")
    raw = read_json(folder / CONFIG)
    if raw.get("format") not in (WITHOUT_SITES, FORMAT):
        rule = f"format must be {WITHOUT_SITES} or {FORMAT}"
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
        arrays = load_tensors(weights)
    except ValueError as error:
        raise ModelError(f"{folder / WEIGHTS} must fit {CONFIG}: {error}") from error
    if not all(_is_finite(values) for name, values in arrays.items() if name not in _UNKNOWN):
        raise ModelError(f"{folder / WEIGHTS}: weights must be finite, got some that are not")
    return ModelFiles(config, read_json(folder / METRICS), actual, arrays)


def _is_finite(values: Array) -> bool:
    return values.dtype.kind != "f" or bool(np.isfinite(values).all())


def _sites(weights: StoredWeights, config: SiteConfig | None) -> ServedSites | None:
    if config is None:
        return None
    process = DayProcess(weights, len(config.places))
    return ServedSites(config, process, ModalityGate(weights, "sites.gate"), SitePool(weights))


def _stated_checksum(folder: Path, raw: dict[str, Any]) -> str:
    table = raw.get("sha256")
    stated = table.get(WEIGHTS) if isinstance(table, dict) else None
    if not isinstance(stated, str):
        raise ModelError(f"{folder / CONFIG}: sha256 must state the checksum of {WEIGHTS}")
    return stated
