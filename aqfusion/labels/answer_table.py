"""Answers as an array: one row per item, one column per annotator.

A category is 0 (Good) to 5 (Hazardous) of the US standard; `CANNOT_TELL` is an answer too.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
