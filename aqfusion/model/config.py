"""`config.json` of a model folder: what a network is built from, every value checked."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from aqfusion.errors import InputError
from aqfusion.io.json_models import Names, Rule, TableError, check
from aqfusion.model.architecture import Architecture
from aqfusion.model.prediction import KINDS
from aqfusion.model.site_config import Reach, SiteConfig, Temperature

_LARGEST_FILE = 500_000_000  # bytes
# Haze statistics need 64 pixels a side.
_ImageSize = Annotated[int, Rule("must be a whole number from 64 to 512", ge=64, le=512)]


class ModelError(InputError):
    """A model folder that is absent, damaged or not made for this program."""

    for_strangers = "its files are missing, damaged or of another version of AQFusion"


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
    image_size: _ImageSize
    temperature: Annotated[dict[str, Temperature], Names(KINDS)]
    reach: Annotated[dict[str, Reach], Names(KINDS)]
    sessions: tuple[str, ...]
    about: dict[str, Any]
    sites: SiteConfig | None = None


def config_of(path: Path, raw: dict[str, Any]) -> Config:
    """Check what `path` holds; a value that no network was built from raises `ModelError`."""
    try:
        config: Config = check(Config, raw, str(path))
    except TableError as error:
        raise ModelError(str(error)) from error
    return config


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
