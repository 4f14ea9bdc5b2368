"""The pool leans on whoever was right, and intervals hold what they promise."""

import pytest
import torch

from aqfusion.model.prediction import KINDS
from aqfusion.model.site_config import DAY_STEPS, LEARNED
from aqfusion.network import torch_bins as bins
from aqfusion.network.modality_pooling import kind_numbers
from aqfusion.training import calibration as calibrating
from aqfusion.training.calibration import calibrate
from aqfusion.training.sessions import session_weights
from aqfusion.training.site_calibration import (
    first_pool,
    fit_pool,
    fit_reach,
    joined_poolings,
    pooling,
)
from aqfusion.training.site_holdout import SiteHoldout, fit_masks, joined_answers
from tests.planted_places import held_out, sessions

FUSED = KINDS.index("fused")


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch):
    monkeypatch.setattr(calibrating, "_STEPS", 60)


@pytest.fixture(scope="module")
def asked():
    of = sessions(by_place=False)
    questions = SiteHoldout(of, lambda text: None, draws=1, seed=0)
    answers = joined_answers(
        [questions.at_learned_places(fold, [], fit_masks(0)) for fold in range(5)]
    )
    return of, answers


def rows(asked, error: float):
    of, answers = asked
    unseen = held_out(of, error)
    return pooling(unseen, calibrate(unseen, 15.0, 0), answers, range(len(of)))


def test_the_pool_leans_on_the_network_where_it_is_right_and_on_the_site_where_not(asked):
    shares = []
    for error in (3.0, 200.0):
        given = rows(asked, error)
        pool = fit_pool(given, 15.0, 0)
        _, share = pool(given.network, given.site, given.kind, given.days, given.standing)
        shares.append(share[given.kind == FUSED].mean().item())
    assert shares[0] < shares[1] - 0.02
    assert shares[1] > 0.8


def test_where_nothing_is_shown_the_site_alone_speaks(asked):
    given = rows(asked, 50.0)
    nothing = given.where(given.kind == KINDS.index("nothing"))
    logits, share = first_pool()(
        nothing.network, nothing.site, nothing.kind, nothing.days, nothing.standing
    )
    assert (share == 1).all()
    assert torch.allclose(logits, nothing.site)


def test_intervals_hold_nine_in_ten_of_what_they_are_fitted_on(asked):
    given = rows(asked, 40.0)
    pool = fit_pool(given, 15.0, 0)
    reach = fit_reach(given, pool, dict.fromkeys(KINDS, 0.45))
    assert {name: len(steps["fused"]) for name, steps in reach.items()} == {
        "elsewhere": len(DAY_STEPS),
        "learned": 1,
    }
    # Nothing was held out elsewhere: what was known before stands.
    assert set(reach["elsewhere"]["fused"]) == {0.45}
    with torch.no_grad():
        logits, _ = pool(given.network, given.site, given.kind, given.days, given.standing)
    here = (given.kind == FUSED) & (given.standing == LEARNED)
    off = (bins.cumulative(logits.softmax(1), given.aqi.double()) - 0.5).abs()[here]
    assert (off <= reach["learned"]["fused"][0] + 1e-4).double().mean().item() == pytest.approx(
        0.92, abs=0.03
    )


def test_kinds_by_what_is_shown():
    reading = torch.tensor([True, False, True, False])
    photo = torch.tensor([True, True, False, False])
    assert [KINDS[n] for n in kind_numbers(reading, photo).tolist()] == list(KINDS)


def test_sessions_of_two_parts_stay_apart(asked):
    given = rows(asked, 40.0)
    joint = joined_poolings([given, given])
    assert len(joint.session.unique()) == 2 * len(given.session.unique())
    assert len(joint.aqi) == 2 * len(given.aqi)


def test_what_weighs_alike_agrees_in_every_key():
    place, session = torch.tensor([-3, -3, -3, 0]), torch.tensor([5, 5, 100_000_005, 5])
    assert session_weights(place, session).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 3, 1 / 3])
    assert session_weights(session).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 2, 1 / 6])


def test_a_photo_is_shown_or_not_with_every_answer_about_its_session(asked):
    of, answers = asked
    given = rows(asked, 40.0)
    about = len(answers.session) // len(of)
    # Two photos with it shown, and one row without.
    assert len(given.aqi) == len(of) * about * (2 + 1)
