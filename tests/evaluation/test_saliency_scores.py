"""ROAD's scores: what matters is above chance, the reverse below, and what is flat is chance."""

import numpy as np
import pytest
import torch

from aqfusion.evaluation.saliency_faithfulness import TAKEN, deletion_curve, ranks

SIZE = 32
PATCH = (slice(8, 16), slice(16, 24))  # the only pixels that the answer rests on
SHARE = 100 * 64 / SIZE**2  # per cent of the picture


def said(images: torch.Tensor) -> torch.Tensor:
    """100 points where the patch is all red."""
    return 100 * images[:, 0, *PATCH].mean((1, 2))


def picture() -> torch.Tensor:
    """A red patch on black, and a blue one, just as large, that the answer ignores."""
    image = torch.zeros(1, 3, SIZE, SIZE)
    image[0, 0, *PATCH] = 1
    image[0, 2, 20:28, 4:12] = 1
    return image


def chance(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((SIZE, SIZE)).astype(np.float32)


def marking(*place: slice) -> np.ndarray:
    values = np.zeros((SIZE, SIZE), dtype=np.float32)
    values[place] = 1
    return ranks(values, chance(0))


def score(importance: np.ndarray, seed: int = 0) -> float:
    return deletion_curve(said, picture(), importance, seed)


def test_a_map_of_what_matters_is_worth_its_points_and_the_reverse_costs_as_many():
    # Without the patch all 100 points are gone, without as many other pixels none.
    assert min(TAKEN) > SHARE
    assert score(marking(*PATCH)) == pytest.approx(50, abs=1)
    assert score(1 - marking(*PATCH)) == pytest.approx(-50, abs=1)


def test_a_map_of_something_loud_that_does_not_matter_is_worth_nothing():
    decoy = score(marking(slice(20, 28), slice(4, 12)))
    assert abs(decoy) < 10 < score(marking(*PATCH))


def test_random_maps_are_worth_nothing_on_average():
    scores = [score(ranks(chance(seed), chance(seed))) for seed in range(10)]
    assert abs(np.mean(scores)) < 3


def test_ranks_go_by_importance_and_ties_only_decide_among_equals():
    importance = np.array([[0, 0, 0.5], [0.5, 1, 0.2]], dtype=np.float32)
    ties = np.array([[0.9, 0.1, 0.2], [0.3, 0.0, 0.0]], dtype=np.float32)
    assert ranks(importance, ties) == pytest.approx(np.array([[0.2, 0, 0.6], [0.8, 1, 0.4]]))


def test_a_map_that_is_flat_is_the_map_that_breaks_its_ties():
    first = ranks(chance(1), chance(2))
    assert np.array_equal(ranks(np.full((SIZE, SIZE), 0.7, dtype=np.float32), first), first)


def test_as_many_pixels_are_taken_whatever_the_map():
    """Without ranks, a map that is 0 in most places has all of the picture taken at once."""
    seen = []

    def counting(images: torch.Tensor) -> torch.Tensor:
        seen.append(int((images != grey).any(1).sum()))
        return images.sum((1, 2, 3))

    grey = torch.full((1, 3, SIZE, SIZE), 0.5)
    deletion_curve(counting, grey, marking(*PATCH), 0)
    taken = sorted(round(SIZE**2 * share / 100) for share in TAKEN for _ in range(2))
    assert sorted(seen) == pytest.approx([0, *taken], abs=1)


def test_the_same_seed_gives_the_same_score_and_leaves_others_randomness_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    assert score(marking(*PATCH), 3) == score(marking(*PATCH), 3) != score(marking(*PATCH), 4)
    assert torch.equal(torch.get_rng_state(), before)
