"""How much an answer to an item is worth, as one number, and why in words an annotator reads.

Five parts of 0 to 1 are added by their weights: what people contradict each other about, what label
is likely wrong, where the model is unsure, where photo and readings tell different stories, which
places have hardly a labelled day. A part that nothing is known of adds nothing, and a
near-duplicate is worth nothing: its twin is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from aqfusion.air.aqi import IndexResult, standard
from aqfusion.air.readings import Reading
from aqfusion.labels.agreement import CANNOT_TELL
from aqfusion.labels.confident_learning import LikelyError
from aqfusion.labels.item import Reason

# They add up to 1. A conflict of people comes first: only a person ends it, and work is already in
# it. Photo against readings weighs little: the formula takes a moment's reading for 24 hours of it.
# So do the first days of a place: they order what is as doubtful otherwise.
WEIGHTS = {
    "annotators disagree": 0.35,
    "label likely wrong": 0.25,
    "model unsure": 0.2,
    "photo against readings": 0.1,
    "first days of a place": 0.1,
}
# What one more day tells of a place that has so many: about as the error falls with each of them.
_FIRST_DAYS = {
    0: (1.0, "Its place has no labelled day yet: the first one helps most"),
    1: (0.5, "Its place has only one labelled day"),
    2: (0.3, "Its place has only a few labelled days"),
    4: (0.1, ""),
    8: (0.0, ""),
}
_NEAR_DUPLICATE = Reason("near-duplicate", "Near-duplicate of another item, which is asked instead")
# Where a part is 1. Leak-safe intervals of the shipped models are 110 AQI wide with all readings,
# 250 with the photo alone, and up to 400; two categories apart is no matter of a border.
_WIDEST = 400
_FAR_OUTSIDE = 100
_FAR_APART = 2
_AGAINST_CANNOT_TELL = 0.5
_WORTH_SAYING = 0.25  # of model unsure: 100 AQI


@dataclass(frozen=True)
class PredictionSummary:
    """A model's prediction: an AQI and its 90 % interval, whole numbers; else `ValueError`."""

    aqi: int
    low: int
    high: int

    def __post_init__(self) -> None:
        """Refuse an interval that does not hold its number."""
        if not 0 <= self.low <= self.aqi <= self.high <= 500:
            got = f"{self.low}, {self.aqi}, {self.high}"
            raise ValueError(f"low, aqi, high must rise from 0 to 500, got {got}")


@dataclass(frozen=True)
class PriorityInputs:
    """The inputs of an item's acquisition score; `None` and empty where there is nothing.

    `view` is the model's with all there is, `photo_view` with the photo alone; `answers` are one
    per annotator, 0 to 5 or `CANNOT_TELL`; `near_duplicate` says that another item stands for it;
    `place_days` are the days that its place has already, if it would bring a new one. Without
    `units_stated` nobody knows the units of the reading, and no formula judges it.
    """

    view: PredictionSummary | None = None
    photo_view: PredictionSummary | None = None
    reading: Reading | None = None
    answers: tuple[int, ...] = ()
    likely_error: LikelyError | None = None
    near_duplicate: bool = False
    place_days: int | None = None
    units_stated: bool = True


@dataclass(frozen=True)
class Priority:
    """`score` is 0 to 1; `parts` are those that something is known of, by the names of `WEIGHTS`.

    `reasons` are of the same names, the weightiest first; none where nothing stands out.
    """

    score: float
    parts: Mapping[str, float]
    reasons: tuple[Reason, ...]


def priority(evidence: PriorityInputs) -> Priority:
    """Weigh an item.

    >>> result = priority(PriorityInputs(view=PredictionSummary(150, 90, 260), answers=(0, 3)))
    >>> result.score, result.reasons[0].words
    (0.435, 'Annotators disagree: Good and Unhealthy')
    >>> result.reasons[1].words
    'The model is unsure: it predicts 90 to 260'
    """
    if evidence.near_duplicate:
        return Priority(0.0, {}, (_NEAR_DUPLICATE,))
    weighed_signals = {
        "annotators disagree": _annotators_disagree(evidence.answers),
        "label likely wrong": _label_likely_wrong(evidence.likely_error),
        "model unsure": _model_unsure(evidence.view),
        "photo against readings": _photo_against_readings(
            evidence.photo_view, evidence.reading if evidence.units_stated else None
        ),
        "first days of a place": _first_days(evidence.place_days),
    }
    signals = {name: signal for name, signal in weighed_signals.items() if signal is not None}
    ranked = sorted(signals, key=lambda name: -WEIGHTS[name] * signals[name][0])
    return Priority(
        score=round(sum(WEIGHTS[name] * part for name, (part, _) in signals.items()), 4),
        parts={name: round(part, 4) for name, (part, _) in signals.items()},
        reasons=tuple(Reason(name, signals[name][1]) for name in ranked if signals[name][1]),
    )


def _annotators_disagree(answers: tuple[int, ...]) -> tuple[float, str] | None:
    """Mean over pairs of people; a neighbouring category is half a disagreement."""
    pairs = [_apart(first, second) for first, second in combinations(answers, 2)]
    if not pairs:
        return None
    names = [_name(answer) for answer in sorted({*answers})]
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return sum(pairs) / len(pairs), f"Annotators disagree: {listed}" if any(pairs) else ""


def _apart(first: int, second: int) -> float:
    if first == second:
        return 0.0
    if CANNOT_TELL in (first, second):
        return _AGAINST_CANNOT_TELL
    return min(1.0, abs(first - second) / _FAR_APART)


def _label_likely_wrong(error: LikelyError | None) -> tuple[float, str] | None:
    if error is None:
        return None
    given_name, suggested_name = _name(error.given), _name(error.suggested)
    why = (
        f"The label may be wrong: it is {given_name}, "
        f"and models that were not trained on it predict {suggested_name}"
    )
    return min(1.0, error.expected_off / _FAR_APART), why


def _model_unsure(view: PredictionSummary | None) -> tuple[float, str] | None:
    if view is None:
        return None
    part = min(1.0, (view.high - view.low) / _WIDEST)
    why = f"The model is unsure: it predicts {view.low} to {view.high}"
    return part, why if part >= _WORTH_SAYING else ""


def _photo_against_readings(
    photo: PredictionSummary | None, reading: Reading | None
) -> tuple[float, str] | None:
    """How far the formula's AQI lies outside of what the photo alone allows."""
    if photo is None or reading is None:
        return None
    formula = standard("us").index(reading)
    if formula.aqi is None:
        return None
    outside = max(photo.low - formula.aqi, formula.aqi - photo.high, 0)
    why = f"Photo and readings disagree: {photo.aqi} and {_in_words(formula)}"
    return min(1.0, outside / _FAR_OUTSIDE), why if outside else ""


def _first_days(days: int | None) -> tuple[float, str] | None:
    if days is None:
        return None
    return _FIRST_DAYS[max(step for step in _FIRST_DAYS if step <= days)]


def _in_words(formula: IndexResult) -> str:
    return f"above {formula.aqi}" if formula.beyond else str(formula.aqi)


def _name(answer: int) -> str:
    return "can't tell" if answer == CANNOT_TELL else standard("us").categories[answer].name
