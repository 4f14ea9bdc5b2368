"""The answer as the page sends it, and the draft of what may go with it: a note, wrong readings."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.sensors import Reading
from aqfusion.labels.answer import Answer, AnswerError, Seen
from aqfusion.labels.given_text import several_lines
from aqfusion.labels.leases import Leased
from aqfusion.ui.labels import desk
from aqfusion.ui.labels.desk import Desk

_LONGEST_NOTE = 500
_LONGEST_VALUE = 12


def save(on: Desk, pressed: object) -> None:
    """Keep the answer that was pressed, with the note and corrections that it brings.

    It says which showing it is an answer to: the second half of a double press, or a key that
    waited on a slow line, belongs to an item that has gone, and answers none. It comes from a
    browser, so nothing of it is believed.
    """
    if on.leased is None or not isinstance(pressed, Mapping):
        return
    if pressed.get("request") != on.request:
        desk.stale(on)
        return
    item = on.leased.task.id

    def answer(seen: Seen) -> Answer:
        note, corrections = _remarks(pressed)
        right = Reading.of(corrections)
        return Answer(
            pressed.get("category"),
            _whole(pressed["aqi"]) if "aqi" in pressed else None,
            pressed.get("cant_tell"),
            confidence="unsure" if pressed.get("unsure") is True else "sure",
            note=note,
            corrections={name: getattr(right, name) for name in corrections},
            seen=seen,
        )

    desk.save(on, answer, on.mode)
    if on.words is None:
        for key in _draft_keys(item):
            st.session_state.pop(key, None)


def keep_draft(item: int, given: Mapping[str, Any]) -> None:
    """Keep what has been typed for an item, until it is answered; `AnswerError` where it breaks a
    rule.
    """
    note, corrections = _remarks(given)
    for key, value in zip(_draft_keys(item), (note, corrections), strict=True):
        st.session_state[key] = value


def draft(leased: Leased) -> tuple[str, dict[str, str]]:
    """The note and corrections to begin with: the draft, else what was said of the item before."""
    note, corrections = (st.session_state.get(key) for key in _draft_keys(leased.task.id))
    said = Answer.of(leased.said) if leased.said and leased.said.kind == "answer" else Answer(0)
    if note is None:
        note = said.note
    if corrections is None:
        corrections = {
            name: "" if value is None else f"{value:g}" for name, value in said.corrections.items()
        }
    return note, corrections


def _draft_keys(item: int) -> tuple[str, str]:
    return f"label_{item}_note", f"label_{item}_corrections"


def _remarks(given: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    note, corrections = given.get("note", ""), given.get("corrections", {})
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


def _whole(text: object) -> int:
    if not (isinstance(text, str) and text.strip().isascii() and text.strip().isdecimal()):
        raise AnswerError(f"aqi must be a whole number from 0 to 500, got {text!r:.40}")
    return int(text)
