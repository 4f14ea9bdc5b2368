"""What the site process is asked: never about a day, a fold or a place that it knows."""

import pytest
import torch

from aqfusion.model.site_config import ELSEWHERE, LEARNED
from aqfusion.network import torch_bins as bins
from aqfusion.training.holdout_predictions import ALL_SHOWN
from aqfusion.training.site_holdout import SiteHoldout, fit_masks
from tests.planted_places import DAYS, sessions


@pytest.fixture(scope="module")
def places() -> SiteHoldout:
    return SiteHoldout(sessions(by_place=True), lambda text: None, draws=3, seed=0)


@pytest.fixture(scope="module")
def days() -> SiteHoldout:
    return SiteHoldout(sessions(by_place=False), lambda text: None, draws=1, seed=0)


def test_days_that_are_known_are_not_asked_about(places):
    choices = list(places.choices(2))
    assert [(count, len(support), len(asked)) for count, _, support, asked in choices] == [
        (0, 0, DAYS),
        *[(count, count, DAYS - count) for count in (1, 2, 4, 8) for _ in range(3)],
    ]
    for _, _, support, asked in choices:
        assert not set(support) & set(asked)
        assert {places.sessions[n].fold for n in (*support, *asked)} == {2}


def test_choices_are_drawn_anew_and_alike_with_the_same_seed(places):
    again = SiteHoldout(places.sessions, lambda text: None, draws=3, seed=0)
    other = SiteHoldout(places.sessions, lambda text: None, draws=3, seed=1)
    first = [support for _, _, support, _ in places.choices(1)]
    assert first == [support for _, _, support, _ in again.choices(1)]
    assert first != [support for _, _, support, _ in other.choices(1)]


def test_a_process_knows_nothing_of_what_is_left_out(places, days):
    assert {places.sessions[n].place for n in range(40)} == set(places.places)
    kept = places.process([1, 3])
    assert sorted(set(kept.place.tolist())) == sorted(
        places.places.index(place) for place in ("Alphaville", "Gammapur")
    )
    assert len(days.process([0]).aqi) == 4 * DAYS * 4 // 5


def test_more_days_of_a_place_bring_its_answers_nearer(places):
    told = places.elsewhere(3, [], (0, ALL_SHOWN))
    truth = torch.tensor([session.aqi for session in places.sessions])[told.session]
    off = (bins.mean(told.log_probabilities.exp()) - truth).abs()
    by_days = [off[(told.days == count) & (told.mask == 0)].mean().item() for count in (0, 1, 4, 8)]
    assert by_days[0] > 1.5 * by_days[1] > 0
    assert by_days[3] < by_days[0] / 3
    assert set(told.standing.tolist()) == {ELSEWHERE}


def test_at_a_learned_place_all_days_of_other_folds_are_known(days):
    told = days.at_learned_places(0, [2], (0,))
    assert set(told.standing.tolist()) == {LEARNED}
    assert set(told.days.tolist()) == {DAYS * 3 // 5}
    assert [days.sessions[n].fold for n in told.session.tolist()] == [0] * 8


def test_what_is_fitted_on_shows_nothing_everything_and_choices_between():
    masks = fit_masks(0)
    assert masks[0] == 0
    assert masks.count(ALL_SHOWN) == 3
    assert all(0 < mask < ALL_SHOWN for mask in masks[1:-3])
    assert masks == fit_masks(0)
