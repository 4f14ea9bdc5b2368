"""Figures of planted annotators, worked out by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import binomtest

from aqfusion.labels.agreement import CANNOT_TELL
from aqfusion.labels.annotator_stats import (
    Answered,
    Share,
    annotator_figures,
    compare_with_model,
    share,
)

START = datetime(2024, 3, 1, 9, tzinfo=UTC)


def answered(minute: float, answer: int = 1, who: str = "Asha", **more: int) -> Answered:
    return Answered(who, START + timedelta(minutes=minute), answer, **more)


def test_figures_of_each_annotator_by_name():
    ram = [answered(0, 2, "Ram")]
    asha = [
        answered(0, 0, gold=0, model=0),
        answered(1, 3, gold=1, model=1),
        answered(2, CANNOT_TELL, gold=2, model=4),
        answered(3, CANNOT_TELL, gold=CANNOT_TELL),
        answered(4, 5, gold=4, model=4),
        answered(5, 2, model=2),
    ]
    first, second = annotator_figures([*ram, *asha])
    assert (first.annotator, first.items, first.cannot_tell, first.per_hour) == ("Asha", 6, 2, 60.0)
    assert first.gold == share(2, 5)  # the 0 and the can't tell that was one
    assert first.gold_distance == 1.0  # 0, 2 and 1
    assert first.differs == share(2, 4)
    assert (second.annotator, second.items) == ("Ram", 1)
    assert (second.per_hour, second.gold, second.gold_distance, second.differs) == (None,) * 4


@pytest.mark.parametrize(
    ("minutes", "per_hour"),
    [
        ([0, 1, 2, 3], 60.0),
        ([3, 0, 2, 1], 60.0),  # in any order
        ([0, 1, 2, 62, 63, 64], 60.0),  # an hour's lunch
        ([0, 10], 6.0),
        ([0, 10.01], None),
        ([5], None),
        ([5, 5, 5], None),  # an import, not work
        ([0, 0.5, 1], 120.0),
    ],
)
def test_pace_leaves_pauses_out(minutes, per_hour):
    assert annotator_figures(map(answered, minutes))[0].per_hour == per_hour


def test_a_longer_pause_counts_as_work_when_asked_for():
    work = [answered(0), answered(30)]
    assert annotator_figures(work, pause=timedelta(minutes=30))[0].per_hour == 2.0


@pytest.mark.parametrize(("count", "total"), [(0, 4), (1, 1), (7, 10), (150, 151), (5000, 10_000)])
def test_the_interval_is_wilsons_as_scipy_has_it(count, total):
    wanted = binomtest(count, total).proportion_ci(method="wilson")
    interval = share(count, total)
    assert (interval.count, interval.total, interval.share) == (
        count,
        total,
        round(count / total, 4),
    )
    assert [interval.low, interval.high] == pytest.approx([wanted.low, wanted.high], abs=6e-5)


def test_a_share_of_nothing_is_none():
    assert share(0, 0) is None
    assert share(1, 2) == Share(1, 2, 0.5, 0.0945, 0.9055)


def test_confusion_has_annotators_in_rows_and_the_model_in_columns():
    answers = [answered(0, 0, model=5), answered(1, 0, model=5), answered(2, 3, model=3)]
    answers += [answered(3, CANNOT_TELL, model=2), answered(4, 2)]
    wanted = np.zeros((6, 6), dtype=int)
    wanted[0, 5], wanted[3, 3] = 2, 1
    assert compare_with_model(answers) == wanted.tolist()


def test_nobody_has_no_figures():
    assert annotator_figures([]) == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"answer": 7}, "answer must be 0 to 6, got 7"),
        ({"answer": -1}, "answer must be 0 to 6, got -1"),
        ({"answer": 1, "gold": 8}, "gold must be 0 to 6, got 8"),
        ({"answer": 1, "model": 6}, "model must be 0 to 5, got 6"),
    ],
)
def test_what_is_no_answer_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        answered(0, **fields)
