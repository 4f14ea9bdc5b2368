"""Trust in maps: what marks the one region that matters beats chance, what is wrong does not."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from aqfusion.data.dataset_folder import read_folder
from aqfusion.evaluation import saliency_faithfulness as measured
from aqfusion.evaluation.saliency_faithfulness import (
    TAKEN,
    DeletionTrial,
    FaithfulnessNetworks,
    aqi_of,
    figures,
    saliency_faithfulness,
    trial,
)
from aqfusion.explain.saliency import METHODS, SaliencyMap
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.training.experiment import training
from aqfusion.training.protocols import split
from aqfusion.training.recipe import Recipe
from tests.conftest import shrink
from tests.explain.planted_network import COLUMNS, DECOY, RAISING, ROWS, ColourTrunk
from tests.explain.planted_network import planted_network as network_with

CELL = 16  # pixels
PHOTOS = 8


def cell(place: tuple[int, int]) -> tuple[slice, slice]:
    row, column = place
    return (
        slice(CELL * row, CELL * (row + 1)),
        slice(CELL * column, CELL * (column + 1)),
    )


@pytest.fixture(scope="module")
def judges() -> FaithfulnessNetworks:
    return FaithfulnessNetworks(network_with(ColourTrunk()), network_with(), temperature=1.0)


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    """Red at the place that raises, blue at the decoy's, else a little of both."""
    image = torch.full((1, 3, CELL * ROWS, CELL * COLUMNS), 20.0)
    image[0, 0][cell(RAISING)] = 255
    image[0, 2][cell(DECOY)] = 255
    return image


def trials(judges: FaithfulnessNetworks, photo: torch.Tensor) -> list[DeletionTrial]:
    return [trial(judges, photo, np.random.default_rng(seed)) for seed in range(PHOTOS)]


def planted_maps(monkeypatch, values: np.ndarray) -> None:
    """All methods draw this map."""
    monkeypatch.setattr(measured, "map_of", lambda *given: SaliencyMap(values.astype(np.float32)))


def gains(tried: list[DeletionTrial], method: str = "GradCAM") -> np.ndarray:
    return np.array([one.scores[method] - one.by_chance for one in tried])


def test_methods_that_find_what_matters_beat_chance_and_one_that_finds_what_is_loud_does_not(
    judges, photo
):
    tried = trials(judges, photo)
    for method in ("GradCAM", "GradCAM++", "LayerCAM"):
        assert (gains(tried, method) > 0).mean() > 0.9, method
    assert gains(tried, "EigenCAM").mean() < 0.25 * gains(tried).mean()


def test_the_right_map_gains_and_the_reversed_one_loses(judges, photo, monkeypatch):
    right = np.zeros((ROWS, COLUMNS))
    right[RAISING] = 1
    planted_maps(monkeypatch, right)
    assert gains(trials(judges, photo)).mean() > 5
    planted_maps(monkeypatch, 1 - right)
    assert gains(trials(judges, photo)).mean() < -5


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_map_that_is_the_same_all_over_scores_exactly_as_chance(
    judges, photo, monkeypatch, value
):
    planted_maps(monkeypatch, np.full((ROWS, COLUMNS), value))
    (tried, *_) = trials(judges, photo)
    assert set(tried.scores.values()) == {tried.by_chance}
    assert set(tried.likeness.values()) == {None}


def test_the_same_generator_gives_the_same_trial(judges, photo):
    one, same, other = (trial(judges, photo, np.random.default_rng(s)) for s in (1, 1, 2))
    assert one == same
    assert one.by_chance != other.by_chance


def test_the_haze_branch_is_held_at_the_photo_as_it_was(judges, photo):
    torch.manual_seed(0)  # some random weights of the haze branch see too little of it
    network = network_with(ColourTrunk())
    network.image_encoder.haze_share.fill_(0.5)
    said = aqi_of(replace(judges, network=network), photo)
    with torch.no_grad():
        before, after = said(photo / 255), said(photo.flip(3) / 255)
        fused = network(photo, torch.full((1, 6), float("nan"))).softmax(1)
    centres = 5.5 + 10 * torch.arange(50)
    assert before == pytest.approx((fused @ centres).numpy(), abs=1e-3)
    # Mirrored, the cells' mean is the same and so is the CNN's answer; the haze would differ.
    assert after == pytest.approx(before.numpy(), abs=1e-3)
    flipped = aqi_of(replace(judges, network=network), photo.flip(3))
    with torch.no_grad():
        assert flipped(photo / 255) != pytest.approx(before.numpy(), abs=1e-3)


def test_figures_are_means_with_intervals_over_groups():
    scores = {"GradCAM": 6.0, "GradCAM++": 1.0, "LayerCAM": -3.0, "EigenCAM": 1.0}
    likenesses = {"GradCAM": 0.25, "GradCAM++": None, "LayerCAM": -0.5, "EigenCAM": 1.0}
    one = DeletionTrial(1.0, scores, likenesses)
    other = DeletionTrial(2.0, {**scores, "GradCAM": 1.5}, {**likenesses, "GradCAM": None})
    told = figures([one, other, one], ["a", "a", "a"], seed=0)
    assert told == {
        "photos": 3,
        "taken": list(TAKEN),
        "random": [1.3333] * 3,
        "methods": {
            "GradCAM": of_method(4.5, 3.1667, 0.6667, 0.25),
            "GradCAM++": of_method(1.0, -0.3333, 0.0, None),
            "LayerCAM": of_method(-3.0, -4.3333, 0.0, -0.5),
            "EigenCAM": of_method(1.0, -0.3333, 0.0, 1.0),
        },
    }
    _, low, high = figures([one, other] * 4, [*"abababab"], seed=0)["methods"]["GradCAM"]["points"]
    assert (low, high) == (1.5, 6.0)


def of_method(points: float, above: float, beats: float, like: float | None) -> dict:
    return {
        "points": [points] * 3,
        "above_random": [above] * 3,
        "beats_random": beats,
        "like_untrained": like,
    }


@dataclass
class Trained:
    """A training of the planted folder, and what was reported and tried."""

    folder: Path
    kept: Path
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Train nothing yet."""
        rows = [row for row in read_folder(self.folder) if row.fold in (0, 1)]
        recipe = Recipe(
            "resnet18",
            epochs=1,
            frames_per_session=1,
            image_size=48,
            sensor_steps=1,
            haze_steps=1,
            committee=False,
        )
        self.parts = split("leak-safe", rows, 0)
        found = training(rows, recipe, random_weights, self.kept, self.told.append)
        self.experiment = found.experiment

    def figures(self) -> dict:
        """What comes into the metrics file."""
        return saliency_faithfulness(self.experiment, self.parts, seed=0)


def random_weights(network: AQFusionNet, name: str) -> None:
    """Leave the trunk as it was made."""


@pytest.fixture(scope="module")
def trained(data_folder, tmp_path_factory) -> Iterator[Trained]:
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        patch.setattr(measured, "STORED_SIZE", 64)
        patch.setattr(measured, "TAKEN", (20,))
        yield Trained(data_folder, tmp_path_factory.mktemp("kept"))


@pytest.mark.long
def test_held_out_sessions_are_tried_once_each_and_again_with_the_same_result(trained):
    told = trained.figures()
    sessions = [len(part.test) for part in trained.parts]
    assert (told["photos"], list(told["methods"])) == (sum(sessions), list(METHODS))
    said = [text for text in trained.told if "heat maps" in text]
    assert said == [f"fold{i}: scored the heat maps of {sessions[i]} photos" for i in (0, 1)]
    trained.told.clear()
    assert trained.figures() == told
    assert not [text for text in trained.told if "epoch" in text]


def test_each_photo_is_judged_by_the_network_that_never_saw_it(trained, monkeypatch):
    asked = []

    def noted(judges: FaithfulnessNetworks, images: torch.Tensor, generator) -> DeletionTrial:
        asked.append((judges, images, generator.random()))
        return DeletionTrial(0.0, dict.fromkeys(METHODS, 0.0), dict.fromkeys(METHODS))

    monkeypatch.setattr(measured, "trial", noted)
    told = trained.figures()
    assert told["methods"]["GradCAM"]["like_untrained"] is None
    expected = [part for part in trained.parts for _ in part.test]
    for (judges, images, _), part in zip(asked, expected, strict=True):
        first = first_weights(trained.experiment.network(part.train, part.name))
        assert images.shape == (1, 3, 64, 64)
        assert torch.equal(first_weights(judges.network), first)
        assert not torch.equal(first_weights(judges.untrained), first)
        assert not any(p.requires_grad for p in judges.network.parameters())
    assert len({drawn for _, _, drawn in asked}) == len(asked)  # each has chances of its own


def first_weights(network: AQFusionNet) -> torch.Tensor:
    return network.image_encoder.trunk.conv1.weight
