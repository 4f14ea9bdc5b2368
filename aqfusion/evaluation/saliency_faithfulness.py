"""Faithfulness of saliency maps, measured on photos that the network has not seen.

Is more of the AQI lost with what a map marks than with what a random map marks (`deletion_curve`,
ROAD by the grad-cam package: Rong et al. 2022, "A consistent and efficient evaluation strategy for
attribution methods")? Pixels are taken away by painting over them with what surrounds them; a black
hole would itself be a sign of something. And would a network that has learned nothing draw the same
map (`randomise_model`, the randomisation test of Adebayo et al. 2018, "Sanity checks for saliency
maps")?
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import Tensor

from aqfusion.evaluation.calibrated_predictions import cross_fitted
from aqfusion.evaluation.scores import mean_with_interval
from aqfusion.explain.saliency import (
    METHODS,
    RAISES,
    ROADCombined,
    SaliencyMap,
    Tail,
    map_of,
    target_of,
)
from aqfusion.images.photo import Photo
from aqfusion.model.pixels import STORED_SIZE
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.pixel_tensors import stack
from aqfusion.network.trunks import create_trunk
from aqfusion.training.calibration import Calibration
from aqfusion.training.experiment import Experiment
from aqfusion.training.holdout_predictions import concatenate
from aqfusion.training.protocols import Part

TAKEN = (10, 20)  # per cent of the pixels; each choice is asked for, and the mean is the score

Ranks = NDArray[np.float32]  # (H, W), 0 to 1, each value once
Said = Callable[[Tensor], Tensor]  # pixels 0..1 (1, 3, H, W) to one number (1,)


def ranks(importance: NDArray[np.float32], ties: NDArray[np.float32]) -> Ranks:
    """Where each pixel stands in the order of importance (H, W); `ties` decides among equals.

    Without it, equal pixels, and a map leaves much of a photo at 0, would be taken all or none.
    """
    order = np.lexsort((ties.ravel(), importance.ravel()))
    placed = np.empty(order.size, dtype=np.float32)
    placed[order] = np.linspace(0, 1, order.size, dtype=np.float32)
    return placed.reshape(importance.shape)


def deletion_curve(predict_aqi: Said, image: Tensor, importance: Ranks, seed: int) -> float:
    """Half of how much more the answer falls without the most important pixels than the least.

    `image` is (1, 3, H, W), 0..1. About 0 where `importance` has nothing to do with the answer.
    """
    with torch.no_grad():
        full_aqi = predict_aqi(image)

    def predict_or_reuse(images: Tensor) -> Tensor:
        return (
            full_aqi if images is image else predict_aqi(images)
        )  # it asks for the full image every time

    score = ROADCombined([100 - share for share in TAKEN])
    with torch.random.fork_rng(devices=[]):  # what is painted over gets noise
        torch.manual_seed(seed)
        return float(score(image, importance[None], [_itself], predict_or_reuse)[0])


def _itself(answer: Tensor) -> Tensor:
    return answer


def randomise_model(network: AQFusionNet, seed: int) -> AQFusionNet:
    """The same network but for its CNN, whose weights are random."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        other = AQFusionNet(network.architecture)
        other.load_state_dict(network.state_dict())
        other.image_encoder.trunk = create_trunk(network.architecture.backbone)
    return other.eval().requires_grad_(False)


def map_similarity(first: NDArray[np.float32], second: NDArray[np.float32]) -> float | None:
    """Spearman's rank correlation of two maps, -1 to 1; `None` where one is the same all over."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(spearmanr(first.ravel(), second.ravel()).statistic)


@dataclass(frozen=True)
class DeletionTrial:
    """How the maps of one photo did: ROAD scores in AQI points, that of a random map among them.

    `likeness` is the rank correlation with an untrained network's map, `None` where a map is empty.
    """

    by_chance: float
    scores: dict[str, float]
    likeness: dict[str, float | None]


@dataclass(frozen=True, eq=False)
class FaithfulnessNetworks:
    """A network, its copy with an untrained CNN, and the temperature of the photo alone."""

    network: AQFusionNet
    untrained: AQFusionNet
    temperature: float


def saliency_faithfulness(
    experiment: Experiment, parts: Sequence[Part], seed: int
) -> dict[str, Any]:
    """The "heat_maps" object of a backbone's figures: one photo of each held-out session."""
    trials: list[DeletionTrial] = []
    groups: list[str] = []
    for networks, part in _judged(experiment, parts, seed):
        for session in part.test:
            own = np.random.default_rng([seed, len(trials)])
            row = session.rows[own.integers(len(session.rows))]
            trials.append(trial(networks, stack([Photo.open(row.photo)], STORED_SIZE), own))
            groups.append(session.group)
        experiment.report(f"{part.name}: scored the heat maps of {len(part.test)} photos")
    return figures(trials, groups, seed)


def _judged(
    experiment: Experiment, parts: Sequence[Part], seed: int
) -> Iterator[tuple[FaithfulnessNetworks, Part]]:
    """Each part with its network and a calibration, neither of which has seen it."""
    held_out = concatenate([experiment.held_out(part) for part in parts])
    calibrations = {
        int(judged.held_out.fold[0]): judged.calibration
        for judged in cross_fitted(held_out, experiment.recipe.sigma, seed)
    }
    for number, part in enumerate(parts):
        calibration = calibrations[part.test[0].fold]
        network = calibrated(experiment.network(part.train, part.name), calibration)
        twin = randomise_model(network, seed + number)
        yield FaithfulnessNetworks(network, twin, calibration.temperature["image_only"]), part


def figures(trials: Sequence[DeletionTrial], groups: Sequence[str], seed: int) -> dict[str, Any]:
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


def trial(
    networks: FaithfulnessNetworks, images: Tensor, generator: np.random.Generator
) -> DeletionTrial:
    """Score every method on one photo of pixels 0..255 (1, 3, H, W)."""
    wanted = target_of(RAISES, networks.temperature)
    both = networks.network, networks.untrained
    drawn = {name: [map_of(net, images, name, wanted) for net in both] for name in METHODS}
    size = images.shape[3], images.shape[2]
    chance = random_ranks(drawn["GradCAM"][0].values.shape, size, generator)
    predict_aqi, photo = aqi_of(networks, images), images / 255
    seed = int(generator.integers(2**31))

    def score(placed: Ranks) -> float:
        return deletion_curve(predict_aqi, photo, placed, seed)

    return DeletionTrial(
        score(chance),
        {name: score(ranks(ours.over(size), chance)) for name, (ours, _) in drawn.items()},
        {name: map_similarity(ours.values, other.values) for name, (ours, other) in drawn.items()},
    )


def aqi_of(networks: FaithfulnessNetworks, images: Tensor) -> Said:
    """The AQI by the photo alone as the CNN's pixels change and the haze branch's stay."""
    tail, wanted = Tail(networks.network, images), target_of(RAISES, networks.temperature)
    encoder = networks.network.image_encoder
    return lambda pixels: wanted(tail(encoder.feature_maps(255 * pixels))[0])[None]


def random_ranks(
    shape: tuple[int, ...], size: tuple[int, int], generator: np.random.Generator
) -> Ranks:
    """A random map, as coarse as the others (h, w) and stretched as they are."""
    values, ties = generator.random((2, *shape)).astype(np.float32)
    return ranks(SaliencyMap(values).over(size), SaliencyMap(ties).over(size))


def calibrated(network: AQFusionNet, calibration: Calibration) -> AQFusionNet:
    """A network with the mix and the gate of a calibration in it, as a checkpoint has them."""
    network.gate.load_state_dict(calibration.gate.state_dict())
    network.image_encoder.haze_share.fill_(calibration.haze_share)
    return network.requires_grad_(False)
