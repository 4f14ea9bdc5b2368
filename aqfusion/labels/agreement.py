"""Inter-annotator agreement: answers as an array, weighted kappa, Krippendorff's alpha.

A category is 0 (Good) to 5 (Hazardous) of the US standard; `CANNOT_TELL` is an answer too.

Intervals are of items drawn anew (Zapf et al. 2016, doi 10.1186/s12874-016-0200-9, find that this
holds what it says for nominal alpha); answers to one item are no evidence of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from aqfusion.resampling import Floats, item_counts, weighted_disagreement, with_interval

CATEGORIES = 6
CANNOT_TELL = 6
MISSING = -1  # this person was not asked, or has not answered

Answers = NDArray[np.int8]  # (N, A)


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """Answers of A `annotators` to N `items`: `answers` (N, A), 0 to 5, can't tell or missing."""

    items: tuple[str, ...]
    annotators: tuple[str, ...]
    answers: Answers

    def __post_init__(self) -> None:
        """Refuse another shape and another number with `ValueError`."""
        wanted = (len(self.items), len(self.annotators))
        if self.answers.shape != wanted:
            raise ValueError(f"answers must be {wanted}, got {self.answers.shape}")
        if self.answers.size:
            for code in (int(self.answers.min()), int(self.answers.max())):
                if not MISSING <= code <= CANNOT_TELL:
                    raise ValueError(f"answers must be {MISSING} to {CANNOT_TELL}, got {code}")

    @classmethod
    def from_answers(cls, answered: Iterable[tuple[str, str, int]]) -> "AnswerTable":
        """Make the table of (item, annotator, answer), names in their order.

        Two answers of one person to one item raise `ValueError`: which one counts is for the
        store to say.
        """
        cells: dict[tuple[str, str], int] = {}
        for item, annotator, answer in answered:
            if not 0 <= answer <= CANNOT_TELL:
                raise ValueError(f"an answer must be 0 to {CANNOT_TELL}, got {answer}")
            if (item, annotator) in cells:
                raise ValueError(f"{annotator} must have one answer to {item}, got two")
            cells[item, annotator] = answer
        row = {name: number for number, name in enumerate(sorted({item for item, _ in cells}))}
        column = {name: number for number, name in enumerate(sorted({who for _, who in cells}))}
        answers = np.full((len(row), len(column)), MISSING, dtype=np.int8)
        for (item, annotator), answer in cells.items():
            answers[row[item], column[annotator]] = answer
        return cls(tuple(row), tuple(column), answers)


_RESAMPLES = 1000
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Agreement:
    """1 is full agreement, 0 what chance gives; `low`..`high` is the 95 % interval.

    What is `None` is undefined, and `why` says the reason. `items` were answered by two or more.
    """

    value: float | None
    low: float | None
    high: float | None
    items: int
    why: str | None


@dataclass(frozen=True)
class PairAgreement:
    """Two annotators and their quadratic-weighted kappa over the items both answered."""

    first: str
    second: str
    kappa: Agreement


def weighted_kappas(table: AnswerTable, seed: int) -> tuple[PairAgreement, ...]:
    """Quadratic-weighted kappa (Cohen 1968, "Weighted kappa") of every pair of annotators.

    Only items both gave a category count: can't tell stands on no scale.
    """
    generator = np.random.default_rng(seed)
    columns = table.answers.T
    return tuple(
        PairAgreement(
            table.annotators[first],
            table.annotators[second],
            _weighted_kappa(columns[first], columns[second], generator),
        )
        for first, second in combinations(range(len(table.annotators)), 2)
    )


def ordinal_alpha(table: AnswerTable, seed: int) -> Agreement:
    """Krippendorff's alpha over the six categories in their order; can't tell is left out.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"; answers may be missing.
    """
    return _alpha(table.answers, CATEGORIES, True, seed)


def nominal_alpha(table: AnswerTable, seed: int) -> Agreement:
    """Krippendorff's alpha where any other answer is as wrong, can't tell being a seventh."""
    return _alpha(table.answers, CANNOT_TELL + 1, False, seed)


def _weighted_kappa(
    first: NDArray[np.int8], second: NDArray[np.int8], generator: np.random.Generator
) -> Agreement:
    both = (first != MISSING) & (second != MISSING)
    both &= (first != CANNOT_TELL) & (second != CANNOT_TELL)
    cells = CATEGORIES * first[both].astype(np.int64) + second[both]
    items = len(cells)
    if items < 2:
        return _undefined(
            items, f"kappa needs two items to which both gave a category, and there are {items}"
        )
    often = np.bincount(cells, minlength=CATEGORIES**2)
    tables = item_counts(often, _RESAMPLES, generator).reshape(-1, CATEGORIES, CATEGORIES)
    return _agreement(*weighted_disagreement(tables), items)


def _alpha(answers: Answers, codes: int, ordinal: bool, seed: int) -> Agreement:
    answer_counts = np.stack(
        [np.count_nonzero(answers == code, axis=1) for code in range(codes)], axis=1
    )
    # (U, K): a lone answer can be compared with nothing.
    answer_counts = answer_counts[answer_counts.sum(1) >= 2]
    items = len(answer_counts)
    if items < 2:
        return _undefined(
            items, f"alpha needs two items with two answers each, and there are {items}"
        )
    # Items answered alike count together: a million items have a few hundred such patterns.
    patterns, often = np.unique(answer_counts, axis=0, return_counts=True)
    weights = item_counts(often, _RESAMPLES, np.random.default_rng(seed))  # (1 + R, P)
    pairs = patterns[:, :, None] * (patterns[:, None] - np.eye(codes))
    pairs = pairs / (patterns.sum(1) - 1)[:, None, None]  # (P, K, K): each answer counts once
    coincidences = (weights @ pairs.reshape(len(pairs), -1)).reshape(-1, codes, codes)
    totals = coincidences.sum(2)  # (1 + R, K)
    penalty = (
        _ranks_apart(totals) if ordinal else np.broadcast_to(1 - np.eye(codes), pairs[0].shape)
    )
    observed = (coincidences * penalty).sum((1, 2))
    answered = totals.sum(1)
    by_chance = (totals[:, :, None] * totals[:, None] * penalty).sum((1, 2)) / (answered - 1)
    return _agreement(observed, by_chance, items)


def _ranks_apart(totals: Floats) -> Floats:
    """Squared distance of mean ranks (R, K, K), from how often each category was given (R, K)."""
    rank = totals.cumsum(1) - totals / 2
    apart: Floats = (rank[:, :, None] - rank[:, None]) ** 2
    return apart


def _agreement(observed: Floats, by_chance: Floats, items: int) -> Agreement:
    """1 - observed / by chance of row 0, and the interval of the rows below it (1 + R,)."""
    some = by_chance > _ROUNDING
    if not some[0]:
        return _undefined(
            items, "all answers are the same category, so agreement by chance is as high"
        )
    values = 1 - observed[some] / by_chance[some]
    value = round(float(values[0]), 4)
    low, high = value, value
    if len(values) > 1:
        low, high = with_interval(values)[1:].round(4).tolist()
    if low == high:  # not certainty: what these items do not hold, drawing them anew cannot show
        return Agreement(value, None, None, items, "the items are too similar for an interval")
    return Agreement(value, low, high, items, None)


def _undefined(items: int, why: str) -> Agreement:
    return Agreement(None, None, None, items, why)
