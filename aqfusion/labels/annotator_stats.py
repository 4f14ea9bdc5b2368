"""How each annotator works: how much, how fast, how well on items whose answer is known."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import NormalDist

from aqfusion.labels.agreement import CANNOT_TELL, CATEGORIES

PAUSE = timedelta(minutes=10)  # longer without an answer is time away from work
_Z = NormalDist().inv_cdf(0.975)  # of an interval of 95 %


@dataclass(frozen=True)
class Answered:
    """One person's answer to one item, the one that counts; 0 to 5 or `CANNOT_TELL`.

    `gold` is the known answer of a gold item, `model` the model's category (0 to 5);
    `None` where there is none. One that was `covered` was given to another photo of the same view;
    one that is not `blind`, after the model's prediction or other answers had been shown. Another
    number raises `ValueError`.
    """

    annotator: str
    at: datetime
    answer: int
    gold: int | None = None
    model: int | None = None
    covered: bool = False
    blind: bool = True

    def __post_init__(self) -> None:
        """Refuse what is no answer."""
        limits = {"answer": CANNOT_TELL, "gold": CANNOT_TELL, "model": CATEGORIES - 1}
        for name, most in limits.items():
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                raise ValueError(f"{name} must be 0 to {most}, got {value}")


@dataclass(frozen=True)
class Share:
    """`count` of `total`, 0 to 1, with its 95 % interval `low`..`high`.

    The interval is Wilson's (1927, "Probable inference, the law of succession, and statistical
    inference"), which claims no certainty for 5 of 5.
    """

    count: int
    total: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class AnnotatorFigures:
    """Statistics of one annotator; `None` where nothing is known.

    `blind` is how many answers were; only these count for `gold`, `gold_distance` and `differs`.
    `per_hour` is items per hour of work; `gold` the share of gold items answered right, can't tell
    being right only where nobody can; `gold_distance` how many categories the gold answers that
    name one are off, on average; `differs` the share of answers that name another category than
    the model, of those that name one.
    """

    annotator: str
    items: int
    blind: int
    cannot_tell: int
    per_hour: float | None
    gold: Share | None
    gold_distance: float | None
    differs: Share | None


def annotator_figures(
    answers: Iterable[Answered], pause: timedelta = PAUSE
) -> tuple[AnnotatorFigures, ...]:
    """Figures of every annotator, by name; gaps longer than `pause` are not work."""
    by_name: dict[str, list[Answered]] = defaultdict(list)
    for answer in answers:
        by_name[answer.annotator].append(answer)
    return tuple(_figures(name, by_name[name], pause) for name in sorted(by_name))


def compare_with_model(answers: Iterable[Answered]) -> list[list[int]]:
    """Counts of blind answers, 6 rows answered by 6 columns the model's, Good first.

    Can't tell and items without a model's view are left out.
    """
    table = [[0] * CATEGORIES for _ in range(CATEGORIES)]
    for answer in answers:
        if answer.blind and answer.model is not None and answer.answer != CANNOT_TELL:
            table[answer.answer][answer.model] += 1
    return table


def share(count: int, total: int) -> Share | None:
    """Wilson's interval of 95 % of `count` of `total`; `None` of nothing.

    >>> share(5, 5)
    Share(count=5, total=5, share=1.0, low=0.5655, high=1.0)
    """
    if total == 0:
        return None
    # Written out (Wilson 1927): scipy.stats has it too, for 70 MB of imports.
    part, doubt = count / total, _Z * _Z / total
    middle = (part + doubt / 2) / (1 + doubt)
    half = math.sqrt(doubt * (part * (1 - part) + doubt / 4)) / (1 + doubt)
    low = 0.0 if count == 0 else middle - half
    high = 1.0 if count == total else middle + half
    return Share(count, total, *(round(value, 4) for value in (part, low, high)))


def _figures(name: str, answers: Sequence[Answered], pause: timedelta) -> AnnotatorFigures:
    gold = [
        (answer.answer, answer.gold)
        for answer in answers
        if answer.blind and answer.gold is not None
    ]
    off = [
        abs(answered - expected)
        for answered, expected in gold
        if CANNOT_TELL not in (answered, expected)
    ]
    table = compare_with_model(answers)
    compared = sum(map(sum, table))
    same = sum(table[category][category] for category in range(CATEGORIES))
    return AnnotatorFigures(
        annotator=name,
        items=len(answers),
        blind=sum(answer.blind for answer in answers),
        cannot_tell=sum(answer.answer == CANNOT_TELL for answer in answers),
        per_hour=_per_hour([answer.at for answer in answers if not answer.covered], pause),
        gold=share(sum(answered == expected for answered, expected in gold), len(gold)),
        gold_distance=round(sum(off) / len(off), 4) if off else None,
        differs=share(compared - same, compared),
    )


def _per_hour(times: Iterable[datetime], pause: timedelta) -> float | None:
    """Answers per hour: one at the end of each gap, so that a first one has taken no known time."""
    gaps = [later - earlier for earlier, later in pairwise(sorted(times))]
    worked = [gap for gap in gaps if gap <= pause]
    total = sum(worked, timedelta())
    return round(len(worked) / (total / timedelta(hours=1)), 1) if total else None
