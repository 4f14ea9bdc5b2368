"""The desk on the page: photo, readings, a key for every answer, messages and tools.

All of it is one component, `assets/label`, which is refilled from item to item: Streamlit's own
fifty widgets take a third of a second to be drawn anew, and what comes and goes among them moves
the buttons under the pointer. Text from outside stays text there.
"""

import base64
from collections.abc import Mapping
from typing import Any

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import pollutant
from aqfusion.errors import InputError
from aqfusion.labels.answer import CANT_TELL, Answer
from aqfusion.labels.candidates import EVERYTHING
from aqfusion.labels.item import Reason, Task
from aqfusion.labels.leases import Leased
from aqfusion.settings import ASSETS
from aqfusion.ui.explain.words import UNITS
from aqfusion.ui.labels import (
    answer_form,
    desk,
    desk_messages,
    guidelines,
    pace_view,
    same_view_strip,
)
from aqfusion.ui.labels.desk import ASSISTED, BLIND, Desk
from aqfusion.ui.labels.opened import store

KEY = "label_item"
END = "Nothing is waiting for you: every item has been answered."
END_OF_FILTER = "Nothing is left of what your filter lets by. Clear the filter to go on."
_FOLDER = ASSETS / "label"
_SCRIPTS = ("elements.js", "photo.js", "note.js", "item.js")  # one module, in this order
_US = standard("us")
# Streamlit keeps c and r for itself.
_CANT_TELL_KEYS = dict(zip(CANT_TELL, ("n", "l", "k", "f", "m", "o"), strict=True))
_CATEGORIES = [
    {
        "words": category.name,
        "span": f"{category.i_low} to {category.i_high}",
        "colour": category.colour,
    }
    for category in _US.categories
]
_REASONS = [
    {"reason": reason, "words": reason.capitalize(), "key": key}
    for reason, key in _CANT_TELL_KEYS.items()
]
_OF_THE_MODEL = {
    "model unsure": "The model is unsure",
    "photo against readings": "Photo and readings seem to say different things",
}
_OF_OTHERS = {
    "annotators disagree": "People see it differently",
    "label likely wrong": "Its label may be wrong",
}
_SAYS_NOTHING_OF_THE_AIR = {
    *("random", "sent back", "overlap", "next", "near-duplicate", "first days of a place"),
}
# What leads away from the item that is shown, so that a press for another one must do nothing.
_MOVES = {
    "skip": desk.skip,
    "undo": desk.undo,
    "back": desk.back,
    "confirm": desk.confirm,
    "cancel": desk.cancel,
}

_component = st.components.v2.component(
    "aqfusion_label_item",
    js="\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS),
    css=(_FOLDER / "item.css").read_text(encoding="utf-8"),
    isolate_styles=False,  # the page's own style reaches in
)


def show(on: Desk) -> None:
    """Draw the desk, and do what is pressed."""

    def answered() -> None:
        answer_form.save(on, _event("answer"))

    def commanded() -> None:
        _obey(on, _event("command"))

    _component(
        key=KEY, data=component_data(on), on_answer_change=answered, on_command_change=commanded
    )
    on.guidelines = False


def _event(name: str) -> object:
    return (st.session_state.get(KEY) or {}).get(name)


def _obey(on: Desk, command: object) -> None:
    """Do what a button or key asks for; it comes from a browser, so nothing of it is believed."""
    if not isinstance(command, Mapping):
        return
    name = command.get("name")
    if command.get("request") != on.request:
        if name in _MOVES:
            desk.stale(on)
        return
    if isinstance(name, str) and name in _MOVES:
        _MOVES[name](on)
    elif name == "mode" and command.get("value") in (BLIND, ASSISTED):
        desk.set_mode(on, str(command["value"]))
    elif name == "guidelines":
        on.guidelines = True
        on.turn += 1
    elif name == "draft" and on.leased is not None:
        try:
            answer_form.keep_draft(on, command)
        except InputError as error:
            on.words = str(error)
            on.turn += 1


def component_data(on: Desk) -> dict[str, Any]:
    """All data that the page gets: no name of a file, and in blind mode no hint of the model."""
    return {
        "turn": f"{on.request} {on.turn}",  # another one after each thing that was done
        "request": on.request,
        "mode": on.mode,
        "categories": _CATEGORIES,
        "reasons": _REASONS,
        "message": desk_messages.message(on),
        "pace": pace_view.progress(on),
        "alike": same_view_strip.count(on),
        "guidelines": guidelines.for_desk() if on.guidelines else None,
        "end": END if on.chosen == EVERYTHING else END_OF_FILTER,
        **(_NOTHING if on.leased is None else _item(on, on.leased)),
    }


_NOTHING: dict[str, Any] = {
    "item": None,
    "photo": "",
    "missing": "",
    "about": "",
    "readings": [],
    "said": {"category": None, "aqi": None, "unsure": False},
    "suggestion": None,
    "note": "",
    "corrections": {},
}


def _item(on: Desk, leased: Leased) -> dict[str, Any]:
    task, mode = leased.task, on.mode
    photo, missing = _photo(task)
    answer = (
        Answer.from_event(leased.own_event)
        if leased.own_event and leased.own_event.kind == "answer"
        else None
    )
    draft = answer_form.draft(on, leased)
    return {
        "item": task.id,
        "photo": photo,
        "missing": missing,
        "about": _about(leased, mode),
        "readings": [
            {
                "name": name,
                "label": pollutant(name).pretty_label,
                "value": f"{getattr(task.reading, name):.4g}",
                "unit": UNITS[pollutant(name).unit],
            }
            for name in task.reading.present
        ],
        "said": {
            "category": answer.band if answer else None,
            "aqi": answer.aqi if answer else None,
            "unsure": draft.unsure,
        },
        "suggestion": _suggestion(task) if mode == ASSISTED else None,
        "note": draft.note,
        "corrections": {**draft.corrections},
    }


def _photo(task: Task) -> tuple[str, str]:
    """The photo as a data URL, or why there is none."""
    try:
        content = store().photos.get(task.photo_hash)
    except InputError as error:
        return "", str(error)
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}", ""


def _about(leased: Leased, mode: str) -> str:
    """Where and when it was, why it is here."""
    task = leased.task
    parts = [task.place] if task.place else []
    if task.taken_text is not None:
        parts.append(task.taken_text)
    if not task.reading.present:
        parts.append("no readings: the photo alone")
    parts.append("why this one: " + "; ".join(why(reason, mode) for reason in leased.why))
    return " · ".join(parts)


def why(reason: Reason, mode: str) -> str:
    """Return the reason, without what would sway the answer: others' answers, the model's."""
    if reason.kind in _OF_THE_MODEL:
        return reason.words if mode == ASSISTED else _OF_THE_MODEL[reason.kind]
    if reason.kind in _SAYS_NOTHING_OF_THE_AIR:
        return reason.words
    return _OF_OTHERS.get(reason.kind, "It may be telling")


def reason_words(kind: str) -> str:
    """A kind of reason, in words that may be shown before an answer."""
    texts = {
        **_OF_THE_MODEL,
        **_OF_OTHERS,
        "sent back": "An expert asks for one more opinion",
        "overlap": "One more opinion is wanted",
        "first days of a place": "Its place has few labelled days",
    }
    return texts.get(kind, kind.capitalize())


def _suggestion(task: Task) -> dict[str, Any]:
    """The model's prediction, to be marked as such."""
    view = task.model_view
    if view is None:
        return {"aqi": "", "words": "The model has not scored this item yet."}
    category = _US.category_of(view.aqi)
    return {
        "aqi": f"{view.aqi:.0f}",
        "range": f"{view.low:.0f} to {view.high:.0f}",
        "category": _US.categories.index(category),
        "words": category.name,
        "colour": category.colour,
        "ink": category.text_colour,
    }
