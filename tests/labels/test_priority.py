"""Each part of a priority, its bounds and its sentence."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqfusion.air.readings import Reading
from aqfusion.labels.agreement import CANNOT_TELL
from aqfusion.labels.confident_learning import LikelyError
from aqfusion.labels.item import Reason
from aqfusion.labels.priority import WEIGHTS, PredictionSummary, Priority, PriorityInputs, priority

PM25_OF_AQI_321 = Reading(pm25=235.4)  # 225.5 is 301 and 325.4 is 500: 301 + 9.9 * 199 / 99.9


def test_an_item_of_which_nothing_is_known_is_worth_nothing_and_says_nothing():
    assert priority(PriorityInputs()) == Priority(0.0, {}, ())


def test_the_weights_add_up_to_one_and_the_worst_item_has_a_score_of_one():
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    worst = PriorityInputs(
        *(PredictionSummary(250, 0, 500), PredictionSummary(40, 0, 90), Reading(pm25=400), (0, 5)),
        LikelyError(7, 0, 5, 4.5),
        place_days=0,
    )
    assert priority(worst) == Priority(
        1.0,
        dict.fromkeys(WEIGHTS, 1.0),
        (
            Reason("annotators disagree", "Annotators disagree: Good and Hazardous"),
            Reason(
                "label likely wrong",
                "The label may be wrong: it is Good, "
                "and models that were not trained on it predict Hazardous",
            ),
            Reason("model unsure", "The model is unsure: it predicts 0 to 500"),
            Reason(
                "photo against readings",
                "Photo and readings disagree: 40 and above 500",
            ),
            Reason(
                "first days of a place",
                "Its place has no labelled day yet: the first one helps most",
            ),
        ),
    )
    unstated = priority(replace(worst, units_stated=False))
    assert "photo against readings" not in unstated.parts  # no formula knows what they are
    assert unstated.score == pytest.approx(0.9)
    twin = replace(worst, near_duplicate=True)
    words = "Near-duplicate of another item, which is asked instead"
    assert priority(twin) == Priority(0.0, {}, (Reason("near-duplicate", words),))


@pytest.mark.parametrize(
    ("evidence", "part", "reason"),
    [
        (
            PriorityInputs(view=PredictionSummary(170, 90, 260)),
            0.425,
            "The model is unsure: it predicts 90 to 260",
        ),
        (PriorityInputs(view=PredictionSummary(60, 50, 70)), 0.05, None),
        (
            PriorityInputs(view=PredictionSummary(60, 50, 150)),
            0.25,
            "The model is unsure: it predicts 50 to 150",
        ),
        (
            PriorityInputs(photo_view=PredictionSummary(80, 20, 260), reading=PM25_OF_AQI_321),
            0.61,
            "Photo and readings disagree: 80 and 321",
        ),
        (
            PriorityInputs(photo_view=PredictionSummary(200, 90, 321), reading=PM25_OF_AQI_321),
            0.0,
            None,
        ),
        (
            PriorityInputs(photo_view=PredictionSummary(200, 90, 260), reading=Reading(pm25=9)),
            0.4,
            "Photo and readings disagree: 200 and 50",
        ),
        (PriorityInputs(place_days=0), 1.0, "Its place has no labelled day yet"),
        (PriorityInputs(place_days=1), 0.5, "Its place has only one labelled day"),
        (PriorityInputs(place_days=3), 0.3, "Its place has only a few labelled days"),
        (PriorityInputs(place_days=7), 0.1, None),
        (PriorityInputs(place_days=900), 0.0, None),
        (PriorityInputs(answers=(2, 2, 2)), 0.0, None),
        (
            PriorityInputs(answers=(2, 3)),
            0.5,
            "Annotators disagree: Unhealthy for Sensitive Groups ",
        ),
        (
            PriorityInputs(answers=(CANNOT_TELL, 0)),
            0.5,
            "Annotators disagree: Good and can't tell",
        ),
        (
            PriorityInputs(answers=(3, 0, 1)),
            0.8333,
            "Annotators disagree: Good, Moderate and Unhealthy",
        ),
        (PriorityInputs(answers=(0, 0, 0, 0, 5)), 0.4, "Annotators disagree: Good and Hazardous"),
        (
            PriorityInputs(likely_error=LikelyError(0, 1, 2, 0.8)),
            0.4,
            "The label may be wrong: it is Moderate, and models that were not",
        ),
    ],
)
def test_each_part_and_its_sentence(evidence, part, reason):
    result = priority(evidence)
    ((name, value),) = result.parts.items()
    assert value == part
    assert result.score == round(WEIGHTS[name] * part, 4)
    assert all(reason and reason in given_reason.words for given_reason in result.reasons)
    assert len(result.reasons) == (reason is not None)


@pytest.mark.parametrize(
    "evidence",
    [
        PriorityInputs(
            photo_view=PredictionSummary(80, 20, 260)
        ),  # no readings, so nothing against the photo
        PriorityInputs(photo_view=PredictionSummary(80, 20, 260), reading=Reading()),
        PriorityInputs(reading=PM25_OF_AQI_321),
        PriorityInputs(answers=(4,)),
    ],
)
def test_half_of_a_comparison_is_no_evidence(evidence):
    assert priority(evidence) == Priority(0.0, {}, ())


def test_the_weightiest_reason_comes_first_not_the_largest_part():
    result = priority(
        PriorityInputs(
            PredictionSummary(250, 130, 370), PredictionSummary(80, 20, 231), PM25_OF_AQI_321
        )
    )
    assert [*result.parts.values()] == [0.6, 0.9]
    assert [reason.words.split()[0] for reason in result.reasons] == ["The", "Photo"]


@settings(max_examples=60, deadline=None)
@given(
    ends=st.tuples(*[st.integers(0, 500)] * 3),
    answers=st.lists(st.integers(0, CANNOT_TELL), max_size=4),
    pm25=st.floats(0, 1000),
    off=st.floats(0, 5),
)
def test_scores_and_parts_stay_between_0_and_1(ends, answers, pm25, off):
    low, aqi, high = sorted(ends)
    view, error = PredictionSummary(aqi, low, high), LikelyError(0, 1, 2, off)
    result = priority(PriorityInputs(view, view, Reading(pm25=pm25), tuple(answers), error))
    assert 0 <= result.score <= 1
    assert all(0 <= part <= 1 for part in result.parts.values())
    assert result.score == pytest.approx(
        sum(WEIGHTS[n] * p for n, p in result.parts.items()), abs=1e-3
    )


@pytest.mark.parametrize("numbers", [(90, 100, 200), (10, -1, 20), (10, 0, 501), (10, 12, 20)])
def test_a_view_whose_interval_does_not_hold_it_is_refused(numbers):
    with pytest.raises(ValueError, match="low, aqi, high must rise from 0 to 500, got"):
        PredictionSummary(*numbers)
