"""The current view of an item: the fold of its events, kept in the transaction that adds one.

A person's answers and skips are a stack: undo takes the last one off, and what lay below holds
again. An expert's decision stands above all answers until the item is sent back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update
from sqlalchemy.engine import Row

from aqfusion.labels.columns import Id
from aqfusion.labels.schema import answers, crowds, decisions, items, label_events

__all__ = ["Standing", "events_of", "fold", "queue_columns", "restate", "verdict"]

_NOBODY = 1
_ITEM = bindparam("of", type_=Id)
_USER = bindparam("who", type_=Id)
_EVENTS = select(label_events).where(label_events.c.item == _ITEM).order_by(label_events.c.id)
_SAID = select(answers.c.user, answers.c.event).where(answers.c.item == _ITEM)
_SAME = (answers.c.item == _ITEM, answers.c.user == _USER)
_SAY, _SAY_AGAIN = insert(answers), update(answers).where(*_SAME)
_TAKE_BACK = delete(answers).where(*_SAME)
_DECIDED = select(decisions.c.event).where(decisions.c.item == _ITEM)
_DECIDE, _REOPEN = insert(decisions), delete(decisions).where(decisions.c.item == _ITEM)
_STATE = update(items).where(items.c.id == _ITEM)
_CROWD = select(crowds.c.id).where(crowds.c.members == bindparam("members"))
_GATHER = insert(crowds)
_LEFT = exists().where(items.c.lane == 1, items.c.crowd == bindparam("crowd"))
_PART = delete(crowds).where(crowds.c.id == bindparam("crowd"), ~_LEFT)


@dataclass(frozen=True)
class Standing:
    """Where an item stands; the values of `said` are events, of answers and of skips."""

    said: Mapping[int, Any]
    decision: Any | None
    wanted: int
    trusted: bool
    status: str

    @property
    def answers(self) -> tuple[Any, ...]:
        """The events of current answers."""
        return tuple(event for event in self.said.values() if event.kind == "answer")


def fold(item: Any, events: Iterable[Any]) -> Standing:
    """Go through all events of an item, the oldest first."""
    stacks: dict[int, list[Any]] = defaultdict(list)
    decision, wanted, moderated = None, item.overlap, None
    for event in events:
        if event.kind in {"answer", "skip"}:
            stacks[event.user].append(event)
        elif event.kind in {"undo", "unskip"}:
            stacks[event.user].pop()
        elif event.kind in {"accept", "overrule"}:
            decision = event
        elif event.kind == "send back":
            given = sum(bool(stack) and stack[-1].kind == "answer" for stack in stacks.values())
            decision, wanted = None, max(wanted, given) + 1
        else:
            moderated = event.kind
    said = {user: stack[-1] for user, stack in stacks.items() if stack}
    trusted = item.trusted or moderated == "admit"
    standing = Standing(said, decision, wanted, trusted, "open")
    status = "rejected" if moderated == "reject" else _status(item, standing)
    return Standing(said, decision, wanted, trusted, status)


def verdict(given: Iterable[Any]) -> str:
    """Say what enough answers come to.

    A wrong reading is for an expert. That nobody can tell needs two who say why in the same way;
    categories of different standards are different.
    """
    given = tuple(given)
    reasons = [answer.cant_tell for answer in given]
    if any(answer.corrections for answer in given):
        return "flagged"
    if all(reasons):
        return "answered" if len(given) > 1 and len({*reasons}) == 1 else "flagged"
    bands = {(answer.standard, answer.category) for answer in given}
    return "answered" if len(bands) == 1 and not any(reasons) else "conflict"


def events_of(connection: Connection, item: int) -> list[Row[Any]]:
    """Return all events of an item, the oldest first."""
    return list(connection.execute(_EVENTS, {"of": item}))


def restate(connection: Connection, item: Any) -> Standing:
    """Bring the view of a locked item up to its events."""
    standing = fold(item, events_of(connection, item.id))
    _keep_said(connection, item.id, standing)
    _keep_decision(connection, item.id, standing)
    columns = queue_columns(item, standing)
    crowd = _crowd(connection, standing) if columns["lane"] == 1 else _NOBODY
    connection.execute(_STATE, {"of": item.id, **columns, "crowd": crowd})
    if item.crowd not in (crowd, _NOBODY):
        connection.execute(_PART, {"crowd": item.crowd})
    return standing


def queue_columns(item: Any, standing: Standing) -> dict[str, Any]:
    """Return what the queue has to know, but for the crowd."""
    given = len(standing.answers)
    open_now = standing.status in {"open", "sent back"}
    served = open_now and standing.trusted and item.duplicate_of is None
    gold = item.kind == "gold"
    return {
        "status": standing.status,
        "wanted": standing.wanted,
        "trusted": standing.trusted,
        "lane": (2 if gold else 1) if served else 0,
        "urgent": 0 if gold else 2 if standing.status == "sent back" else int(given > 0),
        "seats": 1 if gold else max(0, standing.wanted - given),
    }


def members_of(standing: Standing) -> str:
    """Return the crowd of an item in the queue: those who have said something or skipped it."""
    return " ".join(("", *map(str, sorted(standing.said)), ""))


def _status(item: Any, standing: Standing) -> str:
    if not standing.trusted:
        return "pending"
    if item.kind == "gold":
        return "open"
    if standing.decision is not None:
        return "settled"
    if len(standing.answers) < standing.wanted:
        return "sent back" if standing.wanted > item.overlap else "open"
    return verdict(standing.answers)


def _keep_said(connection: Connection, item: int, standing: Standing) -> None:
    rows = connection.execute(_SAID, {"of": item})
    before: dict[int, int] = {row.user: row.event for row in rows}
    after = {user: event.id for user, event in standing.said.items()}
    for user in before.keys() - after.keys():
        connection.execute(_TAKE_BACK, {"of": item, "who": user})
    for user, event in after.items():
        values = {"event": event, "skipped": standing.said[user].kind == "skip"}
        if user not in before:
            connection.execute(_SAY, {"item": item, "user": user, **values})
        elif before[user] != event:
            connection.execute(_SAY_AGAIN, {"of": item, "who": user, **values})


def _keep_decision(connection: Connection, item: int, standing: Standing) -> None:
    before = connection.execute(_DECIDED, {"of": item}).scalar()
    after = standing.decision and standing.decision.id
    if before is not None and before != after:
        connection.execute(_REOPEN, {"of": item})
    if after is not None and before != after:
        connection.execute(_DECIDE, {"item": item, "event": after})


def _crowd(connection: Connection, standing: Standing) -> int:
    members = members_of(standing)
    crowd = connection.execute(_CROWD, {"members": members}).scalar()
    if crowd is None:
        made = connection.execute(_GATHER, {"members": members}).inserted_primary_key
        assert made is not None
        crowd = made[0]
    return int(crowd)
