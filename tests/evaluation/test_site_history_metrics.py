"""What a history is worth: figures whose truth is planted."""

import json

import numpy as np
import pytest

from aqfusion.evaluation.baselines import METHODS, site_baselines
from aqfusion.evaluation.site_history_metrics import rmse_with_interval, site_figures
from aqfusion.model.prediction import KINDS
from aqfusion.training import calibration as calibrating
from aqfusion.training.site_holdout import SiteHoldout
from tests.planted_places import held_out, sessions


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch):
    monkeypatch.setattr(calibrating, "_STEPS", 30)


@pytest.fixture(scope="module")
def by_place():
    of = sessions(by_place=True)
    return of, SiteHoldout(of, lambda text: None, draws=2, seed=0)


def test_at_places_figures_are_told_by_kind_and_days(by_place):
    of, questions = by_place
    numbers = questions.numbers_of(of)
    told = site_figures(held_out(of, 150.0), questions, numbers, places=True, sigma=15.0, seed=0)
    json.dumps(told, allow_nan=False)
    assert [(one["kind"], one["days"]) for one in told] == [
        (kind, days) for kind in KINDS for days in (0, 1, 2, 4, 8)
    ]
    alone = {one["days"]: one for one in told if one["kind"] == "nothing"}
    rmse = {days: one["session_rmse"][0] for days, one in alone.items()}
    assert rmse[0] > 1.5 * rmse[2] > rmse[8]
    assert alone[8]["site"] == rmse[8]
    assert alone[8]["coverage"] > 0.75
    assert (alone[8]["draws"], alone[8]["places"]) == (2, 4)
    # The network is off by 150, so that the site has to carry the answer.
    fused = next(one for one in told if (one["kind"], one["days"]) == ("fused", 8))
    assert fused["session_rmse"][0] < fused["network"] / 2


def test_by_days_all_of_other_folds_are_known():
    of = sessions(by_place=False)
    questions = SiteHoldout(of, lambda text: None, draws=1, seed=0)
    told = site_figures(
        held_out(of, 10.0), questions, questions.numbers_of(of), places=False, sigma=15.0, seed=0
    )
    assert [(one["kind"], one["days"]) for one in told] == [(kind, None) for kind in KINDS]


def test_baselines_know_the_same_days(by_place):
    _, questions = by_place
    told = site_baselines(questions, range(4), places=True, seed=0)
    assert {one["method"] for one in told} == set(METHODS)
    rmse = {(one["method"], one["days"]): one["session_rmse"][0] for one in told}
    assert rmse["place_mean", 0] == rmse["constant", 0]
    assert rmse["place_mean", 8] < rmse["place_mean", 1] < rmse["place_mean", 0]
    assert rmse["constant", 8] > 2 * rmse["place_mean", 8]


def test_places_weigh_alike_and_sessions_do_where_folds_are_no_places():
    errors = [np.array([0.0]), np.array([100.0, 100.0, 100.0])]
    assert rmse_with_interval(errors, True, 0)[0] == pytest.approx(50**0.5, abs=0.01)
    assert rmse_with_interval(errors, False, 0)[0] == pytest.approx(75**0.5, abs=0.01)
    value, low, high = rmse_with_interval(errors, True, 0)
    assert low <= value <= high
