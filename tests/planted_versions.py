"""Versions of the shipped model without a training, for tests of what shows them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aqfusion.registry.registry import Registry
from aqfusion.registry.version import Version, write_comparison
from aqfusion.settings import DEFAULT_MODEL

WEIGHTS = ("config.json", "model.safetensors", "metrics.json")
REFUSAL = "the test part must not get worse, got <b>40</b> to 70"


def registry_in(home: Path) -> Registry:
    """The registry that an app of this home opens."""
    return Registry(home / "models", DEFAULT_MODEL)


def planted_version(
    registry: Registry, model: Path, *, passed: bool = True, after: float = 40.0
) -> Version:
    """A copy of `model` that says it learned 30 labels, the last with event 7."""
    parent = registry.current().version
    labels = {"snapshot_sha256": "a" * 64, "last_event": 7, "settled": 33, "learned": 30}
    more = {"new": 30, "differed": 12, "sessions": 9, "left_out": {"cant_tell": 2}}
    about: dict[str, Any] = {
        "base": DEFAULT_MODEL,
        "parent": parent,
        "path": "fast",
        "code_version": "0",
        "seed": 0,
        "made_at": "2026-11-02T09:30:00+00:00",
        "by": "Eva",
        "labels": labels | more,
        "trunk_sha256": "b" * 64,
        "features_sha256": "c" * 64,
        "frozen_sha256": "d" * 64,
        "metrics": {"says": "", "frozen": list(_figures(after)), "corrections": _evidence()},
        "gate": {"passed": passed, "reasons": [] if passed else [REFUSAL]},
    }
    return registry.add(_filled(model), about)


def _figures(after: float):
    for place in ("everywhere", "Alphaville"):
        for kind in ("fused", "image_only", "sensors_only"):
            where = {"place": place, "kind": kind, "groups": 5, "photos": 40}
            worse = after - 45.0
            moved = {"before": 45.0, "after": after, "worse": worse}
            yield {**where, "figure": "rmse", **moved, "low": worse - 3, "high": worse + 3}
            share = {"before": 0.5, "after": 0.6, "worse": -0.1, "low": -0.2, "high": 0.0}
            yield {**where, "figure": "accuracy", **share}


def _evidence() -> dict[str, float]:
    return {"items": 30, "groups": 6, "before": 80.0, "after": 31.0, "constant": 60.0}


def _filled(model: Path) -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        for name in WEIGHTS:
            shutil.copy(model / name, folder / name)
        said = [("fused", 100), ("image_only", 90), ("sensors_only", None)]
        before, now = dict(said), {kind: aqi and aqi + 20 for kind, aqi in said}
        session = {"session": "Alphaville|2023|2|1|8:00", "place": "Alphaville", "measured": 130}
        item = {"item": 4, "group": "g", "label": [101, 150]}
        told = {"before": before, "after": now}
        write_comparison(
            folder, {"frozen": [session | told], "corrections": [item | told], "left_out": []}
        )

    return fill


def damage(version: Version) -> None:
    """One bit of its weights turns over, as on an old disk."""
    path = version.folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def keep_progress(registry: Registry, **entry: Any) -> None:
    """What a run writes about itself."""
    registry.home.mkdir(parents=True, exist_ok=True)
    known = {"started": "2026-11-02T09:00:00+00:00", "updated": "2026-11-02T09:01:00+00:00"}
    (registry.home / "progress.json").write_text(json.dumps({**known, "pid": 1, **entry}))
