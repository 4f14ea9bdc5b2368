"""The answer as the page sends it, and the draft of what may go with it: a note, wrong readings."""

from collections.abc import Mapping
from typing import Any

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.sensors import Reading
from aqfusion.labels.answer import Answer, AnswerError, Seen
from aqfusion.labels.drafts import Draft
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

    def answer(seen: Seen) -> Answer:
        note, corrections = _remarks(pressed)
        right = Reading.from_values(corrections)
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


def keep_draft(on: Desk, raw: Mapping[str, Any]) -> None:
    """Keep what has been typed for the item on the desk, until it is answered; `AnswerError` where
    it breaks a rule.
    """
    note, corrections = _remarks(raw)
    desk.keep_draft(on, Draft(note, raw.get("unsure") is True, corrections))


def draft(on: Desk, leased: Leased) -> Draft:
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


def _whole(text: object) -> int:
    if not (isinstance(text, str) and text.strip().isascii() and text.strip().isdecimal()):
        raise AnswerError(f"aqi must be a whole number from 0 to 500, got {text!r:.40}")
    return int(text)
