"""A shift is called one where it is, and chance is not; few counts say that they are few."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import chi2

from aqfusion.monitoring import population_stability as module
from aqfusion.monitoring.population_stability import (
    FAR,
    MOVED,
    STEADY,
    TOO_FEW,
    population_stability,
)

EVEN = (0.2,) * 5


def test_psi_is_what_the_formula_says():
    found = population_stability((300, 100), (200, 200))
    p, q = np.array([300.5, 100.5]) / 401, np.array([200.5, 200.5]) / 401
    assert found.psi == pytest.approx(((p - q) * np.log(p / q)).sum())
    noise = 1 / 400 + 1 / 400
    assert found.above == pytest.approx(found.psi - noise)
    assert found.chance == pytest.approx(chi2.isf(0.05 / 15, 1) * noise)
    assert (found.recent, found.reference_count, found.verdict) == (400, 400, FAR)


@pytest.mark.parametrize("freedom", [1, 4, 5, 10])
def test_the_limit_is_that_of_the_chi_square_distribution(freedom):
    # Wilson & Hilferty (1931) come within a hundredth of it.
    part = 2 / (9 * freedom)
    near = freedom * (1 - part + NormalDist().inv_cdf(1 - 0.05 / 15) * part**0.5) ** 3
    assert module._limit(freedom) == pytest.approx(near, rel=0.012)


def test_verdicts_have_their_order():
    thousand = np.full(5, 2000)
    assert population_stability(thousand, thousand).verdict == STEADY
    assert (
        population_stability((2000, 2000, 2000, 2200, 1800), thousand).verdict == STEADY
    )  # sure, and small
    assert population_stability((1300, 1600, 2000, 2400, 2700), thousand).verdict == STEADY
    assert population_stability((1000, 1500, 2000, 2500, 3000), thousand).verdict == MOVED
    assert population_stability((300, 900, 2000, 2800, 4000), thousand).verdict == FAR


def test_too_few_says_how_many_are_needed_and_from_there_on_it_can_tell():
    known = np.full(5, 19)
    few = population_stability((6, 6, 6, 6, 6), known)
    assert (few.verdict, few.recent) == (TOO_FEW, 30)
    needed = few.needed
    assert needed is not None
    assert population_stability(np.full(5, (needed - 5) / 5), known).verdict == TOO_FEW
    assert population_stability(np.full(5, (needed + 5) / 5), known).verdict == STEADY
    # That is where all that is far is beyond chance.
    limit = module._limit(4)
    assert (limit - 4) * (1 / needed + 1 / 95) <= 0.25 < (limit - 4) * (1 / (needed - 1) + 1 / 95)


def test_a_large_shift_needs_no_more_than_twenty():
    assert population_stability((0, 0, 0, 0, 20), np.full(5, 19)).verdict == FAR
    assert population_stability((0, 0, 0, 0, 19), np.full(5, 19)).verdict == TOO_FEW


def test_where_one_side_is_too_small_no_number_helps():
    found = population_stability((10,) * 5, (3,) * 5)
    assert (found.needed, found.verdict) == (None, TOO_FEW)
    assert population_stability((0,) * 5, (19,) * 5).chance is None
    assert population_stability((), ()).verdict == TOO_FEW


@pytest.mark.parametrize(("n", "known"), [(20, 94), (50, 94), (400, 94), (400, 400)])
def test_chance_is_taken_for_a_shift_as_rarely_as_it_says(n, known):
    rng = np.random.default_rng(0)
    tries = 1500
    now, then = rng.multinomial(n, EVEN, tries), rng.multinomial(known, EVEN, tries)
    wrong = sum(
        population_stability(*pair).verdict in (MOVED, FAR) for pair in zip(now, then, strict=True)
    )
    expected = tries * module._ERROR  # 5
    assert wrong <= expected + 3 * math.sqrt(expected)
