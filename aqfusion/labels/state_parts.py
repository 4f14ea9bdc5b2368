"""The parts of an item's line, each value checked as strictly as if a person had given it."""

import re
from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.sensors import Reading
from aqfusion.errors import InputError
from aqfusion.labels.answer import Answer
from aqfusion.labels.events import EVENT_KINDS
from aqfusion.labels.given_text import one_line, several_lines
from aqfusion.labels.item import Reason, view_of
from aqfusion.labels.new_item import NewItem
from aqfusion.labels.schema import label_events

__all__ = [
    *("EVENT_COLUMNS", "PLAIN", "StateLineError"),
    *("event_of", "item_of", "same_keys", "whole_number"),
]

PLAIN = (
    *("photo_hash", "origin", "source", "licence", "consent", "trusted", "place", "split"),
    *("known_aqi", "guess", "overlap", "priority", "duplicate_of", "fingerprint", "units_stated"),
)
EVENT_COLUMNS = tuple(column.name for column in label_events.columns)
_EVENT_KEYS = {*EVENT_COLUMNS, "by"} - {"item", "user"}
_SAYS = ("answer", "accept", "overrule")
_SAID = tuple(Answer(category=0).columns())
_GUESS_KEYS = {"standard", "category", "aqi", "cant_tell"}
_OLD_KEYS = {"event", "kind", *_GUESS_KEYS}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LARGEST = 2**63 - 1


class StateLineError(InputError):
    """A line that is no item of this format; the message is the rule it breaks."""


def item_of(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of an item before anything happened to it."""
    same_keys("reading", line["reading"], {*POLLUTANTS})
    flags = line["trusted"], line["units_stated"]
    if not all(isinstance(flag, bool) for flag in flags) or isinstance(line["priority"], bool):
        rule = "trusted and units_stated must be true or false, and priority a number"
        raise StateLineError(f"{rule}, got others")
    new = NewItem(
        **{**{name: line[name] for name in PLAIN}, "priority": float(line["priority"])},
        reading=Reading(**line["reading"]),
        group=line["group"],
        taken_at=_time(line["taken_at"]),
        consented_at=_time(line["consented_at"]),
        reasons=tuple(Reason(**reason) for reason in line["reasons"]),
        model_view=view_of(line["model_view"]),
        fold_view=view_of(line["fold_view"]),
        time_zone=line["time_zone"],
    )
    for name in ("overlap", "known_aqi", "duplicate_of"):
        if line[name] is not None:
            whole_number(line[name], 0)
    _check_guess(line["guess"])
    for view in (new.model_view, new.fold_view):
        if view is not None:
            one_line("kind", view.kind, 40)
    for reason in new.reasons:
        one_line("reason", reason.kind, 40)
        several_lines("reason", reason.words, 500)
    if new.key != line["key"]:
        raise StateLineError(f"key must be that of photo and reading, got {line['key']!r}")
    created = _time(line["created"])
    if created is None:
        raise StateLineError("created must be a time, got null")
    return {**new.columns(created), "id": whole_number(line["id"])}


def event_of(event: Mapping[str, Any], item: int) -> dict[str, Any]:
    """Return the row of an event, but for its user, whose name is `by`."""
    event = {"batch": None, **event}  # exports of before there were answers to several photos
    same_keys("event", event, _EVENT_KEYS)
    if event["kind"] not in EVENT_KINDS:
        raise StateLineError(f"kind must be one of {', '.join(EVENT_KINDS)}, got {event['kind']!r}")
    if event["kind"] in _SAYS:
        columns = Answer.from_event(SimpleNamespace(**event)).columns()
    else:
        columns = dict.fromkeys(_SAID)
    if any(event[name] != value for name, value in columns.items()):
        raise StateLineError(f"{event['kind']} must say what such an event can, got something else")
    if not _DIGEST.fullmatch(event["request_digest"]):
        raise StateLineError("request_digest must be 64 hex digits, got something else")
    if event["reason"] is not None:
        several_lines("reason", event["reason"], 500)
    if event["batch"] is not None:
        one_line("batch", event["batch"], 80)
    _check_old(event["old"])
    at = _time(event["at"])
    if at is None:
        raise StateLineError("at must be a time, got null")
    checked = {
        "id": whole_number(event["id"]),
        "by": one_line("by", event["by"], 60),
        "request_id": one_line("request id", event["request_id"], 80),
        "about": None if event["about"] is None else whole_number(event["about"]),
    }
    return {**event, **checked, "at": at, "item": item}


def _check_guess(guess: Mapping[str, Any] | None) -> None:
    if guess is None:
        return
    same_keys("guess", guess, _GUESS_KEYS)
    exact = guess["aqi"] is not None
    columns = Answer(**{**guess, "category": None if exact else guess["category"]}).columns()
    if any(columns[name] != value for name, value in guess.items()):
        raise StateLineError(
            f"category of a guess must be that of its AQI, got {guess['category']!r}"
        )


def _check_old(old: Mapping[str, Any] | None) -> None:
    if old is None:
        return
    same_keys("old", old, _OLD_KEYS)
    for name, value in old.items():
        if isinstance(value, str):
            one_line(name, value, 40)
        elif value is not None:
            whole_number(value, 0)


def same_keys(what: str, fields: Mapping[str, Any], wanted: set[str]) -> None:
    """Refuse an object with fields more or less."""
    if fields.keys() != wanted:
        names = ", ".join(sorted(wanted ^ fields.keys())[:5])
        raise StateLineError(
            f"{what} must have the fields of this format, got a difference: {names}"
        )


def whole_number(value: Any, least: int = 1) -> int:
    """Refuse what no id or count can be."""
    if type(value) is not int or not least <= value <= _LARGEST:
        raise StateLineError(f"numbers must be whole and from {least} on, got {str(value)[:40]!r}")
    return int(value)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise StateLineError(f"times must have a zone, got {text!r}")
    return time
