"""Visual range by Koschmieder, with what is not known of the landmark told as an interval."""

import math

import pytest

from aqfusion.sites.extinction import FAINTEST, Contrast, visual_range


def contrast(extinction, std=0.0, is_hidden=False):
    return Contrast(0.5, 0.5 - 0.5 * math.exp(-extinction), extinction, std, is_hidden)


def test_it_is_koschmieders_law():
    """3 km of air that has a visual range of 10 km, before a thing of nine tenths of black."""
    seen = visual_range(contrast(3 * 3.912 / 10 - math.log(0.9)), 3)
    assert (seen.per_km, seen.km) == pytest.approx((0.3912, 10))


def test_what_the_thing_itself_may_be_is_in_the_interval():
    for intrinsic in (0.8, 1.0):
        seen = visual_range(contrast(3 * 0.3912 - math.log(intrinsic)), 3)
        assert seen.low_km <= 10 * 1.0001
        assert seen.high_km >= 10 * 0.9999


def test_an_unquiet_sky_widens_it():
    quiet, unquiet = visual_range(contrast(1.2), 3), visual_range(contrast(1.2, 0.2), 3)
    assert unquiet.low_km < quiet.low_km
    assert unquiet.high_km > quiet.high_km


def test_a_thing_too_near_has_no_upper_end():
    seen = visual_range(contrast(0.05), 0.2)
    assert (seen.km, seen.high_km) == (None, None)
    assert seen.low_km == pytest.approx(3.912 * 0.2 / 0.05)


def test_of_a_hidden_thing_only_the_upper_end_is_known():
    seen = visual_range(contrast(-math.log(FAINTEST), 0.5, True), 2)
    assert (seen.low_km, seen.is_hidden) == (0, True)
    assert seen.high_km < 3
