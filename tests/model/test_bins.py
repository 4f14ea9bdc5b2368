"""The AQI axis: planted distributions and the laws that hold for all of them."""

import pytest
import torch

from aqfusion.air.aqi import standard
from aqfusion.model import bins

CATEGORIES = standard("us").categories


def uniform_over(*numbers: int) -> torch.Tensor:
    probabilities = torch.zeros(1, bins.BIN_COUNT, dtype=torch.double)
    probabilities[0, list(numbers)] = 1 / len(numbers)
    return probabilities


def some_distributions() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return (3 * torch.randn(20, bins.BIN_COUNT, generator=generator)).double().softmax(1)


@pytest.mark.parametrize("sigma", [0.1, 15.0, 200.0])
def test_targets_add_up_to_one_wherever_the_aqi_lies(sigma):
    targets = bins.smoothed_targets(torch.tensor([0.0, 0.5, 50.5, 250.0, 500.0]), sigma)
    assert targets.shape == (5, 50)
    assert targets.sum(1) == pytest.approx(1, abs=1e-5)
    assert bool((targets > 0).all())


def test_mean_of_a_symmetric_target_is_its_aqi():
    aqi = torch.tensor([105.5, 250.5, 300.0])
    assert bins.mean(bins.smoothed_targets(aqi, 15.0)) == pytest.approx(aqi, abs=0.05)


def test_target_peaks_in_the_bin_that_holds_the_aqi():
    peaks = bins.smoothed_targets(torch.tensor([3.0, 10.0, 11.0, 499.0]), 5.0).argmax(1)
    assert peaks.tolist() == [0, 0, 1, 49]


def test_mean_of_one_bin_is_its_centre():
    assert bins.mean(uniform_over(0)).item() == 5.5
    assert bins.mean(uniform_over(0, 49)).item() == 250.5


def test_category_ends_are_those_of_the_us_standard():
    assert bins.CATEGORY_ENDS.tolist() == [category.i_high + 0.5 for category in CATEGORIES]


def test_each_bin_lies_in_one_category_and_in_the_right_one():
    chances = bins.category_probabilities(torch.eye(bins.BIN_COUNT))  # (50, 6)
    assert set(chances.flatten().tolist()) == {0.0, 1.0}
    told = [CATEGORIES[number].name for number in chances.argmax(1).tolist()]
    us = standard("us")
    for name, low, high in zip(told, bins.EDGES[:-1], bins.EDGES[1:], strict=True):
        assert us.category_of(low.item()).name == name
        assert us.category_of(high.item() - 0.5).name == name


def test_category_probabilities_add_up_to_one():
    assert bins.category_probabilities(some_distributions()).sum(1) == pytest.approx(1)


def test_quantiles_of_planted_distributions():
    assert bins.quantile(uniform_over(10), 0.5).item() == pytest.approx(105.5)
    assert bins.quantile(uniform_over(10), 0.25).item() == pytest.approx(103.0)
    assert bins.quantile(uniform_over(3, 40), 0.5).item() == pytest.approx(40.5)
    assert bins.quantile(uniform_over(3, 40), 0.75).item() == pytest.approx(405.5)
    assert bins.quantile(uniform_over(10), 0.0).item() == 0.5
    assert bins.quantile(uniform_over(49), 1.0).item() == 500.5


def test_cumulative_of_planted_distributions():
    twice = uniform_over(3, 40).expand(4, -1)
    at = torch.tensor([0.0, 35.5, 200.0, 500.5], dtype=torch.double)
    assert bins.cumulative(twice, at) == pytest.approx([0.0, 0.25, 0.5, 1.0])


@pytest.mark.parametrize("level", [0.01, 0.05, 0.5, 0.95, 0.99])
def test_quantile_and_cumulative_undo_each_other(level):
    probabilities = some_distributions()
    back = bins.cumulative(probabilities, bins.quantile(probabilities, level))
    assert back == pytest.approx(level, abs=1e-9)


def test_quantiles_do_not_cross():
    levels = [0.0, 0.05, 0.3, 0.5, 0.7, 0.95, 1.0]
    rows = torch.stack([bins.quantile(some_distributions(), level) for level in levels])
    assert bool((rows.diff(dim=0) >= 0).all())
