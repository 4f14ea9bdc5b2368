"""All figures of how people agree and work, from what they say now."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np

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
from aqfusion.labels.answer_table import MISSING, AnswerTable
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


def figures_of(records: Told) -> Figures:
    """Make all figures; the same answers give the same intervals."""
    by_name: dict[str, list[Answered]] = defaultdict(list)
    for _, answer in records.answers:
        by_name[answer.annotator].append(answer)
    # Frames of one view that one look covered are no evidence of their own.
    looked_at = ((item, answer) for item, answer in records.answers if not answer.covered)
    table = AnswerTable.from_answers(
        (str(item), answer.annotator, answer.answer) for item, answer in looked_at
    )
    return Figures(
        answers=len(records.answers),
        items=len(table.items),
        other_scales=records.other_scales,
        ordinal=ordinal_alpha(table, _SEED),
        nominal=nominal_alpha(table, _SEED),
        pairs=weighted_kappas(_busiest(table), _SEED),
        annotators=annotator_figures(chain.from_iterable(by_name.values())),
        against_model={
            name: tuple(map(tuple, against_model(by_name[name]))) for name in sorted(by_name)
        },
    )


def _busiest(table: AnswerTable) -> AnswerTable:
    """The table of those who answered most, in the order of their names."""
    answer_counts = np.count_nonzero(table.answers != MISSING, axis=0)
    columns = sorted(np.argsort(-answer_counts, kind="stable")[:MOST_PAIRED].tolist())
    names = tuple(table.annotators[column] for column in columns)
    return AnswerTable(table.items, names, table.answers[:, columns])
