"""Maps point at what matters and not at what is loud, however many threads draw them."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from aqfusion import Photo, load_model
from aqfusion.evaluation.saliency_faithfulness import map_similarity, randomise_model
from aqfusion.explain.saliency import (
    LOWERS,
    METHODS,
    RAISES,
    TARGETS,
    HeatMapError,
    SaliencyMap,
    map_of,
    saliency_map,
    target_of,
)
from aqfusion.model.architecture import BACKBONES
from aqfusion.model.predictor import Predictor
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import trained
from aqfusion.network.pixel_tensors import stack
from aqfusion.settings import ASSETS, ROOT
from aqfusion.synthetic_scenes import scenes
from tests.conftest import ARCHITECTURE
from tests.explain.planted_network import COLUMNS, DECOY, LOWERING, RAISING, ROWS, planted_network

PIXELS = torch.zeros(1, 3, 96, 128)
ASKED = [name for name in METHODS if name != "EigenCAM"]  # those that hear what is asked


@pytest.fixture(scope="module")
def predictor(checkpoint_folder: Path) -> Predictor:
    return load_model(checkpoint_folder)


@pytest.fixture(scope="module")
def photos() -> list[Photo]:
    return [Photo.open(ASSETS / "scenes" / scene.file) for scene in scenes()[:3]]


def drawn(method: str, target: str) -> SaliencyMap:
    return map_of(planted_network(), PIXELS, method, target_of(target, temperature=1.0))


def only_at(place: tuple[int, int]) -> np.ndarray:
    values = np.zeros((ROWS, COLUMNS), dtype=np.float32)
    values[place] = 1
    return values


@pytest.mark.parametrize("method", ASKED)
@pytest.mark.parametrize(
    ("target", "place"),
    [(RAISES, RAISING), (LOWERS, LOWERING), ("Hazardous", RAISING), ("Good", LOWERING)],
)
def test_the_region_that_matters_is_marked_and_the_louder_decoy_is_not(method, target, place):
    assert drawn(method, target).values == pytest.approx(only_at(place), abs=1e-4)


@pytest.mark.parametrize("target", TARGETS)
def test_eigencam_marks_what_is_loudest_whatever_is_asked(target):
    values = drawn("EigenCAM", target).values
    assert np.unravel_index(values.argmax(), values.shape) == DECOY
    assert np.array_equal(values, drawn("EigenCAM", RAISES).values)


@pytest.mark.parametrize("method", ASKED)
def test_a_map_is_empty_where_nothing_speaks_for_what_is_asked(method):
    network = planted_network()
    network.image_encoder.project.weight.clamp_(max=0)  # nothing is left that raises
    found = map_of(network, PIXELS, method, target_of(RAISES, temperature=1.0))
    assert found.empty
    assert not found.over((8, 6)).any()
    assert not map_of(network, PIXELS, method, target_of(LOWERS, temperature=1.0)).empty


def test_a_map_is_stretched_to_the_photo_with_its_top_row_on_top():
    stretched = SaliencyMap(only_at(RAISING)).over((400, 300))
    assert stretched.shape == (300, 400)
    row, column = np.unravel_index(stretched.argmax(), stretched.shape)
    assert (row // 100, column // 100) == RAISING
    assert (stretched.min(), stretched.max() > 0.9, stretched.max() <= 1) == (0, True, True)


@pytest.mark.parametrize(
    ("method", "target", "sentence"),
    [
        (
            "ScoreCAM",
            RAISES,
            "method must be one of GradCAM, GradCAM++, LayerCAM, EigenCAM, got 'ScoreCAM'",
        ),
        ("GradCAM", "good", "target must be one of raises, lowers, Good, Moderate, "),
    ],
)
def test_what_does_not_exist_is_one_sentence(predictor, photos, method, target, sentence):
    with pytest.raises(HeatMapError) as error:
        saliency_map(predictor, photos[0], method, target)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_has_maps_of_its_last_convolution(backbone, photos):
    torch.manual_seed(3)
    network = AQFusionNet(replace(ARCHITECTURE, backbone=backbone)).eval().requires_grad_(False)
    for method in METHODS:
        found = map_of(network, stack(photos[:1], 128), method, target_of(RAISES, 1.0))
        assert found.values.shape == (4, 4)
        assert found.values.dtype == np.float32
        assert (found.values.min(), found.values.max()) == (0, pytest.approx(1, abs=0.01))


def test_threads_that_share_a_model_draw_the_maps_that_one_alone_draws(predictor, photos):
    jobs = list(product(photos, METHODS, (RAISES, "Good")))

    def draw(job) -> np.ndarray:
        return saliency_map(predictor, *job).values

    alone = [draw(job) for job in jobs]
    vectors = [predictor.embed(photo).vector for photo in photos]
    assert not all(np.array_equal(alone[0], other) for other in alone)
    with ThreadPoolExecutor(8) as pool:
        embedded = [pool.submit(predictor.embed, photo) for photo in photos * 8]
        for _ in range(3):
            together = list(pool.map(draw, jobs))
            assert all(map(np.array_equal, together, alone))
        for number, embedding in enumerate(embedded):
            assert np.array_equal(embedding.result().vector, vectors[number % len(photos)])


def test_nothing_is_left_on_the_network_that_was_explained(predictor, photos):
    network = trained(predictor.checkpoint).network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for method in METHODS:
        saliency_map(predictor, photos[0], method)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert [p for p in network.parameters() if p.grad is not None or p.requires_grad] == []
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    assert not any(getattr(module, of) for module in network.modules() for of in hooks)
    assert not network.training


def test_a_network_that_learned_otherwise_draws_otherwise(predictor, photos):
    """Adebayo et al. 2018: a map that stays as it is shows edges, not what a network knows."""
    network, pixels = trained(predictor.checkpoint).network, stack(photos, 192)
    for method in METHODS:
        alike = [
            map_similarity(
                map_of(network, photo[None], method, target_of(RAISES, 1.0)).values,
                map_of(
                    randomise_model(network, seed), photo[None], method, target_of(RAISES, 1.0)
                ).values,
            )
            for photo in pixels
            for seed in range(3)
        ]
        known = [found for found in alike if found is not None]
        assert known
        assert abs(np.mean(known)) < 0.6, method


@pytest.mark.long
def test_the_module_can_be_imported_first():
    """Beside a CPU torch, grad-cam brings a torchvision that has to be helped."""
    program = "from aqfusion.explain import saliency"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)
