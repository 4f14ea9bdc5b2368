"""Rules of every row that comes from a file: types by the schema, and what each table means.

A database takes a role "god", and SQLite takes texts of any length and no time at all: so what a
stranger may have written is checked before a database sees it.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, String, Table

from aqfusion.errors import InputError
from aqfusion.labels.accounts import OPERATOR, name_key
from aqfusion.labels.annotation_sessions import Draft
from aqfusion.labels.answer import MODES
from aqfusion.labels.audit_log import KINDS as ACCOUNT_EVENTS
from aqfusion.labels.item import STATUSES
from aqfusion.labels.item_json import event_of, item_of, state_json
from aqfusion.labels.schema import UtcTime
from aqfusion.labels.site_events import site_row
from aqfusion.permissions import GIVEN_ROLES
from aqfusion.sites.site_file import LARGEST
from aqfusion.text_validation import one_line, quoted, several_lines

__all__ = ["RowError", "check_row"]

_HEX = re.compile(r"[0-9a-f]{64}")
_CROWD = re.compile(r" (?:[1-9][0-9]{0,18} )*")
_ARGON2 = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})\$[\w+/.-]+\$[\w+/.-]+",
    re.ASCII,
)
_SCRYPT = re.compile(r"scrypt\$[\w+/=]+\$[\w+/=]+", re.ASCII)
# KiB and passes that a hash may ask for: a sign-in costs as much memory as its hash says
_MOST_MEMORY, _MOST_PASSES = 262_144, 16
_LONGEST_TEXT = {"content": LARGEST, "members": 120_000, "value": 8_000}
_LONGEST = 1_000  # characters of other texts
_MADE_BY_QUEUE = {
    *("status", "wanted", "trusted", "lane", "urgent", "seats", "crowd"),
    *("scored_by", "scored_event"),
}
# What JSON of another shape ends in on its way through these functions.
_WRONG_SHAPE = (
    *(TypeError, ValueError, LookupError, AttributeError),
    *(RecursionError, OverflowError),
)


class RowError(InputError):
    """A row that breaks a rule; the message names field, rule and value."""


def check_row(table: Table, row: Mapping[str, Any]) -> None:
    """Check a row as JSON has it, times as texts, against the schema and its table's meaning."""
    for column in table.columns:
        rule = _broken(column, row[column.name])
        if rule is not None:
            raise RowError(f"{column.name} {rule}, got {_shown(row[column.name])}")
    check = _RULES.get(table.name)
    if check is None:
        return
    try:
        check(row)
    except InputError as error:
        raise RowError(str(error)) from error
    except _WRONG_SHAPE as error:
        raise RowError(f"it must be of the shape that {table.name} have, got another") from error


def _broken(column: Column[Any], value: object) -> str | None:
    """The rule of its type that a value breaks."""
    if value is None:
        return None if column.nullable else "must have a value"
    kind = column.type
    if isinstance(kind, Boolean):
        return None if isinstance(value, bool) else "must be true or false"
    if isinstance(kind, Integer):
        most = 2**63 - 1 if _is_long(column) else 2**31 - 1
        least = 1 if _is_long(column) and (column.primary_key or column.foreign_keys) else -most
        is_whole = type(value) is int and least <= value <= most
        return None if is_whole else f"must be a whole number from {least} to {most}"
    if isinstance(kind, Float):
        is_finite = type(value) is float and math.isfinite(value)
        return None if is_finite else "must be a finite number with a decimal point"
    if isinstance(kind, UtcTime):
        return _broken_time(value)
    if isinstance(kind, JSON):
        return None if isinstance(value, dict | list) else "must be an object or a list"
    if isinstance(kind, String):
        most = kind.length or _LONGEST_TEXT.get(column.name, _LONGEST)
        return _broken_text(value, most)
    raise AssertionError(f"no rule for {column}")


def _is_long(column: Column[Any]) -> bool:
    return isinstance(column.type, BigInteger) or bool(column.foreign_keys)


def _broken_text(value: object, most: int) -> str | None:
    if not isinstance(value, str):
        return "must be a text"
    if len(value) > most:
        return f"must have at most {most} characters"
    if "\0" in value or (
        not value.isascii() and value.encode("utf-8", "replace").decode() != value
    ):
        return "must have no characters that a database refuses"
    return None


def _broken_time(value: object) -> str | None:
    rule = "must be a time in UTC like 2026-11-02T09:00:00+00:00"
    try:
        time = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return rule
    is_plain = time.tzinfo is not None and not time.utcoffset() and time.isoformat() == value
    return None if is_plain else rule


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)[:60]
    return quoted(text)


def _one_of(name: str, value: object, names: tuple[str, ...]) -> None:
    if value not in names:
        raise RowError(f"{name} must be one of {', '.join(names)}, got {_shown(value)}")


def _at_least(row: Mapping[str, Any], least: int, *names: str) -> None:
    for name in names:
        if row[name] is not None and row[name] < least:
            raise RowError(f"{name} must be at least {least}, got {row[name]}")


def _digest(name: str, value: str) -> None:
    if not _HEX.fullmatch(value):
        raise RowError(f"{name} must be 64 hex digits, got {_shown(value)}")


def _user(row: Mapping[str, Any]) -> None:
    if one_line("name", row["name"], 60) != row["name"]:
        raise RowError(f"name must have single spaces only, got {_shown(row['name'])}")
    if row["name_key"] != name_key(row["name"]):
        raise RowError(f"name_key must be that of the name, got {_shown(row['name_key'])}")
    way_in = row["pin"] or row["issuer"] or row["subject"]
    if row["role"] == "operator" and row["name"] == OPERATOR and not way_in:
        return
    _one_of("role", row["role"], GIVEN_ROLES)
    if row["pin"] is not None:
        _pin(row["pin"])
    if (row["issuer"] is None) != (row["subject"] is None):
        raise RowError(f"subject must come with an issuer, got {_shown(row['subject'])}")
    _at_least(row, 0, "failed_pins", "epoch")
    _at_least(row, 1, "goal")


def _pin(pin: str) -> None:
    cost = _ARGON2.fullmatch(pin)
    if cost is None and not _SCRYPT.fullmatch(pin):
        raise RowError("pin must be a hash by Argon2id or scrypt, got something else")
    if cost is not None:
        memory, passes, lanes = map(int, cost.groups())
        if memory > _MOST_MEMORY or passes > _MOST_PASSES or lanes > _MOST_PASSES:
            raise RowError(
                f"pin must be a hash of at most {_MOST_MEMORY} KiB and {_MOST_PASSES} passes, "
                f"got {memory} KiB and {passes}"
            )


def _invite(row: Mapping[str, Any]) -> None:
    _one_of("role", row["role"], GIVEN_ROLES)
    _digest("digest", row["digest"])


def _crowd(row: Mapping[str, Any]) -> None:
    if not _CROWD.fullmatch(row["members"]) or (row["id"] == 1) != (row["members"] == " "):
        raise RowError(
            "members must be numbers of people between blanks, and none in row 1, got "
            f"{_shown(row['members'])}"
        )


def _item(row: Mapping[str, Any]) -> None:
    moments = ("taken_at", "consented_at", "created")
    times = {name: row[name] and datetime.fromisoformat(row[name]) for name in moments}
    made = item_of(state_json(SimpleNamespace(**{**row, **times}), (), 1, 1))
    for name, value in made.items():
        wanted = times.get(name, row[name])
        if name in _MADE_BY_QUEUE or (type(value) is type(wanted) and value == wanted):
            continue
        if _plain(value) != _plain(wanted):  # tuples of a view are lists in JSON
            raise RowError(f"{name} must be {_shown(value)} by the others, got {_shown(row[name])}")
    _one_of("status", row["status"], STATUSES)
    _at_least(row, 0, "scored_event")


def _plain(value: object) -> str:
    return json.dumps(value, default=str, sort_keys=True)


def _event(row: Mapping[str, Any]) -> None:
    own = {name: value for name, value in row.items() if name not in ("item", "user")}
    event_of({**own, "by": "somebody"}, row["item"])
    if row["about"] is not None and row["about"] >= row["id"]:
        raise RowError(f"about must be an earlier event than {row['id']}, got {row['about']}")


def _draft(row: Mapping[str, Any]) -> None:
    several_lines("note", row["note"], 500)
    Draft(row["note"], row["unsure"], row["corrections"])


def _sitting(row: Mapping[str, Any]) -> None:
    _one_of("mode", row["mode"], MODES)


def _count(row: Mapping[str, Any]) -> None:
    try:
        is_day = date.fromisoformat(row["day"]).isoformat() == row["day"]
    except ValueError:
        is_day = False
    if not is_day:
        raise RowError(f"day must be one like 2026-11-02, got {_shown(row['day'])}")
    _at_least(row, 1, "times")


def _setting(row: Mapping[str, Any]) -> None:
    several_lines("value", row["value"], _LONGEST_TEXT["value"])


def _site_event(row: Mapping[str, Any]) -> None:
    own = {name: value for name, value in row.items() if name != "user"}
    site_row(json.dumps({**own, "by": "somebody"}).encode())


def _account_event(row: Mapping[str, Any]) -> None:
    _one_of("kind", row["kind"], tuple(ACCOUNT_EVENTS))
    several_lines("detail", row["detail"], 200)
    _at_least(row, 1, "times")


_RULES: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "users": _user,
    "invites": _invite,
    "crowds": _crowd,
    "items": _item,
    "label_events": _event,
    "drafts": _draft,
    "sittings": _sitting,
    "prediction_counts": _count,
    "store_settings": _setting,
    "site_events": _site_event,
    "account_events": _account_event,
}
