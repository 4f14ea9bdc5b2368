"""One answer, one event, one decision as HTML; each annotator has the same place and colour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from html import escape

from aqfusion.air.readings import Reading
from aqfusion.labels.answer import Answer
from aqfusion.labels.item import Item
from aqfusion.labels.review import Recorded
from aqfusion.ui.result_view import pill
from aqfusion.ui.review.text import (
    answer_text,
    category_of,
    corrected,
    did,
    given_label,
    saw,
    took,
    when,
)

__all__ = ["MOST_SLOTS", "Slot", "badge", "colour_of", "slots"]


def card(event: Recorded, reading: Reading, name: str, zone: tzinfo = UTC) -> str:
    """All about one answer: what, when, how sure, and what they saw of the model.

    `name` is who gave it, as HTML.
    """
    assert event.answer is not None
    return (
        f'<div class="aq aq-answer">{name}'
        f"{_verdict(event.answer)}<p class='aq-muted aq-small'>{escape(when(event.at, zone))}</p>"
        f"{_facts(event.answer, reading)}</div>"
    )


def decided(
    event: Recorded, history: Sequence[Recorded], reading: Reading, zone: tzinfo = UTC
) -> str:
    """The decision that holds."""
    assert event.answer is not None
    how = escape(f"{event.name} {did(event, history)}, {when(event.at, zone)}.")
    reason = f"<p>Reason: {escape(event.reason)}</p>" if event.reason else ""
    corrections = "".join(f"<p>{escape(line)}</p>" for line in corrected(event.answer, reading))
    return (
        f'<div class="aq aq-answer"><div class="aq-title">Decision</div>{_verdict(event.answer)}'
        f"<p class='aq-muted aq-small'>{how}</p>{reason}{corrections}</div>"
    )


def history(item: Item, events: Sequence[Recorded], zone: tzinfo = UTC) -> str:
    """All that happened to an item, the oldest first."""
    first = _line(when(item.created, zone), f"<strong>{escape(_began(item))}</strong>", "")
    lines = "".join(
        _line(
            when(event.at, zone),
            f"<strong>{escape(event.name)}</strong> {escape(did(event, events))}",
            _more(event, item.task.reading),
        )
        for event in events
    )
    return f'<ol class="aq aq-small aq-history">{first}{lines}</ol>'


def _began(item: Item) -> str:
    came = f"Added by {item.origin}"
    began = "A visitor contributed it" if item.origin == "contribution" else came
    label = given_label(item)
    return began if label is None else f"{began}. {label[0]}: {label[1]}"


def _line(time: str, what: str, more: str) -> str:
    return f"<li><time>{escape(time)}</time><div>{what}{more}</div></li>"


def _more(event: Recorded, reading: Reading) -> str:
    reason = f"<p>Reason: {escape(event.reason)}</p>" if event.reason else ""
    if event.answer is None or event.kind == "accept":
        return reason
    return reason + _facts(event.answer, reading)


def _verdict(answer: Answer) -> str:
    category = category_of(answer)
    if category is None:
        return (
            f'<p class="aq-verdict"><strong>{escape(answer_text(answer).capitalize())}</strong></p>'
        )
    number = "" if answer.aqi is None else f'<span class="aq-number">{answer.aqi}</span>'
    scale = "" if answer.standard == "us" else " India AQI"
    return f'<div class="aq-verdict">{number}{pill(category)}{scale}</div>'


def _facts(answer: Answer, reading: Reading) -> str:
    """Details beside the label; a note keeps its lines."""
    facts = [answer.confidence, saw(answer.seen), took(answer.seen.seconds)]
    lines = [" · ".join(fact for fact in facts if fact), *corrected(answer, reading)]
    note = f'<p class="aq-quote">{escape(answer.note)}</p>' if answer.note else ""
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<div class="aq-small">{paragraphs}{note}</div>'


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
