"""An item with all that happened to it as one line of JSON, and back.

An account is only its name here: no line gives anybody a role or a PIN. What follows from the
events (status, answers, the queue) is made anew, and `status` is there to be compared.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.errors import InputError
from aqfusion.labels.accounts import name_key
from aqfusion.labels.current import fold
from aqfusion.labels.item import STATUSES
from aqfusion.labels.state_parts import (
    EVENT_COLUMNS,
    PLAIN,
    StateLineError,
    event_of,
    item_of,
    same_keys,
    whole_number,
)

__all__ = ["FORMAT", "StateLine", "StateLineError", "event_json", "state_json"]

FORMAT = "aqfusion labels 1"
_ITEM_KEYS = {
    *("format", "number", "of", "id", "key", "status", "reading", "consented_at", "taken_at"),
    *("group", "reasons", "model_view", "fold_view", "created", "events", "time_zone", *PLAIN),
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

    @classmethod
    def read(cls, text: bytes) -> "StateLine":
        """Check every value of a line; `StateLineError` says what is wrong."""
        try:
            line = json.loads(text, parse_constant=_no_number)
            # Which exports had not at first; a contribution came in the units of the page.
            stated = line["origin"] == "contribution"
            line = {"time_zone": None, "units_stated": stated, **line}
            same_keys("line", line, _ITEM_KEYS)
            if line["format"] != FORMAT:
                raise StateLineError(f"format must be {FORMAT!r}, got {line['format']!r}")
            item = item_of(line)
            events = tuple(event_of(event, item["id"]) for event in line["events"])
            _order(events)
            if line["status"] not in STATUSES:
                raise StateLineError(f"status must be a known one, got {line['status']!r}")
            status = fold(SimpleNamespace(**item), (_named(event) for event in events)).status
            if status != line["status"]:
                raise StateLineError(f"status must be {status} by its events, got {line['status']}")
            return cls(whole_number(line["number"]), whole_number(line["of"]), status, item, events)
        except InputError as error:
            raise StateLineError(str(error)) from error
        except _WRONG_SHAPE as error:
            raise StateLineError("must be an item of this format, got other JSON") from error


def state_json(row: Any, events: Sequence[Any], number: int, total: int) -> dict[str, Any]:
    """Return the line of a row of `items` and its events, each of them with a `name`."""
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
    }


def event_json(event: Any) -> dict[str, Any]:
    """Return an event with the name of who did it."""
    own = {name: getattr(event, name) for name in EVENT_COLUMNS if name not in {"item", "user"}}
    return {**own, "at": _text(event.at), "by": event.name}


def _order(events: tuple[dict[str, Any], ...]) -> None:
    ids = [event["id"] for event in events]
    if ids != sorted({*ids}):
        raise StateLineError(f"events must come in the order of their ids, got {ids[:20]}")
    for event in events:
        if event["about"] is not None and event["about"] not in ids[: ids.index(event["id"])]:
            raise StateLineError(f"event {event['id']} must be about one before it, got none")


def _named(event: Mapping[str, Any]) -> Any:
    return SimpleNamespace(**event, user=name_key(event["by"]))


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _no_number(text: str) -> None:
    raise StateLineError(f"numbers must be finite, got {text}")
