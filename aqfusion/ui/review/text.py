"""Answers and events in plain words, and messages in places that are always there.

A message that came and went would push the buttons of decisions under the pointer. So each place
is drawn empty too, and what does not fit scrolls inside it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from html import escape
from typing import Any

import streamlit as st

from aqfusion.air.aqi import Category, standard
from aqfusion.air.pollutants import pollutant
from aqfusion.air.readings import Reading
from aqfusion.labels.answer import Answer, AnswerContext
from aqfusion.labels.item import Item
from aqfusion.labels.review import Recorded
from aqfusion.ui.review import routing
from aqfusion.ui.review.routing import Notice

__all__ = ["KEYS", "done", "fault", "keys"]

Event = Mapping[str, Any]

_DID = {
    "skip": "skipped it",
    "unskip": "put it back into their queue",
    "send back": "asked for one more answer",
    "admit": "admitted it",
    "reject": "rejected it",
}


def when(time: datetime, zone: tzinfo = UTC) -> str:
    """A time of the store on the clock of `zone`, with its offset.

    >>> from datetime import timedelta, timezone
    >>> when(datetime.fromisoformat("2026-11-02T09:00:30+00:00"), timezone(timedelta(hours=5.5)))
    '2 Nov 2026, 14:30 (UTC+05:30)'
    """
    local = time.astimezone(zone)
    offset = local.strftime("%z")
    return f"{local.day} {local:%b %Y, %H:%M} (UTC{offset[:3]}:{offset[3:5]})"


def category_of(answer: Answer) -> Category | None:
    """The category that an answer means; `None` for one that cannot tell."""
    return None if answer.band is None else standard(answer.standard).categories[answer.band]


def answer_text(answer: Answer) -> str:
    """An answer in a few words.

    >>> answer_text(Answer(aqi=151)), answer_text(Answer(cant_tell="night"))
    ('AQI 151, Unhealthy', "can't tell: night")
    """
    category = category_of(answer)
    if category is None:
        return f"can't tell: {answer.cant_tell}"
    scale = "" if answer.standard == "us" else f" ({standard(answer.standard).short_name})"
    exact = "" if answer.aqi is None else f"AQI {answer.aqi}, "
    return f"{exact}{category.name}{scale}"


def replaced_text(old: Event) -> str:
    """The label that an event replaced or took back, as the store repeats it."""
    if old.get("standard") is None:
        return "a skip"
    category = None if old["cant_tell"] or old["aqi"] is not None else old["category"]
    return answer_text(Answer(category, old["aqi"], old["cant_tell"], old["standard"]))


def given_label(item: Item) -> tuple[str, str] | None:
    """The label that came with an item: whose it is, and what it says; `None` without one.

    A visitor's guess comes with a contribution; every other one was in what was imported.
    """
    if not item.guess:
        return None
    label = replaced_text(item.guess)
    if item.origin == "contribution":
        return "Visitor's guess", label
    return "Imported label", label if item.source is None else f"{label}, from {item.source}"


def saw(seen: AnswerContext) -> str:
    """How much of the model somebody saw before they answered."""
    if seen.mode == "blind":
        return "blind: the model's prediction was hidden"
    if seen.mode == "unblinded":
        return "not blind: the prediction or other answers had been shown before"
    model = f" from {seen.model_version}" if seen.model_version else ""
    if seen.aqi is None:
        return f"assisted, but there was no prediction{model} to see"
    return f"assisted: saw AQI {seen.aqi}{model}"


def corrected(answer: Answer, reading: Reading) -> tuple[str, ...]:
    """The corrections of readings in an answer, one sentence each.

    >>> corrected(Answer(category=0, corrections={"pm25": 8, "no2": None}), Reading(pm25=80, no2=4))
    ('PM2.5 is 8 µg/m³, not 80', 'NO2 is not 4 µg/m³; the right value is not known')
    """
    return tuple(
        _corrected(name, answer.corrections[name], getattr(reading, name))
        for name in reading.present
        if name in answer.corrections
    )


def unit(name: str) -> str:
    """A pollutant's unit as people write it."""
    return pollutant(name).pretty_unit


def took(seconds: float | None) -> str | None:
    """How long an answer took.

    >>> took(4.26), took(75), took(None)
    ('4.3 s', '75 s', None)
    """
    return None if seconds is None else f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def did(event: Recorded, history: Sequence[Recorded]) -> str:
    """The act of an event, as the sentence that a name begins goes on."""
    about = next((earlier for earlier in history if earlier.event == event.about), None)
    instead = f", instead of {replaced_text(event.old)}" if event.old else ""
    if event.kind == "undo":
        return f"undid {replaced_text(event.old)}" if event.old else "undid an answer"
    if event.answer is None:
        return _DID.get(event.kind, event.kind) + instead
    answer = answer_text(event.answer)
    if event.kind == "accept":
        return f"accepted {about.name}'s answer, {answer}{instead}" if about else f"chose {answer}"
    return f"{'overruled' if event.kind == 'overrule' else 'answered'}: {answer}{instead}"


def _corrected(name: str, right: float | None, wrong: float) -> str:
    label = pollutant(name).label
    if right is None:
        return f"{label} is not {wrong:g} {unit(name)}; the right value is not known"
    return f"{label} is {right:g} {unit(name)}, not {wrong:g}"


# Brings a message into view, wherever the page was left; `nearest` moves nothing that is seen.
_SHOW = (
    '<script>document.getElementById("{id}")?.scrollIntoView({{block: "nearest"}}); // {once}'
    "</script>"
)
KEYS = (
    *(("A, S, D, F", "accept the first, second, third, fourth answer"),),
    *(("1 to 6", "choose the category to overrule with"), ("E", "write the reason")),
    *(("O", "overrule"), ("B", "send back"), ("N, P", "next and previous item")),
    *(("U", "back to the item that was decided last"), ("L", "back to the list")),
    *(("Esc", "leave the text field"), ("Ctrl+Enter", "send the form in which you are writing")),
    *(("A, X", "for a contribution: admit it, reject it"), ("?", "this list")),
)


def done(at: int | None) -> None:
    """Tell what was decided before this item, or at the list, with the way back to it."""
    notice = routing.notice(at)
    success = notice if notice is not None and notice.about is None else None
    with st.container(horizontal=True, vertical_alignment="center", key="review_told"):
        _slot("done", success, "aq-slot-done", "status")
        if success is not None:
            st.button(
                f"Back to item {success.item:d}",
                key=f"review_back_{success.item}",
                icon=":material/undo:",
                shortcut="u",
                on_click=routing.open_item,
                args=(success.item,),
            )


def fault(at: int, about: str) -> None:
    """Tell beside what it is about why a decision was not saved."""
    notice = routing.notice(at)
    fault_notice = notice if notice is not None and notice.about == about else None
    _slot(about.replace(" ", "_"), fault_notice, "aq-slot-fault", "alert")


def keys() -> str:
    """The keys as HTML."""
    rows = "".join(f"<dt>{escape(key)}</dt><dd>{escape(does)}</dd>" for key, does in KEYS)
    return f'<dl class="aq aq-small aq-keys">{rows}</dl>'


def _slot(name: str, notice: Notice | None, kind: str, role: str) -> None:
    id = f"aq-slot-{name}"
    text = escape(notice.text[:1].upper() + notice.text[1:]) if notice else ""
    show = _SHOW.format(id=id, once=notice.once) if notice else ""
    st.html(
        f'<div class="aq aq-slot {kind if notice else ""}" id="{id}" role="{role}">'
        f"<p>{text}</p></div>{show}",
        unsafe_allow_javascript=True,  # all of the text is escaped
    )
