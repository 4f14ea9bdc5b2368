"""Ranges hold what they say, and keep their key."""

import numpy as np

from aqfusion.monitoring.population_stability import Ranges, deciles, in_fifths


def test_deciles_hold_a_tenth_each():
    values = np.random.default_rng(0).permutation(1000) / 7
    ranges = deciles("pm25", values)
    assert ranges.histogram([*values, None]) == (1.0, *(100.0,) * 10)
    assert in_fifths(ranges.histogram(values)) == (0.0, *(200.0,) * 5)


def test_many_equal_values_make_fewer_ranges_and_lose_nothing():
    values = [0.0] * 70 + [1.0] * 30
    ranges = deciles("so2", values)
    assert ranges.edges == (0.0, 0.3, 1.0)
    assert ranges.histogram(values) == (0.0, 0.0, 70.0, 0.0, 30.0)


def test_a_key_is_of_what_and_where():
    keys = {Ranges(about, edges).key for about in ("co", "o3") for edges in ((1.0,), (1.0, 2.0))}
    assert len(keys) == 4
    assert Ranges("co", (1.0,)).key == Ranges("co", (1.0,)).key
