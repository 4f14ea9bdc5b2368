"""The annotation component: photo, readings, keys, answer form, messages and tools.

All of it is one component, `assets/label`, which is refilled from item to item: Streamlit's own
fifty widgets take a third of a second to be drawn anew, and what comes and goes among them moves
the buttons under the pointer. Text from outside stays text there.
"""

import base64
from collections.abc import Mapping
from typing import Any

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.labels.annotation_sessions import Draft
from aqfusion.labels.answer import ASSISTED, BLIND, CANT_TELL, Answer, AnswerContext, AnswerError
from aqfusion.labels.item import Reason, Task
from aqfusion.labels.leases import Leased
from aqfusion.labels.queue_sql import EVERYTHING
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.settings import ASSETS
from aqfusion.text_validation import read_whole_number, several_lines
from aqfusion.ui.labels import annotation_session, guidelines, progress_view, similar_views
from aqfusion.ui.labels.annotation_session import AnnotationSession
from aqfusion.ui.labels.store_session import now, store
from aqfusion.ui.markup import public_text

_US = standard("us")


def message(on: AnnotationSession) -> dict[str, Any]:
    """The message as the page takes it: text, kind, and whether it is a question."""
    if on.to_confirm is not None:
        last = on.to_confirm
        text = f"Item {last.item} ({summary(last.answer)}) is from before this sign-in. Undo it?"
        return {"text": text, "kind": "ask", "ask": True}
    if on.words:
        words = on.words[0].upper() + on.words[1:].removesuffix(".") + "."
        return {"text": words, "kind": "warning", "ask": False}
    if on.cover:
        text = f"Your answer to this item will also be given to {others(len(on.cover))}."
        return {"text": text, "kind": "undone", "ask": False}
    if on.undone is not None:
        too = f", and {others(on.covered)}" if on.covered else ""
        answer_text = summary(on.undone.answer)
        text = f"Undone: item {on.undone.item}, {answer_text}{too}. The item is shown again."
        return {"text": text, "kind": "undone", "ask": False}
    if on.last is not None:
        return {"text": _saved(*on.last, on.covered), "kind": "saved", "ask": False}
    return {"text": "", "kind": "", "ask": False}


def summary(answer: Answer | None) -> str:
    """An answer in a few words; `None` is a skip.

    >>> summary(Answer(aqi=151)), summary(Answer(cant_tell="cloud")), summary(None)
    ('Unhealthy, AQI 151', "can't tell: cloud", 'skipped')
    """
    if answer is None:
        return "skipped"
    if answer.cant_tell:
        return f"can't tell: {answer.cant_tell}"
    name = standard(answer.standard).categories[answer.band or 0].name
    return name if answer.aqi is None else f"{name}, AQI {answer.aqi}"


def others(count: int) -> str:
    """So many other photos, in words."""
    return f"{count} more photo{'' if count == 1 else 's'} of the same view"


def _saved(task: Task, answer: Answer | None, view: ItemPrediction | None, covered: int) -> str:
    if answer is None:
        return f"Item {task.id}: skipped."
    words = f"Item {task.id}: saved {summary(answer)}"
    if covered:
        words += f", also for {others(covered)}"
    if view is not None:
        words += f"; the model predicted {view.aqi:.0f}, {_US.category_of(view.aqi).name}"
    return words + "."


_LONGEST_NOTE = 500
_LONGEST_VALUE = 12


def save(on: AnnotationSession, pressed: object) -> None:
    """Keep the answer that was pressed, with the note and corrections that it brings.

    It says which showing it is an answer to: the second half of a double press, or a key that
    waited on a slow line, belongs to an item that has gone, and answers none. It comes from a
    browser, so nothing of it is believed.
    """
    if on.leased is None or not isinstance(pressed, Mapping):
        return
    if pressed.get("request") != on.request:
        annotation_session.stale(on)
        return

    def answer(seen: AnswerContext) -> Answer:
        note, corrections = _remarks(pressed)
        right = Reading.from_values(corrections)
        return Answer(
            pressed.get("category"),
            read_whole_number(pressed["aqi"], "aqi", 0, 500) if "aqi" in pressed else None,
            pressed.get("cant_tell"),
            confidence="unsure" if pressed.get("unsure") is True else "sure",
            note=note,
            corrections={name: getattr(right, name) for name in corrections},
            seen=seen,
        )

    annotation_session.save(on, answer, on.mode)


def keep_draft(on: AnnotationSession, raw: Mapping[str, Any]) -> None:
    """Keep what has been typed for the item on the desk, until it is answered; `AnswerError` where
    it breaks a rule.
    """
    note, corrections = _remarks(raw)
    annotation_session.keep_draft(on, Draft(note, raw.get("unsure") is True, corrections))


def draft_of(on: AnnotationSession, leased: Leased) -> Draft:
    """The form's first content: the draft, else the answer given to the item before."""
    if on.draft is not None:
        return on.draft
    if leased.own_event is None or leased.own_event.kind != "answer":
        return Draft()
    answer = Answer.from_event(leased.own_event)
    corrections = {
        name: "" if value is None else f"{value:g}"[:_LONGEST_VALUE]
        for name, value in answer.corrections.items()
    }
    return Draft(answer.note, answer.confidence == "unsure", corrections)


def _remarks(raw: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    note, corrections = raw.get("note", ""), raw.get("corrections", {})
    if not isinstance(note, str):
        raise AnswerError(f"note must be text, got {note!r:.40}")
    note = several_lines("note", note, _LONGEST_NOTE)
    if not isinstance(corrections, Mapping) or not corrections.keys() <= {*POLLUTANTS}:
        raise AnswerError(f"corrections must be of pollutants, got {corrections!r:.60}")
    for name, value in corrections.items():
        if not isinstance(value, str) or len(value) > _LONGEST_VALUE:
            rule = f"must be a number of at most {_LONGEST_VALUE} characters"
            raise AnswerError(f"{name} {rule}, got {value!r:.40}")
    return note, dict(corrections)


KEY = "label_item"
END = "Your queue is empty: every item has been answered."
END_OF_BLIND = (
    "Your queue is empty: you have been shown the model's prediction or other answers of all items "
    "that are left. Switch to Assisted to answer them."
)
END_OF_FILTER = "No items match your filter. Clear the filter to continue."
_FOLDER = ASSETS / "label"
_SCRIPTS = ("elements.js", "photo.js", "note.js", "item.js")  # one module, in this order
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
    "photo against readings": "Photo and readings seem to disagree",
}
_OF_OTHERS = {
    "annotators disagree": "Annotators disagree",
    "label likely wrong": "Its label may be wrong",
}
_SAYS_NOTHING_OF_THE_AIR = {
    *("random", "sent back", "overlap", "next", "near-duplicate", "first days of a place"),
}
# What leads away from the item that is shown, so that a press for another one must do nothing.
_MOVES = {
    "skip": annotation_session.skip,
    "undo": annotation_session.undo,
    "back": annotation_session.back,
    "confirm": annotation_session.confirm,
    "cancel": annotation_session.cancel,
}

_component = st.components.v2.component(
    "aqfusion_label_item",
    js="\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS),
    css=(_FOLDER / "item.css").read_text(encoding="utf-8"),
    isolate_styles=False,  # the page's own style reaches in
)


def render_item(on: AnnotationSession) -> None:
    """Draw the desk, and do what is pressed."""

    def answered() -> None:
        save(on, _event("answer"))

    def commanded() -> None:
        _obey(on, _event("command"))

    _component(
        key=KEY, data=component_data(on), on_answer_change=answered, on_command_change=commanded
    )
    on.guidelines = False


def _event(name: str) -> object:
    return (st.session_state.get(KEY) or {}).get(name)


def _obey(on: AnnotationSession, command: object) -> None:
    """Do what a button or key asks for; it comes from a browser, so nothing of it is believed."""
    if not isinstance(command, Mapping):
        return
    name = command.get("name")
    if command.get("request") != on.request:
        if name in _MOVES:
            annotation_session.stale(on)
        return
    if isinstance(name, str) and name in _MOVES:
        _MOVES[name](on)
    elif name == "mode" and command.get("value") in (BLIND, ASSISTED):
        annotation_session.set_mode(on, str(command["value"]))
    elif name == "guidelines":
        on.guidelines = True
        on.turn += 1
    elif name == "draft" and on.leased is not None:
        try:
            keep_draft(on, command)
        except InputError as error:
            on.words = public_text(error)
            on.turn += 1


def component_data(on: AnnotationSession) -> dict[str, Any]:
    """All data that the page gets: no name of a file, and in blind mode no hint of the model."""
    item = {**_NOTHING, "end": _end(on)} if on.leased is None else _item(on, on.leased)
    return {
        "turn": f"{on.request} {on.turn}",  # another one after each thing that was done
        "request": on.request,
        "mode": on.mode,
        "categories": _CATEGORIES,
        "reasons": _REASONS,
        "message": message(on),
        "pace": progress_view.progress(on),
        "alike": similar_views.count(on),
        "guidelines": guidelines.for_desk() if on.guidelines else None,
        **item,
    }


def _end(on: AnnotationSession) -> str:
    """Why no item is shown."""
    if on.mode == BLIND and store().queue.has_unblinded(on.actor, now(), on.chosen):
        return END_OF_BLIND
    return END if on.chosen == EVERYTHING else END_OF_FILTER


_NOTHING: dict[str, Any] = {
    "item": None,
    "photo": "",
    "missing": "",
    "about": "",
    "readings": [],
    "said": {"category": None, "aqi": None, "unsure": False},
    "suggestion": None,
    "blind": True,
    "note": "",
    "corrections": {},
}


def _item(on: AnnotationSession, leased: Leased) -> dict[str, Any]:
    shows = annotation_session.suggest(on)
    task, mode = leased.task, ASSISTED if shows else BLIND
    photo, missing = _photo(task)
    answer = (
        Answer.from_event(leased.own_event)
        if leased.own_event and leased.own_event.kind == "answer"
        else None
    )
    draft = draft_of(on, leased)
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
                "unit": pollutant(name).pretty_unit,
            }
            for name in task.reading.present
        ],
        "said": {
            "category": answer.band if answer else None,
            "aqi": answer.aqi if answer else None,
            "unsure": draft.unsure,
        },
        "suggestion": _suggestion(on.suggestion) if shows else None,
        "blind": not (shows or leased.unblinded),
        "end": "",
        "note": draft.note,
        "corrections": {**draft.corrections},
    }


def _photo(task: Task) -> tuple[str, str]:
    """The photo as a data URL, or why there is none."""
    try:
        content = store().photos.get(task.photo_hash)
    except InputError as error:
        return "", public_text(error)
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}", ""


def _about(leased: Leased, mode: str) -> str:
    """Where and when it was, why it is here."""
    task = leased.task
    parts = [task.place] if task.place else []
    if task.taken_text is not None:
        parts.append(task.taken_text)
    if not task.reading.present:
        parts.append("no readings, only the photo")
    if leased.why:
        parts.append("why this item: " + "; ".join(why(reason, mode) for reason in leased.why))
    return " · ".join(parts)


def why(reason: Reason, mode: str) -> str:
    """Return the reason, without what would sway the answer: others' answers, the model's."""
    if reason.kind in _OF_THE_MODEL:
        return reason.words if mode == ASSISTED else _OF_THE_MODEL[reason.kind]
    if reason.kind in _SAYS_NOTHING_OF_THE_AIR:
        return reason.words
    return _OF_OTHERS.get(reason.kind, "Its label may help the model")


def reason_words(kind: str) -> str:
    """A kind of reason, in words that may be shown before an answer."""
    texts = {
        **_OF_THE_MODEL,
        **_OF_OTHERS,
        "sent back": "An expert asks for one more answer",
        "overlap": "One more answer is needed",
        "first days of a place": "Its place has few labelled days",
    }
    return texts.get(kind, kind.capitalize())


def _suggestion(view: ItemPrediction | None) -> dict[str, Any]:
    """The model's prediction, to be marked as such."""
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
