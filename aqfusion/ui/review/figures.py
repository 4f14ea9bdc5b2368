"""All figures of how people agree and work, from what they say now."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from aqfusion.labels.agreement import (
    Agreement,
    PairAgreement,
    nominal_alpha,
    ordinal_alpha,
    weighted_kappas,
)
from aqfusion.labels.annotators import (
    AnnotatorFigures,
    Answered,
    against_model,
    annotator_figures,
)
from aqfusion.labels.answer_table import AnswerTable
from aqfusion.labels.answers_told import Told

MOST_PAIRED = 12  # of a hundred people, 4950 pairs would take a minute, and nobody reads them
_SEED = 20_260_101
Counts = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Figures:
    """`against_model` is by annotator: 6 rows answered by 6 columns the model's, Good first.

    `pairs` are of the `MOST_PAIRED` people with most answers. `other_scales` answers are of
    another standard than the US one, and count nowhere.
    """

    answers: int
    items: int
    other_scales: int
    ordinal: Agreement
    nominal: Agreement
    pairs: tuple[PairAgreement, ...]
    annotators: tuple[AnnotatorFigures, ...]
    against_model: Mapping[str, Counts]

    @property
    def everybody(self) -> Counts:
        """`against_model` of all annotators together."""
        tables = self.against_model.values()
        return tuple(
            tuple(sum(table[row][column] for table in tables) for column in range(6))
            for row in range(6)
        )


def figures_of(told: Told) -> Figures:
    """Make all figures; the same answers give the same intervals."""
    by_name: dict[str, list[Answered]] = defaultdict(list)
    for _, one in told.answers:
        by_name[one.annotator].append(one)
    busiest = {*sorted(by_name, key=lambda name: (-len(by_name[name]), name))[:MOST_PAIRED]}
    table = _table(told, {*by_name})
    return Figures(
        answers=len(told.answers),
        items=len(table.items),
        other_scales=told.other_scales,
        ordinal=ordinal_alpha(table, _SEED),
        nominal=nominal_alpha(table, _SEED),
        pairs=weighted_kappas(table if busiest == {*by_name} else _table(told, busiest), _SEED),
        annotators=annotator_figures(chain.from_iterable(by_name.values())),
        against_model={
            name: tuple(map(tuple, against_model(by_name[name]))) for name in sorted(by_name)
        },
    )


def _table(told: Told, names: set[str]) -> AnswerTable:
    return AnswerTable.of(
        (str(item), one.annotator, one.answer)
        for item, one in told.answers
        if one.annotator in names
    )
