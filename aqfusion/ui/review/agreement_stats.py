"""Statistics of agreement and of annotators, and their meaning in plain sentences."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np

from aqfusion.air.aqi import standard
from aqfusion.labels.agreement import (
    MISSING,
    Agreement,
    AnswerTable,
    PairAgreement,
    nominal_alpha,
    ordinal_alpha,
    weighted_kappas,
)
from aqfusion.labels.annotation_records import AnnotationRecord
from aqfusion.labels.annotator_stats import (
    AnnotatorFigures,
    Answered,
    Share,
    annotator_figures,
    compare_with_model,
)
from aqfusion.metric_values import Estimate
from aqfusion.ui.table import Column, Table

MOST_PAIRED = 12  # of a hundred people, 4950 pairs would take a minute, and nobody reads them
_SEED = 20_260_101
Counts = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Figures:
    """Agreement and comparisons are of `blind` answers to `items`, out of all `answers`.

    `compare_with_model` is by annotator: 6 rows answered by 6 columns the model's, Good first.

    `pairs` are of the `MOST_PAIRED` people with most answers. `other_scales` answers are of
    another standard than the US one, and count nowhere.
    """

    answers: int
    blind: int
    items: int
    other_scales: int
    ordinal: Agreement
    nominal: Agreement
    pairs: tuple[PairAgreement, ...]
    annotators: tuple[AnnotatorFigures, ...]
    against_model: Mapping[str, Counts]

    @property
    def everybody(self) -> Counts:
        """`compare_with_model` of all annotators together."""
        tables = self.against_model.values()
        return tuple(
            tuple(sum(table[row][column] for table in tables) for column in range(6))
            for row in range(6)
        )


def figures_of(records: AnnotationRecord) -> Figures:
    """Make all figures; the same answers give the same intervals."""
    by_name: dict[str, list[Answered]] = defaultdict(list)
    for _, answer in records.answers:
        by_name[answer.annotator].append(answer)
    # Frames of one view that one look covered are no evidence of their own.
    # Nor is an answer evidence of agreement once the model's or another one had been shown.
    looked_at = (
        (item, answer) for item, answer in records.answers if answer.blind and not answer.covered
    )
    table = AnswerTable.from_answers(
        (str(item), answer.annotator, answer.answer) for item, answer in looked_at
    )
    return Figures(
        answers=len(records.answers),
        blind=sum(answer.blind for _, answer in records.answers),
        items=len(table.items),
        other_scales=records.other_scales,
        ordinal=ordinal_alpha(table, _SEED),
        nominal=nominal_alpha(table, _SEED),
        pairs=weighted_kappas(_busiest(table), _SEED),
        annotators=annotator_figures(chain.from_iterable(by_name.values())),
        against_model={
            name: tuple(map(tuple, compare_with_model(by_name[name]))) for name in sorted(by_name)
        },
    )


def _busiest(table: AnswerTable) -> AnswerTable:
    """The table of those who answered most, in the order of their names."""
    answer_counts = np.count_nonzero(table.answers != MISSING, axis=0)
    columns = sorted(np.argsort(-answer_counts, kind="stable")[:MOST_PAIRED].tolist())
    names = tuple(table.annotators[column] for column in columns)
    return AnswerTable(table.items, names, table.answers[:, columns])


# Krippendorff, "Content Analysis", 2004, p. 241: rely on 0.8, draw tentative conclusions from
# 0.667. Landis and Koch 1977 name the steps of kappa.
_RELIABLE, _TENTATIVE = 0.8, 0.667
_STEPS = ((0.8, "almost perfect"), (0.6, "substantial"), (0.4, "moderate"), (0.2, "fair"))

PAIRS = (
    "Quadratic-weighted kappa of each pair of annotators over the items to which both gave a "
    "category: 1 is full agreement, 0 is agreement by chance. A difference of two categories "
    "weighs four times a difference of one. Small print: 95 % bootstrap intervals over items."
)
ALPHA = (
    "Krippendorff's alpha of all annotators together: 1 is full agreement, 0 is agreement by "
    "chance, below 0 is worse than chance. **Ordinal**: categories in their order, without can't "
    "tell. **Nominal**: all differences count alike, and can't tell is one more category. Small "
    "print: 95 % bootstrap intervals over items."
)
ANNOTATORS = (
    "**Blind**: answers given before the person had been shown the model's prediction or other "
    "answers; the columns about gold items and the model count only these. **Per hour**: pauses "
    "over ten minutes are not counted. **Gold right**: share of gold items (known AQI) that were "
    "answered correctly; **categories off**: mean distance on gold items. **Differs**: share of "
    "answers in another category than the model's prediction, which is not a mistake by itself. "
    "Small print: 95 % intervals (Wilson)."
)
AGAINST_MODEL = (
    "Each row is an answered category. The cells show for what share of these answers, and for how "
    "many, the model predicted each column's category. On the diagonal, both agree."
)


def alpha_table(figures: Figures) -> Table:
    """Both alphas with what they mean."""
    columns = (Column("Krippendorff's alpha"), Column("value", ".2f"), Column("items", "d"))
    rows = tuple(
        (name, _estimate(alpha), alpha.items, alpha_in_words(alpha))
        for name, alpha in (
            ("Ordinal", figures.ordinal),
            ("Nominal", figures.nominal),
        )
    )
    return Table((*columns, Column("in words")), rows)


def pair_table(figures: Figures) -> Table:
    """Kappa of each two people."""
    columns = (Column("one"), Column("other"), Column("kappa", ".2f"), Column("items", "d"))
    rows = tuple(
        (
            *(pair.first, pair.second, _estimate(pair.kappa), pair.kappa.items),
            kappa_in_words(pair.kappa),
        )
        for pair in figures.pairs
    )
    return Table((*columns, Column("in words")), rows)


def annotator_table(figures: Figures) -> Table:
    """How each one works."""
    columns = (
        *(Column("annotator"), Column("items", "d"), Column("blind", "d")),
        Column("can't tell", "d"),
        *(Column("per hour", ".0f"), Column("gold items", "d"), Column("gold right", ".0%")),
        *(Column("categories off", ".2f"), Column("differs from the model", ".0%")),
    )
    rows = tuple(
        (
            *(annotator.annotator, annotator.items, annotator.blind, annotator.cannot_tell),
            annotator.per_hour,
            *(
                annotator.gold.total if annotator.gold else 0,
                _share(annotator.gold),
                annotator.gold_distance,
                _share(annotator.differs),
            ),
        )
        for annotator in figures.annotators
    )
    return Table(columns, rows)


def alpha_in_words(alpha: Agreement) -> str:
    """The meaning of an alpha.

    >>> alpha_in_words(Agreement(0.85, 0.7, 0.9, 40, None))
    'Agreement is high enough to rely on the answers, but with 40 items it could be as low as 0.70.'
    """
    if alpha.value is None:
        return _sentence(alpha.why)
    if alpha.value < _TENTATIVE:
        return f"Agreement is too low to rely on unreviewed answers{_yet(alpha, _TENTATIVE)}."
    bound = _RELIABLE if alpha.value >= _RELIABLE else _TENTATIVE
    words = "to rely on the answers" if bound == _RELIABLE else "for tentative conclusions only"
    return f"Agreement is high enough {words}{_but(alpha, bound)}."


def kappa_in_words(kappa: Agreement) -> str:
    """The meaning of a kappa.

    >>> kappa_in_words(Agreement(0.65, 0.61, 0.7, 400, None))
    'Substantial agreement.'
    """
    if kappa.value is None:
        return _sentence(kappa.why)
    if kappa.value <= 0:
        return "No more agreement than by chance."
    at, name = next((step for step in _STEPS if kappa.value >= step[0]), (0.0, "slight"))
    return f"{name.capitalize()} agreement{_but(kappa, at)}."


def commonest_difference(counts: Counts) -> str | None:
    """Where people and model part most often; `None` where they never do."""
    cells = [
        (counts[row][column], row, column)
        for row in range(6)
        for column in range(6)
        if row != column and counts[row][column]
    ]
    if not cells:
        return None
    often, row, column = max(cells, key=lambda cell: (cell[0], -cell[1], -cell[2]))
    names = [category.name for category in standard("us").categories]
    times = f"{often:d} time{'s' * (often != 1)}"
    return (
        f"The most frequent difference: annotators answered {names[row]} where the model "
        f"predicted {names[column]} ({times})."
    )


def _but(figure: Agreement, bound: float) -> str:
    """How sure the words are: the interval may reach below the step that they name."""
    if figure.low is None:
        return f", but {figure.why}" if figure.why else ""
    return "" if figure.low >= bound else _could_be(figure, "low", figure.low)


def _yet(figure: Agreement, bound: float) -> str:
    """The same of words that say little: the interval may reach above them."""
    reaches = figure.high is not None and figure.high >= bound
    return _could_be(figure, "high", figure.high or 0.0) if reaches else ""


def _could_be(figure: Agreement, side: str, end: float) -> str:
    items = f"{figure.items} item{'s' * (figure.items != 1)}"
    return f", but with {items} it could be as {side} as {end:.2f}".replace("-", "−")


def _sentence(why: str | None) -> str:
    return f"{why[0].upper()}{why[1:]}." if why else "Not known."


def _estimate(figure: Agreement) -> Estimate | float | None:
    if figure.value is None or figure.low is None or figure.high is None:
        return figure.value
    return Estimate(figure.value, figure.low, figure.high)


def _share(share: Share | None) -> Estimate | None:
    return None if share is None else Estimate(share.share, share.low, share.high)
