"""An item with all its events as one line of JSON, and back, checked as strictly as user input.

An account is only its name here: no line gives anybody a role or a PIN. What follows from the
events (status, answers, the queue) is made anew, and `status` is there to be compared.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.labels.accounts import name_key
from aqfusion.labels.answer import Answer
from aqfusion.labels.event_log import EVENT_KINDS
from aqfusion.labels.item import STATUSES, Reason, view_of
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.item_projection import fold_events
from aqfusion.labels.schema import label_events
from aqfusion.text_validation import one_line, several_lines

__all__ = [
    *("EVENT_COLUMNS", "PLAIN", "StateLineError"),
    *("event_of", "item_of", "same_keys", "whole_number"),
    "FORMAT",
    "StateLine",
    "StateLineError",
    "event_json",
    "state_json",
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
        raise StateLineError(f"{rule}, got other values")
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
    for name, value in columns.items():
        if event[name] != value:
            rule = f"{name} must be {str(value)[:40]!r} in such a {event['kind']!r}"
            raise StateLineError(f"{rule}, got {str(event[name])[:40]!r}")
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
        raise StateLineError(f"numbers must be whole and at least {least}, got {str(value)[:40]!r}")
    return int(value)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise StateLineError(f"times must have a zone, got {text!r}")
    return time


FORMAT = "aqfusion labels 1"
_ITEM_KEYS = {
    *("format", "number", "of", "id", "key", "status", "reading", "consented_at", "taken_at"),
    *("group", "reasons", "model_view", "fold_view", "created", "events", "time_zone", *PLAIN),
    "unblinded",
}
# What JSON of another shape ends in on its way through these functions.
_WRONG_SHAPE = (
    *(TypeError, ValueError, LookupError, AttributeError),
    *(RecursionError, OverflowError),
)


@dataclass(frozen=True)
class StateLine:
    """A checked line: rows for `items` and `label_events`, whose users are still names."""

    number: int
    total: int
    status: str
    item: dict[str, Any]
    events: tuple[dict[str, Any], ...]
    unblinded: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, text: bytes) -> "StateLine":
        """Check every value of a line; `StateLineError` says what is wrong."""
        try:
            line = json.loads(text, parse_constant=_no_number)
            # Which exports had not at first; a contribution came in the units of the page.
            stated = line["origin"] == "contribution"
            line = {"time_zone": None, "units_stated": stated, "unblinded": [], **line}
            same_keys("line", line, _ITEM_KEYS)
            if line["format"] != FORMAT:
                raise StateLineError(f"format must be {FORMAT!r}, got {line['format']!r}")
            item = item_of(line)
            events = tuple(event_of(event, item["id"]) for event in line["events"])
            _order(events)
            if line["status"] not in STATUSES:
                raise StateLineError(
                    f"status must be one of {', '.join(STATUSES)}, got {line['status']!r}"
                )
            status = fold_events(
                SimpleNamespace(**item), (_named(event) for event in events)
            ).status
            if status != line["status"]:
                raise StateLineError(f"status must be {status} by its events, got {line['status']}")
            count, total = whole_number(line["number"]), whole_number(line["of"])
            return cls(count, total, status, item, events, _unblinded(line["unblinded"], item))
        except InputError as error:
            raise StateLineError(str(error)) from error
        except _WRONG_SHAPE as error:
            raise StateLineError("must be an item of this format, got other JSON") from error


def state_json(
    row: Any,
    events: Sequence[Any],
    number: int,
    total: int,
    unblinded: Sequence[tuple[str, int]] = (),
) -> dict[str, Any]:
    """Return the line of a row of `items` and its events, each of them with a `name`."""
    shown = [{"by": name, "last_event": last} for name, last in unblinded]
    return {
        "format": FORMAT,
        "number": number,
        "of": total,
        "id": row.id,
        "key": row.key,
        "status": row.status,
        "reading": {name: getattr(row, name) for name in POLLUTANTS},
        "group": row.group_key,
        **{name: getattr(row, name) for name in PLAIN},
        "taken_at": _text(row.taken_at),
        "time_zone": row.time_zone,
        "consented_at": _text(row.consented_at),
        "created": _text(row.created),
        **{name: getattr(row, name) for name in ("reasons", "model_view", "fold_view")},
        "events": [event_json(event) for event in events],
        **({"unblinded": shown} if shown else {}),
    }


def event_json(event: Any) -> dict[str, Any]:
    """Return an event with the name of who did it."""
    own = {name: getattr(event, name) for name in EVENT_COLUMNS if name not in {"item", "user"}}
    return {**own, "at": _text(event.at), "by": event.name}


def _unblinded(shown: Any, item: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    rows = []
    for row in shown:
        same_keys("unblinded", row, {"by", "last_event"})
        name, last_event = one_line("by", row["by"], 60), whole_number(row["last_event"], 0)
        rows.append({"by": name, "last_event": last_event, "item": item["id"]})
    if len({name_key(row["by"]) for row in rows}) < len(rows):
        raise StateLineError("unblinded must name each account once, got one twice")
    return tuple(rows)


def _order(events: tuple[dict[str, Any], ...]) -> None:
    ids = [event["id"] for event in events]
    if ids != sorted({*ids}):
        raise StateLineError(f"events must come in the order of their ids, got {ids[:20]}")
    for event in events:
        if event["about"] is not None and event["about"] not in ids[: ids.index(event["id"])]:
            raise StateLineError(f"event {event['id']} must refer to an earlier event, got none")


def _named(event: Mapping[str, Any]) -> Any:
    return SimpleNamespace(**event, user=name_key(event["by"]))


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _no_number(text: str) -> None:
    raise StateLineError(f"numbers must be finite, got {text}")
