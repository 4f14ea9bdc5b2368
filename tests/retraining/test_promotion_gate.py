"""Comparing two models and passing a verdict, on planted numbers."""

import numpy as np
import pytest

from aqfusion.retraining.batch_prediction import KINDS
from aqfusion.retraining.paired_bootstrap import EVERYWHERE, ModelScores, changes
from aqfusion.retraining.promotion_gate import ValidationEvidence, gate_decision

GOOD = ValidationEvidence(
    50, 10, before=80.0, after=30.0, constant=60.0, above_constant=-5.0, ordinary=40.0
)
PLACES = ("Alphaville", "Gammapur")


def judged(groups: int = 10, photos: int = 4) -> ModelScores:
    """Two places of as many groups, AQI 100 all over."""
    count = 2 * groups * photos
    group = [f"g{number // photos}" for number in range(count)]
    place = [PLACES[number // (groups * photos)] for number in range(count)]
    return ModelScores(np.full(count, 100.0), place, group)


def said(on: ModelScores, error: float, there: float | None = None) -> dict[str, np.ndarray]:
    """The same error of all kinds, up and down by turns; `there` at the second place."""
    sign = np.where(np.arange(len(on.measured)) % 2, 1.0, -1.0)
    size = np.where(np.array(on.place) == PLACES[1], error if there is None else there, error)
    return dict.fromkeys(KINDS, on.measured + sign * size)


def found(before: float, after: float, there: float | None = None, groups: int = 10):
    on = judged(groups)
    return changes(on, said(on, before), said(on, after, there), seed=0)


def of(table, place: str, kind: str, figure: str):
    return next(one for one in table if (one.place, one.kind, one.figure) == (place, kind, figure))


def test_figures_before_and_after_are_of_the_same_photos():
    one = of(found(20, 30), EVERYWHERE, "fused", "rmse")
    assert (one.before, one.after, one.worse) == pytest.approx((20, 30, 10))
    assert (one.low, one.high) == pytest.approx((10, 10))  # every group says the same
    assert (one.groups, one.photos) == (20, 80)
    share = of(found(0.4, 60), EVERYWHERE, "fused", "accuracy")
    assert (share.before, share.after, share.worse) == pytest.approx((1.0, 0.0, 1.0))


def test_places_are_told_apart():
    table = found(20, 20, there=50)
    assert of(table, PLACES[0], "fused", "rmse").worse == pytest.approx(0)
    assert of(table, PLACES[1], "fused", "rmse").worse == pytest.approx(30)


def test_the_interval_is_over_groups_not_photos():
    on = judged()
    after = said(on, 20)["fused"]
    after[:4] += 80  # one group of 20
    table = changes(on, said(on, 20), dict.fromkeys(KINDS, after), seed=0)
    one = of(table, EVERYWHERE, "fused", "rmse")
    assert one.low == pytest.approx(0)
    assert one.high > 1.5 * one.worse > 0


def test_what_has_no_readings_is_left_out():
    on = judged()
    before, after = said(on, 20), said(on, 20)
    before["sensors_only"] = before["sensors_only"].copy()
    before["sensors_only"][:40] = np.nan  # the whole first place
    after["sensors_only"] = before["sensors_only"]
    table = changes(on, before, after, seed=0)
    assert of(table, EVERYWHERE, "sensors_only", "rmse").photos == 40
    places = {one.place for one in table if one.kind == "sensors_only"}
    assert places == {EVERYWHERE, PLACES[1]}


def test_a_model_that_got_better_passes():
    assert gate_decision(found(30, 20), GOOD).passed


def test_a_little_worse_is_no_harm_and_more_is():
    assert gate_decision(found(30, 32), GOOD).passed
    worse = gate_decision(found(30, 35), GOOD)
    assert not worse.passed
    assert worse.reasons[0].startswith(
        "error (RMSE) on the hold-out set, photo and readings, everywhere, must not get worse by "
        "more than 3 AQI, got 30.00 to 35.00"
    )


def test_harm_at_one_place_is_harm():
    there = gate_decision(found(20, 18, there=33), GOOD)
    assert not there.passed
    assert any("Gammapur" in reason for reason in there.reasons)
    assert not any("Alphaville" in reason for reason in there.reasons)


def test_two_groups_have_no_interval_so_more_is_allowed_there_but_not_all():
    nearly = [one for one in found(10, 25, groups=2) if one.place == PLACES[0]]
    assert gate_decision([one for one in nearly if one.figure == "rmse"], GOOD).passed
    far = [one for one in found(10, 35, groups=2) if one.place == PLACES[0]]
    assert not gate_decision([one for one in far if one.figure == "rmse"], GOOD).passed


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (ValidationEvidence(19, 10, 80, 30, 60, -5, 40), "must be at least 20 in 4 groups"),
        (ValidationEvidence(50, 3, 80, 30, 60, -5, 40), "must be at least 20 in 4 groups"),
        (ValidationEvidence(50, 10, 30, 31, 60, -5, 40), "must be predicted better than before"),
        (
            ValidationEvidence(50, 10, 200, 150, 145, 20, 40),
            "do not follow from photo and readings",
        ),
        (ValidationEvidence(50, 10, 200, 70, 75, 5, 40), "do not follow from photo and readings"),
        (ValidationEvidence(50, 10, 200, 85, 100, 5, 40), "do not follow from photo and readings"),
    ],
)
def test_labels_that_teach_nothing_are_refused(evidence, words):
    refused = gate_decision(found(30, 25), evidence)
    assert not refused.passed
    assert words in refused.reasons[0]


@pytest.mark.parametrize(
    "evidence",
    [
        ValidationEvidence(
            50, 10, 80, 70, 90, -5, 40
        ),  # hard, but clearly more than one number for all
        ValidationEvidence(
            50, 10, 80, 45, 20, 30, 40
        ),  # all labels alike, and told as well as ever
        ValidationEvidence(50, 7, 80, 59, 69, 13, 44),  # few groups, better all the same
    ],
)
def test_labels_that_teach_something_pass(evidence):
    assert gate_decision(found(30, 25), evidence).passed
