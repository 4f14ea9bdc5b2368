"""Which place and which colour an annotator has: the same at every item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from aqfusion.labels.review import Recorded

__all__ = ["MOST_SLOTS", "Slot", "badge", "colour_of", "slots"]

MOST_SLOTS = 4
# Okabe and Ito, without black and yellow: told apart by the colour-blind, on light and on dark.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")


@dataclass(frozen=True)
class Slot:
    """A place beside the others; `user` is whose it is, `answer` what they say of this item."""

    user: int | None
    name: str
    answer: Recorded | None


def slots(people: Mapping[int, str], answers: Sequence[Recorded]) -> tuple[Slot, ...]:
    """Give everybody their place, by the order in which people joined.

    Up to `MOST_SLOTS` people have a place of their own, empty where they gave no answer. Of more,
    each has a place that others may share; where two who share it answered the same item, the
    later one takes the next free place.
    """
    order = sorted({*people, *(answer.user for answer in answers)})
    names = {**people, **{answer.user: answer.name for answer in answers}}
    count = max(min(len(order), MOST_SLOTS), 2)
    answer_at: dict[int, Recorded] = {}
    for answer in sorted(answers, key=lambda answer: answer.user):
        place = order.index(answer.user) % count
        while place in answer_at:
            place += 1
        answer_at[place] = answer
    owners = dict(enumerate(order)) if len(order) <= MOST_SLOTS else {}
    slot_count = max([count if owners else 2, *(place + 1 for place in answer_at)])
    return tuple(
        _slot(answer_at.get(place), owners.get(place), names) for place in range(slot_count)
    )


def colour_of(people: Mapping[int, str], user: int) -> str:
    """A person's colour; more people than colours share them."""
    order = sorted({*people, user})
    return _COLOURS[order.index(user) % len(_COLOURS)]


def badge(people: Mapping[int, str], user: int, name: str, more: str = "") -> str:
    """A person's name beside their colour, as HTML."""
    return (
        f'<span class="aq-person{more}" style="--aq-person:{colour_of(people, user)}">'
        f"<span>{escape(name)}</span></span>"
    )


def _slot(answer: Recorded | None, owner: int | None, names: Mapping[int, str]) -> Slot:
    if answer is not None:
        return Slot(answer.user, answer.name, answer)
    return Slot(owner, names.get(owner, "") if owner is not None else "", None)
