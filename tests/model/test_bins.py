"""The AQI axis: planted distributions and the laws that hold for all of them."""

import numpy as np
import pytest
import torch

from aqfusion.air.aqi import standard
from aqfusion.model import bins
from aqfusion.network import torch_bins

CATEGORIES = standard("us").categories


def uniform_over(*numbers: int) -> np.ndarray:
    probabilities = np.zeros((1, bins.BIN_COUNT))
    probabilities[0, list(numbers)] = 1 / len(numbers)
    return probabilities


def some_distributions() -> np.ndarray:
    generator = torch.Generator().manual_seed(1)
    return (3 * torch.randn(20, bins.BIN_COUNT, generator=generator)).double().softmax(1).numpy()


def quantile(probabilities: np.ndarray, level) -> np.ndarray:
    [aqi] = bins.quantiles(probabilities, level)
    return aqi


@pytest.mark.parametrize("sigma", [0.1, 15.0, 200.0])
def test_targets_add_up_to_one_wherever_the_aqi_lies(sigma):
    targets = torch_bins.smoothed_targets(torch.tensor([0.0, 0.5, 50.5, 250.0, 500.0]), sigma)
    assert targets.shape == (5, 50)
    assert targets.sum(1) == pytest.approx(1, abs=1e-5)
    assert bool((targets > 0).all())


def test_mean_of_a_symmetric_target_is_its_aqi():
    aqi = torch.tensor([105.5, 250.5, 300.0])
    targets = torch_bins.smoothed_targets(aqi, 15.0)
    assert torch_bins.mean(targets) == pytest.approx(aqi, abs=0.05)
    assert bins.mean(targets.numpy()) == pytest.approx(aqi.numpy(), abs=0.05)


def test_target_peaks_in_the_bin_that_holds_the_aqi():
    peaks = torch_bins.smoothed_targets(torch.tensor([3.0, 10.0, 11.0, 499.0]), 5.0).argmax(1)
    assert peaks.tolist() == [0, 0, 1, 49]


def test_mean_of_one_bin_is_its_centre():
    assert bins.mean(uniform_over(0)).item() == 5.5
    assert bins.mean(uniform_over(0, 49)).item() == 250.5


def test_category_ends_are_those_of_the_us_standard():
    assert bins.CATEGORY_ENDS.tolist() == [category.i_high + 0.5 for category in CATEGORIES]


def test_each_bin_lies_in_one_category_and_in_the_right_one():
    chances = bins.category_probabilities(np.eye(bins.BIN_COUNT))  # (50, 6)
    assert set(chances.ravel().tolist()) == {0.0, 1.0}
    told = [CATEGORIES[number].name for number in chances.argmax(1).tolist()]
    us = standard("us")
    for name, low, high in zip(told, bins.EDGES[:-1], bins.EDGES[1:], strict=True):
        assert us.category_of(low.item()).name == name
        assert us.category_of(high.item() - 0.5).name == name


def test_category_probabilities_add_up_to_one():
    assert bins.category_probabilities(some_distributions()).sum(1) == pytest.approx(1)


def test_quantiles_of_planted_distributions():
    assert quantile(uniform_over(10), 0.5).item() == pytest.approx(105.5)
    assert quantile(uniform_over(10), 0.25).item() == pytest.approx(103.0)
    assert quantile(uniform_over(3, 40), 0.5).item() == pytest.approx(40.5)
    assert quantile(uniform_over(3, 40), 0.75).item() == pytest.approx(405.5)
    assert quantile(uniform_over(10), 0.0).item() == 0.5
    assert quantile(uniform_over(49), 1.0).item() == 500.5


def test_cumulative_of_planted_distributions():
    twice = torch.from_numpy(uniform_over(3, 40)).expand(4, -1)
    at = torch.tensor([0.0, 35.5, 200.0, 500.5], dtype=torch.double)
    assert torch_bins.cumulative(twice, at) == pytest.approx([0.0, 0.25, 0.5, 1.0])


@pytest.mark.parametrize("level", [0.01, 0.05, 0.5, 0.95, 0.99])
def test_quantile_and_cumulative_undo_each_other(level):
    probabilities = some_distributions()
    aqi = torch.from_numpy(quantile(probabilities, level))
    back = torch_bins.cumulative(torch.from_numpy(probabilities), aqi)
    assert back == pytest.approx(level, abs=1e-9)


def test_quantiles_do_not_cross():
    levels = [0.0, 0.05, 0.3, 0.5, 0.7, 0.95, 1.0]
    rows = np.stack(bins.quantiles(some_distributions(), *levels))
    assert (np.diff(rows, axis=0) >= 0).all()


def test_what_serves_and_what_trains_have_the_same_axis_and_formulas():
    probabilities = some_distributions()
    tensor = torch.from_numpy(probabilities)
    logits = np.log(probabilities) + 2
    edges = (bins.EDGES[None] - np.array([[3.0], [180.0], [499.0]])) / [[0.1], [15.0], [200.0]]
    pairs = (
        (bins.EDGES, torch_bins.EDGES),
        (bins.CENTRES, torch_bins.CENTRES),
        (bins.CATEGORY_ENDS, torch_bins.CATEGORY_ENDS),
        (bins.mean(probabilities), torch_bins.mean(tensor)),
        (bins.category_probabilities(probabilities), torch_bins.category_probabilities(tensor)),
        (bins.expected_aqi(logits), torch_bins.expected_aqi(torch.from_numpy(logits))),
        (bins.bin_masses(edges), torch_bins.bin_masses(torch.from_numpy(edges))),
    )
    for ours, theirs in pairs:
        assert ours == pytest.approx(theirs.numpy(), rel=1e-9, abs=1e-15)
