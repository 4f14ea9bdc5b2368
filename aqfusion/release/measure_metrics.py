"""Writes `assets/metrics.json`: what every number in README, cards and page comes from."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from aqfusion import __version__
from aqfusion.data.dataset_folder import DatasetRow
from aqfusion.errors import InputError
from aqfusion.evaluation.backbone_evaluation import evaluate_backbone
from aqfusion.evaluation.baselines import baselines, site_baselines
from aqfusion.evaluation.photo_screening_evaluation import guard_figures, non_sky_pictures
from aqfusion.evaluation.site_history_metrics import site_figures
from aqfusion.io.atomic_files import replace_file
from aqfusion.metrics import FORMAT
from aqfusion.model.config import read_json
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.release.model_card import shipped_models
from aqfusion.training.experiment import Experiment, training
from aqfusion.training.holdout_predictions import concatenate
from aqfusion.training.protocols import Part, protocol, split
from aqfusion.training.recipe import Recipe
from aqfusion.training.site_holdout import SiteHoldout
from aqfusion.training.training_loop import Report

SEED = 0
WITH_HEAT_MAPS = "leak-safe"
# How often days of a site are drawn, under the protocols that measure the worth of its history.
HISTORY_DRAWS = {"leak-safe": 1, "place": 24}
PUBLISHED = {
    "source": "arXiv 2509.00353",
    "backbone": "efficientnet_b0",
    "accuracy": 0.9202,
    "rmse": 7.70,
}

# What is found of a backbone's heat maps, by a floor that stands above this one.
HeatMapFigures = Callable[[Experiment, Sequence[Part], int], dict[str, Any]]


class PretrainedWeights(Protocol):
    """Where backbones start from, and the recipe that suits it."""

    def __call__(self, network: AQFusionNet, name: str) -> None:
        """Fill the backbone called `name`."""

    def recipe(self, name: str, protocol: str, seed: int) -> Recipe:
        """The recipe of backbone `name` under a protocol."""


@dataclass(frozen=True)
class MetricsMeasurement:
    """Rows and licence of the data, first weights and cached trainings to measure with."""

    rows: Sequence[DatasetRow]
    licence: str
    weights: PretrainedWeights
    cache: Path
    report: Report
    heat_map_figures: HeatMapFigures | None = None
    _asked: dict[str, SiteHoldout] = field(default_factory=dict)

    def run(self, runs: Sequence[tuple[str, str]], out: Path) -> None:
        """Measure (protocol, backbone) pairs; `out` is updated after each, never halved.

        All other pairs keep their figures. Finished trainings are taken from the cache.
        """
        metrics = _read_metrics(out)
        metrics |= {"code_version": __version__, "published": PUBLISHED}
        metrics["data"] = _about_data(self.rows, self.licence)
        splits = {name: split(name, self.rows, SEED) for name, _ in runs}
        # All of them first: missing weights should be reported now, not after hours.
        experiments = [self._experiment(*run) for run in runs]
        for (name, backbone), experiment in zip(runs, experiments, strict=True):
            parts = splits[name]
            entry = metrics["protocols"].setdefault(name, {"baselines": {}, "backbones": {}})
            entry["says"] = protocol(name).says
            entry["backbones"][backbone] = _assessed(
                name, parts, experiment, self._questions(name, parts)
            )
            if name == WITH_HEAT_MAPS and self.heat_map_figures:
                self.report(f"scoring the heat maps of {backbone} under {name}")
                figures = self.heat_map_figures(experiment, parts, SEED)
                entry["backbones"][backbone]["heat_maps"] = figures
            if (name, backbone) == next(run for run in runs if run[0] == name):
                self.report(f"baselines under {name}")
                entry["baselines"] = baselines(parts, experiment.haze_by_photo, SEED)
                if name in HISTORY_DRAWS:
                    folds = sorted({session.fold for part in parts for session in part.test})
                    entry["history_baselines"] = site_baselines(
                        self._questions(name, parts), folds, places=name == "place", seed=SEED
                    )
            _write(out, metrics)
        metrics["models"] = shipped_models()
        _write(out, metrics)

    def _questions(self, name: str, parts: Sequence[Part]) -> SiteHoldout:
        """The same for all backbones, so that each process is fitted once."""
        if name not in self._asked:
            everything = parts[0].train + parts[0].test
            draws = HISTORY_DRAWS.get(name, 1)
            self._asked[name] = SiteHoldout(everything, self.report, draws, SEED)
        return self._asked[name]

    def _experiment(self, name: str, backbone: str) -> Experiment:
        """Where networks of `backbone` are trained for the protocol called `name`."""
        recipe = self.weights.recipe(backbone, name, SEED)
        return training(self.rows, recipe, self.weights, self.cache, self.report).experiment


def _assessed(
    name: str, parts: Sequence[Part], experiment: Experiment, questions: SiteHoldout
) -> dict[str, Any]:
    """The figures of one backbone under the protocol called `name`."""
    recipe = experiment.recipe
    held_out = concatenate([experiment.held_out(part) for part in parts])
    sessions = [session for part in parts for session in part.test]
    experiment.report(f"assessing {recipe.backbone} under {name}")
    figures = {
        "recipe": asdict(recipe),
        **evaluate_backbone(held_out, sessions, recipe.sigma, SEED),
    }
    if protocol(name).leaks:
        return figures
    experiment.report(f"assessing what history is worth to {recipe.backbone} under {name}")
    history = site_figures(
        held_out,
        questions,
        questions.numbers_of(sessions),
        places=name == "place",
        sigma=recipe.sigma,
        seed=SEED,
    )
    return {**figures, "history": history, "guard": _guard(parts, experiment)}


def _guard(parts: Sequence[Part], experiment: Experiment) -> dict[str, Any]:
    """False alarms on photos of unseen parts; every part's photo screen gets each picture."""
    places: list[str] = []
    photos: list[Tensor] = []
    pictures: dict[str, list[Tensor]] = {}
    unsuitable = non_sky_pictures()
    for part in parts:
        of_part, photo_margins, caught = experiment.guard_margins(part, unsuitable)
        places += of_part
        photos.append(photo_margins)
        for name, margins in caught.items():
            pictures.setdefault(name, []).append(margins)
    joint = {name: torch.cat(margins) for name, margins in pictures.items()}
    return guard_figures(places, torch.cat(photos), joint)


def _read_metrics(out: Path) -> dict[str, Any]:
    """Read the present file; `InputError` for what is no metrics file of this format."""
    empty: dict[str, Any] = {"format": FORMAT, "protocols": {}, "models": {}}
    if not out.exists():
        return empty
    metrics = read_json(out)
    if metrics.get("format") != FORMAT:
        got = metrics.get("format")
        raise InputError(f"{out}: format must be {FORMAT}, got {got!r}; move the file away")
    protocols = metrics.get("protocols")
    if not isinstance(protocols, dict) or not all(map(_has_backbones, protocols.values())):
        raise InputError(f"{out}: protocols must hold backbones by protocol, got something else")
    return {**empty, **metrics}


def _has_backbones(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("backbones"), dict)


def _write(out: Path, metrics: dict[str, Any]) -> None:
    text = json.dumps(metrics, indent=1, ensure_ascii=False, allow_nan=False)
    replace_file(out, (text + "\n").encode())


def _about_data(rows: Sequence[DatasetRow], licence: str) -> dict[str, Any]:
    """Counts, source and licence of the data; `licence` may be "LICENCE: SOURCE"."""
    terms, _, source = licence.partition(": ")
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
        "source": source or "not stated",
        "licence": terms,
    }
