"""Faithfulness of saliency maps, measured on photos that the network has not seen.

Is more of the AQI lost with what a map marks than with what a random map marks (`road`)? And would
a network that has learned nothing draw the same map (`untrained`)?
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from aqfusion.evaluation.answers import cross_fitted
from aqfusion.evaluation.road import TAKEN, Ranks, Said, ranks, road
from aqfusion.evaluation.scores import mean_with_interval
from aqfusion.evaluation.untrained import likeness, untrained
from aqfusion.explain.heat_map import METHODS, RAISES, HeatMap, Tail, map_of, target_of
from aqfusion.model.network import AQFusionNet
from aqfusion.model.pixels import STORED_SIZE, stack
from aqfusion.photo import Photo
from aqfusion.training.calibrate import Calibration
from aqfusion.training.held_out import joined
from aqfusion.training.protocols import Part
from aqfusion.training.workshop import Workshop


@dataclass(frozen=True)
class Trial:
    """How the maps of one photo did: ROAD scores in AQI points, that of a random map among them.

    `likeness` is the rank correlation with an untrained network's map, `None` where a map is empty.
    """

    by_chance: float
    scores: dict[str, float]
    likeness: dict[str, float | None]


@dataclass(frozen=True, eq=False)
class Judges:
    """A network, its copy with an untrained CNN, and the temperature of the photo alone."""

    network: AQFusionNet
    untrained: AQFusionNet
    temperature: float


def map_trust(workshop: Workshop, parts: Sequence[Part], seed: int) -> dict[str, Any]:
    """The "heat_maps" object of a backbone's figures: one photo of each held-out session."""
    trials: list[Trial] = []
    groups: list[str] = []
    for networks, part in _judged(workshop, parts, seed):
        for session in part.test:
            own = np.random.default_rng([seed, len(trials)])
            row = session.rows[own.integers(len(session.rows))]
            trials.append(trial(networks, stack([Photo.open(row.photo)], STORED_SIZE), own))
            groups.append(session.group)
        workshop.report(f"{part.name}: scored the heat maps of {len(part.test)} photos")
    return figures(trials, groups, seed)


def _judged(workshop: Workshop, parts: Sequence[Part], seed: int) -> Iterator[tuple[Judges, Part]]:
    """Each part with its network and a calibration, neither of which has seen it."""
    held_out = joined([workshop.held_out(part) for part in parts])
    calibrations = {
        int(judged.held_out.fold[0]): judged.calibration
        for judged in cross_fitted(held_out, workshop.recipe.sigma, seed)
    }
    for number, part in enumerate(parts):
        calibration = calibrations[part.test[0].fold]
        network = calibrated(workshop.network(part.train, part.name), calibration)
        twin = untrained(network, seed + number)
        yield Judges(network, twin, calibration.temperature["image_only"]), part


def figures(trials: Sequence[Trial], groups: Sequence[str], seed: int) -> dict[str, Any]:
    """Means with 95 % intervals by drawing the trials' `groups` anew."""
    group = np.unique(groups, return_inverse=True)[1]
    by_chance = np.array([trial.by_chance for trial in trials])
    methods = {}
    for method in METHODS:
        points = np.array([trial.scores[method] for trial in trials])
        alike = [
            correlation for trial in trials if (correlation := trial.likeness[method]) is not None
        ]
        methods[method] = {
            "points": mean_with_interval(points, group, seed),
            "above_random": mean_with_interval(points - by_chance, group, seed),
            "beats_random": round(float((points > by_chance).mean()), 4),
            "like_untrained": round(float(np.mean(alike)), 4) if alike else None,
        }
    return {
        "photos": len(trials),
        "taken": list(TAKEN),
        "random": mean_with_interval(by_chance, group, seed),
        "methods": methods,
    }


def trial(networks: Judges, images: Tensor, generator: np.random.Generator) -> Trial:
    """Score every method on one photo of pixels 0..255 (1, 3, H, W)."""
    wanted = target_of(RAISES, networks.temperature)
    both = networks.network, networks.untrained
    drawn = {name: [map_of(net, images, name, wanted) for net in both] for name in METHODS}
    size = images.shape[3], images.shape[2]
    chance = random_ranks(drawn["GradCAM"][0].values.shape, size, generator)
    predict_aqi, photo = aqi_of(networks, images), images / 255
    seed = int(generator.integers(2**31))

    def score(placed: Ranks) -> float:
        return road(predict_aqi, photo, placed, seed)

    return Trial(
        score(chance),
        {name: score(ranks(ours.over(size), chance)) for name, (ours, _) in drawn.items()},
        {name: likeness(ours.values, other.values) for name, (ours, other) in drawn.items()},
    )


def aqi_of(networks: Judges, images: Tensor) -> Said:
    """The AQI by the photo alone as the CNN's pixels change and the haze branch's stay."""
    tail, wanted = Tail(networks.network, images), target_of(RAISES, networks.temperature)
    encoder = networks.network.image_encoder
    return lambda pixels: wanted(tail(encoder.feature_maps(255 * pixels))[0])[None]


def random_ranks(
    shape: tuple[int, ...], size: tuple[int, int], generator: np.random.Generator
) -> Ranks:
    """A random map, as coarse as the others (h, w) and stretched as they are."""
    values, ties = generator.random((2, *shape)).astype(np.float32)
    return ranks(HeatMap(values).over(size), HeatMap(ties).over(size))


def calibrated(network: AQFusionNet, calibration: Calibration) -> AQFusionNet:
    """A network with the mix and the gate of a calibration in it, as a checkpoint has them."""
    network.gate.load_state_dict(calibration.gate.state_dict())
    network.image_encoder.haze_share.fill_(calibration.haze_share)
    return network.requires_grad_(False)
