"""Shapley values against games whose answer is known, and against their own definition."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from aqfusion import Photo, load_model
from aqfusion.air.readings import Reading
from aqfusion.explain.attribution import (
    INPUTS,
    SHOWN,
    Coalitions,
    coalitions,
    contributions,
    shapley_values,
)
from aqfusion.model.predictor import Predictor
from tests.explain.planted_model import LANDMARK_POINTS, SITE_POINTS, PlantedAsk
from tests.planted import sky

PLAYERS = len(INPUTS)


@pytest.fixture(scope="module")
def predictor(checkpoint_folder: Path) -> Predictor:
    return load_model(checkpoint_folder)


def random_game(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(200, 80, len(SHOWN))


def test_where_inputs_only_add_up_each_gets_what_it_adds():
    adds = np.array([70.0, 1.5, -20.0, 0.0, 300.0, -0.25, 4.0, -90.0, 12.0])
    assert shapley_values(90 + SHOWN @ adds) == pytest.approx(adds, abs=1e-9)


def test_what_two_do_only_together_is_halved_between_them():
    both = SHOWN[:, 2] & SHOWN[:, 5]
    assert shapley_values(60.0 * both) == pytest.approx([0, 0, 30, 0, 0, 30, 0, 0, 0], abs=1e-9)


def test_who_changes_nothing_gets_nothing():
    worth = random_game(1)
    without_third = (np.arange(len(SHOWN)) & ~(1 << 3)).astype(int)
    assert shapley_values(worth[without_third])[3] == pytest.approx(0, abs=1e-9)


def test_who_does_the_same_gets_the_same():
    by_size = np.random.default_rng(2).normal(0, 50, (2, PLAYERS))
    swapped = SHOWN[:, [0, 4]].sum(1)  # only how many of the two are there matters
    worth = by_size[0][swapped] * by_size[1][SHOWN[:, [1, 2]].sum(1)] + 9 * SHOWN[:, 6]
    values = shapley_values(worth)
    assert values[0] == pytest.approx(values[4], abs=1e-9)
    assert values[1] == pytest.approx(values[2], abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_values_add_up_to_the_whole_way(seed):
    worth = random_game(seed)
    assert shapley_values(worth).sum() == pytest.approx(worth[-1] - worth[0], abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_site_and_landmarks_that_change_nothing_leave_the_values_of_the_seven_others(seed):
    without = random_game(seed)[:128]
    nine = shapley_values(np.tile(without, 4))
    assert nine == pytest.approx([*shapley_values(without), 0, 0], abs=1e-9)


@pytest.mark.parametrize(("players", "count"), [(7, 5040), (8, 40320)])
def test_values_are_the_mean_over_all_orders_of_coming_in(players, count):
    worth, gained = random_game(7)[: 2**players], np.zeros(players)
    orders = list(itertools.permutations(range(players)))
    for order in orders:
        inside = 0
        for player in order:
            gained[player] += worth[inside | 1 << player] - worth[inside]
            inside |= 1 << player
    assert len(orders) == count
    assert shapley_values(worth) == pytest.approx(gained / len(orders), abs=1e-9)


def test_contributions_name_each_input_its_points():
    planted = {**dict.fromkeys(INPUTS, 0.0), "photo": 7.0, "pm25": 80.0, "so2": 3.0}
    for site, landmarks in ((False, False), (True, False), (True, True)):
        known = coalitions(PlantedAsk(), Reading(pm25=80, so2=3), True, site, landmarks)
        found = contributions(known)
        # Landmarks count only beside the site, so that both share what they add.
        half = LANDMARK_POINTS / 2 * landmarks
        points = {"site": SITE_POINTS * site + half, "landmarks": half}
        assert (found.base, found.aqi) == (0, 90 + sum(points.values()))
        assert list(found.points) == list(INPUTS)
        assert found.points == pytest.approx({**planted, **points}, abs=1e-9)


@pytest.mark.parametrize(
    ("reading", "photo"),
    [
        (Reading(pm25=180, pm10=260, o3=20, co=2.0, so2=9, no2=45), True),
        (Reading(pm25=180, no2=45), True),
        (Reading(co=1.5, o3=70), False),
        (Reading(), True),
    ],
    ids=["all", "some", "no photo", "photo only"],
)
def test_a_model_s_contributions_add_up_to_what_it_predicts(predictor, reading, photo):
    embedding = predictor.embed(Photo.from_image(sky(300, seed=1))) if photo else None
    found = contributions(asked(predictor, reading, embedding))
    nothing = predictor.ask(None, np.array([False]), np.full((1, 6), np.nan))
    said = predictor.ask(embedding, np.array([photo]), np.array([reading.values]))
    # The network is of float32, which a batch of another size rounds otherwise.
    assert found.base == pytest.approx(nothing.aqi[0], abs=1e-3)
    assert found.aqi == pytest.approx(said.aqi[0], abs=1e-3)
    assert sum(found.points.values()) == pytest.approx(found.aqi - found.base, abs=1e-4)
    given = {*reading.present, *(["photo"] if photo else [])}
    assert {name: found.points[name] == 0 for name in INPUTS} == {
        name: name not in given for name in INPUTS
    }


def asked(predictor, reading, embedding) -> Coalitions:
    def ask(photo_shown, readings, site_shown, landmarks_shown):
        return predictor.ask(embedding, photo_shown, readings, site_shown, landmarks_shown)

    return coalitions(ask, reading, embedding is not None, predictor.knows_site)
