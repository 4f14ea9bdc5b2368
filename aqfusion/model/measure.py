"""Writes `assets/metrics.json`: what every number in README, cards and page comes from."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from aqfusion import __version__
from aqfusion.dataset.folder import Row
from aqfusion.errors import InputError
from aqfusion.files import replace_file
from aqfusion.model.assess import assess
from aqfusion.model.baselines import baselines
from aqfusion.model.config_file import read_json
from aqfusion.model.fit import Report
from aqfusion.model.held_out import joined
from aqfusion.model.network import AQFusionNet
from aqfusion.model.protocols import protocol, split
from aqfusion.model.recipe import Recipe
from aqfusion.model.shipped import shipped_models
from aqfusion.model.trainings import training

FORMAT = 1
SEED = 0
PUBLISHED = {
    "source": "arXiv 2509.00353",
    "backbone": "efficientnet_b0",
    "accuracy": 0.9202,
    "rmse": 7.70,
}


class FirstWeights(Protocol):
    """Where trunks start from, and the recipe that suits it."""

    def __call__(self, network: AQFusionNet, name: str) -> None:
        """Fill the trunk of backbone `name`."""

    def recipe(self, name: str, protocol: str, seed: int) -> Recipe:
        """The recipe of backbone `name` under a protocol."""


def measure_all(
    rows: Sequence[Row],
    runs: Sequence[tuple[str, str]],
    weights: FirstWeights,
    cache: Path,
    out: Path,
    report: Report,
) -> None:
    """Measure (protocol, backbone) pairs one by one; `out` is updated after each, never halved.

    Runs that are not asked for keep their figures. What has been trained before lies in `cache`.
    """
    metrics = _known(out)
    metrics |= {"code_version": __version__, "data": _about_data(rows), "published": PUBLISHED}
    for name, backbone in runs:
        recipe = weights.recipe(backbone, name, SEED)
        parts = split(name, rows, SEED)
        workshop = training(rows, recipe, weights, cache, report).workshop
        held_out = joined([workshop.held_out(part) for part in parts])
        sessions = [session for part in parts for session in part.test]
        report(f"assessing {backbone} under {name}")
        entry = metrics["protocols"].setdefault(name, {"backbones": {}})
        entry["says"] = protocol(name).says
        entry["backbones"][backbone] = {
            "recipe": asdict(recipe),
            **assess(held_out, sessions, recipe.sigma, SEED),
        }
        if "baselines" not in entry or (name, backbone) == _last_of(runs, name):
            report(f"baselines under {name}")
            entry["baselines"] = baselines(parts, workshop.haze_by_photo, SEED)
        _write(out, metrics)
    metrics["models"] = shipped_models()
    _write(out, metrics)


def _last_of(runs: Sequence[tuple[str, str]], name: str) -> tuple[str, str]:
    return next(run for run in reversed(runs) if run[0] == name)


def _known(out: Path) -> dict[str, Any]:
    """What the file holds already, if it is of this format."""
    empty: dict[str, Any] = {"format": FORMAT, "protocols": {}, "models": {}}
    if not out.exists():
        return empty
    known = read_json(out)
    if known.get("format") != FORMAT:
        return empty
    protocols = known.get("protocols")
    if not isinstance(protocols, dict) or not all(map(_has_backbones, protocols.values())):
        raise InputError(f"{out}: protocols must hold backbones by protocol, got something else")
    return {**empty, **known}


def _has_backbones(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("backbones"), dict)


def _write(out: Path, metrics: dict[str, Any]) -> None:
    text = json.dumps(metrics, indent=1, ensure_ascii=False, allow_nan=False)
    replace_file(out, (text + "\n").encode())


def _about_data(rows: Sequence[Row]) -> dict[str, Any]:
    """How much there is of what."""
    places = sorted({row.place for row in rows})
    return {
        "photos": len(rows),
        "sessions": len({row.session for row in rows}),
        "groups": len({row.group for row in rows}),
        "places": {
            place: {
                "photos": sum(row.place == place for row in rows),
                "sessions": len({row.session for row in rows if row.place == place}),
            }
            for place in places
        },
    }
