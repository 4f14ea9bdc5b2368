"""Figures of agreement from planted answers, what they mean in words, and their CSV."""

import csv
import io
from datetime import timedelta

import pytest

from aqfusion.labels.agreement import CANNOT_TELL, Agreement
from aqfusion.labels.annotation_records import AnnotationRecord
from aqfusion.labels.annotator_stats import Answered
from aqfusion.ui.review import agreement_stats
from aqfusion.ui.review.agreement_stats import (
    alpha_in_words,
    alpha_table,
    annotator_table,
    commonest_difference,
    figures_of,
    kappa_in_words,
    pair_table,
)
from tests.labels.planted import MINUTE, NOW

EVIL = "=cmd()"


def records(*answers: tuple[int, str, int], **more) -> AnnotationRecord:
    """Answers a minute apart: item, who, what."""
    return AnnotationRecord(
        tuple(
            (item, Answered(who, NOW + number * MINUTE, answer, **more))
            for number, (item, who, answer) in enumerate(answers)
        ),
        0,
    )


def rows(table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.csv().removeprefix("\ufeff"))))


def test_full_agreement_is_one_and_reversed_answers_are_below_chance():
    alike = records(*((item, who, item % 6) for item in range(30) for who in ("Ana", "Ben")))
    counted = figures_of(alike)
    assert (counted.answers, counted.items) == (60, 30)
    assert counted.ordinal.value == counted.nominal.value == counted.pairs[0].kappa.value == 1
    against = records(
        *((item, "Ana", item % 6) for item in range(30)),
        *((item, "Ben", 5 - item % 6) for item in range(30)),
    )
    assert figures_of(against).pairs[0].kappa.value == -1


def test_people_and_model_are_counted_for_each_and_for_all():
    answers = records((1, "Ana", 3), (2, "Ana", 4), (1, "Ben", 3), (3, "Ben", CANNOT_TELL), model=4)
    counted = figures_of(answers)
    assert counted.against_model["Ana"][3] == (0, 0, 0, 0, 1, 0)
    assert counted.everybody[3] == (0, 0, 0, 0, 2, 0)
    assert counted.everybody[4] == (0, 0, 0, 0, 1, 0)
    assert sum(map(sum, counted.everybody)) == 3


def test_pairs_are_of_those_with_most_answers(monkeypatch):
    monkeypatch.setattr(agreement_stats, "MOST_PAIRED", 2)
    answers = [(item, who, item % 6) for item in range(6) for who in ("Ana", "Ben", "Cem")]
    counted = figures_of(records(*answers, (7, "Cem", 1), (8, "Ben", 2)))
    assert [(pair.first, pair.second) for pair in counted.pairs] == [("Ben", "Cem")]
    assert len(counted.annotators) == 3


def test_csv_has_each_figure_with_its_interval_and_no_formula():
    answers = [(item, who, (item + (who == EVIL) * (item % 4 == 0)) % 6) for item in range(24)
            for who in ("Ana", EVIL)]  # fmt: skip
    counted = figures_of(records(*answers, gold=1))
    (pair,) = rows(pair_table(counted))
    assert (pair["one"], pair["other"], pair["items"]) == ("'=cmd()", "Ana", "24")
    assert float(pair["kappa low"]) < float(pair["kappa"]) < float(pair["kappa high"])
    evil, ana = rows(annotator_table(counted))
    assert (evil["annotator"], ana["annotator"]) == ("'=cmd()", "Ana")
    assert (ana["items"], ana["gold items"]) == ("24", "24")
    assert float(ana["gold right"]) == pytest.approx(4 / 24, abs=1e-4)
    assert float(ana["gold right low"]) > 0
    assert [row["Krippendorff's alpha"] for row in rows(alpha_table(counted))] == [
        *("Ordinal", "Nominal"),
    ]


def test_pace_leaves_pauses_out():
    answers = tuple(
        (item, Answered("Ana", NOW + timedelta(minutes=minutes), 0))
        for item, minutes in enumerate((0, 2, 4, 64, 66))
    )
    (row,) = rows(annotator_table(figures_of(AnnotationRecord(answers, 0))))
    assert float(row["per hour"]) == 30


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        ((0.9, 0.85, 0.95), "Agreement is high enough to rely on the answers."),
        (
            (0.7, 0.6, 0.8),
            "Agreement is high enough for tentative conclusions only, but with 40 items it "
            "could be as low as 0.60.",
        ),
        ((0.3, 0.2, 0.4), "Agreement is too low to rely on unreviewed answers."),
        (
            (0.5, -0.1, 0.9),
            "Agreement is too low to rely on unreviewed answers, but with 40 items it could "
            "be as high as 0.90.",
        ),
    ],
)
def test_alpha_in_words(figure, words):
    assert alpha_in_words(Agreement(*figure, 40, None)) == words


@pytest.mark.parametrize(
    ("figure", "why", "words"),
    [
        ((0.85, 0.81, 0.9), None, "Almost perfect agreement."),
        ((0.5, -0.25, 0.7), None, "Moderate agreement, but with 9 items it could be as low as −0.25."),  # noqa: E501
        ((0.1, 0.05, 0.2), None, "Slight agreement."),
        ((-0.2, -0.4, 0.1), None, "No more agreement than by chance."),
        ((1.0, None, None), "the items are alike", "Almost perfect agreement, but the items are alike."),  # noqa: E501
        ((None, None, None), "kappa needs two items", "Kappa needs two items."),
    ],
)  # fmt: skip
def test_kappa_in_words(figure, why, words):
    assert kappa_in_words(Agreement(*figure, 9, why)) == words


def test_the_commonest_difference_is_named():
    counts = [[0] * 6 for _ in range(6)]
    assert commonest_difference(counts) is None
    counts[3][3], counts[1][0], counts[5][4] = 90, 1, 7
    assert commonest_difference(counts) == (
        "The most frequent difference: annotators answered Hazardous where the model predicted "
        "Very Unhealthy (7 times)."
    )
