"""The list of rendered scenes that ship with the program: `assets/scenes/scenes.json`."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from aqfusion.errors import InputError
from aqfusion.settings import ASSETS
from aqfusion.synthetic_scenes.atmosphere import KINDS

SCENES = ASSETS / "scenes"
RANGES = {
    "visibility_km": (0.05, 100),
    "sun_elevation_deg": (0, 90),
    "sun_azimuth_deg": (-180, 180),
    "clouds": (0, 1),
    "seed": (0, 2**31),
}


@dataclass(frozen=True)
class SyntheticScene:
    """A rendered picture's content, and all parameters to render it again.

    `visibility_km` is the meteorological range (contrast 2 %), `sun_azimuth_deg` counts from
    straight ahead to the right, `clouds` is a share from 0 to 1, `kind` a key of `air.KINDS`.
    `title` and `alt` are for people; `rendered` is always true: no scene is a photograph.
    """

    id: str
    file: str
    title: str
    alt: str
    kind: str
    visibility_km: float
    sun_elevation_deg: float
    sun_azimuth_deg: float
    clouds: float
    seed: int
    rendered: bool


def scenes(folder: Path = SCENES) -> tuple[SyntheticScene, ...]:
    """Load and check `scenes.json` of a folder; a fault raises `InputError` that names it."""
    try:
        rows = json.loads((folder / "scenes.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"scenes.json must be readable, got {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"scenes.json must be valid JSON: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise InputError("scenes.json must be a list of scenes")
    loaded = tuple(_scene(row, place) for place, row in enumerate(rows))
    for key in ("id", "file"):
        values = [getattr(scene, key) for scene in loaded]
        if len(set(values)) < len(values):
            raise InputError(f"scenes.json must have each {key} once, got {values}")
    return loaded


def _scene(row: Any, place: int) -> SyntheticScene:
    name = f"scene {place}"
    if not isinstance(row, dict):
        raise InputError(f"{name} must be an object, got {row!r}")
    wanted = {field.name: field.type for field in fields(SyntheticScene)}
    if set(row) != set(wanted):
        differ = ", ".join(sorted(set(row) ^ set(wanted)))
        raise InputError(f"{name} must have exactly the fields of a scene, differs in: {differ}")
    for key, type_ in wanted.items():
        value = row[key]
        fits = isinstance(value, (int, float) if type_ is float else type_)  # type: ignore[arg-type]
        if not fits or (isinstance(value, bool) and type_ is not bool):
            raise InputError(f"{name}: {key} must be {type_.__name__}, got {value!r}")  # type: ignore[union-attr]
    for key, (low, high) in RANGES.items():
        if not low <= row[key] <= high:
            raise InputError(f"{name}: {key} must be {low} to {high}, got {row[key]}")
    if row["kind"] not in KINDS:
        raise InputError(f"{name}: kind must be one of {', '.join(KINDS)}, got {row['kind']!r}")
    if row["file"] != f"{row['id']}.jpg" or not row["id"].replace("-", "").isalnum():
        raise InputError(f"{name}: file must be the id and .jpg, got {row['file']!r}")
    if not row["rendered"]:
        raise InputError(f"{name}: rendered must be true, got false")
    return SyntheticScene(**row)
