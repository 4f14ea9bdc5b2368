"""The bootstrap: row 0 is the data, the rows below are whole draws of them."""

import numpy as np
import pytest

from aqfusion.resampling import group_counts, item_counts, weighted_disagreement, with_interval


@pytest.mark.parametrize("groups", [1, 2, 7])
def test_every_resample_draws_as_many_groups_as_there_are(groups):
    counts = group_counts(groups, 50, seed=3)
    assert counts.shape == (51, groups)
    assert counts[0].tolist() == [1.0] * groups
    assert (counts.sum(1) == groups).all()
    assert np.array_equal(counts, group_counts(groups, 50, seed=3))


def test_counting_kinds_is_distributed_as_drawing_items():
    often = np.array([6, 3, 1])
    by_kind = item_counts(often, 20_000, np.random.default_rng(0))
    kind = np.repeat(np.arange(3), often)
    by_item = np.stack([group_counts(10, 20_000, seed=1)[:, kind == k].sum(1) for k in range(3)], 1)
    assert by_kind[0].tolist() == by_item[0].tolist() == [6.0, 3.0, 1.0]
    assert (by_kind.sum(1) == 10).all()
    assert by_kind[1:].mean(0) == pytest.approx(by_item[1:].mean(0), abs=0.05)
    assert by_kind[1:].std(0) == pytest.approx(by_item[1:].std(0), abs=0.03)


def test_the_interval_is_of_the_resamples_and_the_value_of_the_data():
    figures = np.concatenate([[7.0], np.arange(101.0)])
    assert with_interval(figures).tolist() == [7.0, 2.5, 97.5]
    both = with_interval(np.stack([figures, 2 * figures], 1))
    assert both.tolist() == [[7.0, 14.0], [2.5, 5.0], [97.5, 195.0]]


def test_disagreement_of_two_raters_by_hand():
    """Of 4 items one is off by two steps; the raters give 2, 0, 2 and 1, 0, 3 items."""
    table = np.zeros((1, 3, 3))
    table[0, 0, 0], table[0, 2, 2], table[0, 0, 2] = 1, 2, 1
    observed, by_chance = weighted_disagreement(table)
    assert observed.tolist() == [4.0]
    assert by_chance.tolist() == [(2 * 3 * 4 + 2 * 1 * 4) / 4]
