"""The current state of an item: the fold of its events, kept beside them.

A person's answers and skips are a stack: undo takes the last one off, and what lay below holds
again. An expert's decision stands above all answers until the item is sent back.

The view is kept in the transaction that writes the event, so that neither is ever seen without
the other. Whoever has a book open has its item locked.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from aqfusion.labels.event_log import Request, Saved, append, events_of
from aqfusion.labels.item import lock_item
from aqfusion.labels.schema import Id, answers, crowds, decisions, items

__all__ = [
    "ItemProjection",
    "ItemState",
    "fold_events",
    "majority_label",
    "members_of",
    "queue_columns",
    "rebuild_projection",
]


@dataclass(frozen=True)
class ItemState:
    """The state of an item; the values of `answers_by_user` are events, of answers and of skips."""

    answers_by_user: Mapping[int, Any]
    decision: Any | None
    wanted: int
    trusted: bool
    status: str

    @property
    def answers(self) -> tuple[Any, ...]:
        """The events of current answers."""
        return tuple(event for event in self.answers_by_user.values() if event.kind == "answer")


def fold_events(item: Any, events: Iterable[Any]) -> ItemState:
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
            answer_count = sum(
                bool(stack) and stack[-1].kind == "answer" for stack in stacks.values()
            )
            decision, wanted = None, max(wanted, answer_count) + 1
        else:
            moderated = event.kind
    answers_by_user = {user: stack[-1] for user, stack in stacks.items() if stack}
    trusted = item.trusted or moderated == "admit"
    standing = ItemState(answers_by_user, decision, wanted, trusted, "open")
    status = "rejected" if moderated == "reject" else _status(item, standing)
    return ItemState(answers_by_user, decision, wanted, trusted, status)


def majority_label(answers: Iterable[Any]) -> str:
    """The status of an item that has enough answers.

    A wrong reading is for an expert. That nobody can tell needs two who say why in the same way;
    categories of different standards are different.
    """
    answers = tuple(answers)
    reasons = [answer.cant_tell for answer in answers]
    if any(answer.corrections for answer in answers):
        return "flagged"
    if all(reasons):
        return "answered" if len(answers) > 1 and len({*reasons}) == 1 else "flagged"
    bands = {(answer.standard, answer.category) for answer in answers}
    return "answered" if len(bands) == 1 and not any(reasons) else "conflict"


def queue_columns(item: Any, standing: ItemState) -> dict[str, Any]:
    """Return the columns of an item by which the queue is ordered, but for its annotators."""
    answer_count = len(standing.answers)
    open_now = standing.status in {"open", "sent back"}
    served = open_now and standing.trusted and item.duplicate_of is None
    gold = item.kind == "gold"
    return {
        "status": standing.status,
        "wanted": standing.wanted,
        "trusted": standing.trusted,
        "lane": (2 if gold else 1) if served else 0,
        "urgent": 0 if gold else 2 if standing.status == "sent back" else int(answer_count > 0),
        "seats": 1 if gold else max(0, standing.wanted - answer_count),
    }


def members_of(standing: ItemState) -> str:
    """Return the annotators of an item as the queue has them: who has answered or skipped it."""
    return " ".join(("", *map(str, sorted(standing.answers_by_user)), ""))


def _status(item: Any, standing: ItemState) -> str:
    if not standing.trusted:
        return "pending"
    if item.kind == "gold":
        return "open"
    if standing.decision is not None:
        return "settled"
    if len(standing.answers) < standing.wanted:
        return "sent back" if standing.wanted > item.overlap else "open"
    return majority_label(standing.answers)


_NOBODY = 1
_ITEM = bindparam("of", type_=Id)
_SAME = (answers.c.item == _ITEM, answers.c.user == bindparam("who", type_=Id))
_SAY, _SAY_AGAIN, _TAKE_BACK = insert(answers), update(answers).where(*_SAME), delete(answers)
_DECIDE, _REOPEN = insert(decisions), delete(decisions).where(decisions.c.item == _ITEM)
_STATE = update(items).where(items.c.id == _ITEM)
_CROWD = select(crowds.c.id).where(crowds.c.members == bindparam("members"))
_GATHER = insert(crowds)
_LEFT = exists().where(items.c.lane == 1, items.c.crowd == bindparam("crowd"))
_PART = delete(crowds).where(crowds.c.id == bindparam("crowd"), ~_LEFT)


@dataclass(frozen=True)
class ItemProjection:
    """A locked item's row, its events, and where they leave it."""

    item: Any
    events: tuple[Any, ...]
    standing: ItemState

    @classmethod
    def open(cls, connection: Connection, item: int) -> "ItemProjection":
        """Lock an item and read its events; `ItemError` where there is no such item."""
        row = lock_item(connection, item)
        events = tuple(events_of(connection, item))
        return cls(row, events, fold_events(row, events))

    def event_by(self, user: int) -> Any | None:
        """Return the event of a user's current answer or skip."""
        return self.standing.answers_by_user.get(user)

    def write(
        self, connection: Connection, request: Request, now: datetime, **columns: Any
    ) -> Saved:
        """Add an event, and change the view from what it was to what it is."""
        event = append(connection, request, self.item.id, now, **columns)
        standing = fold_events(self.item, (*self.events, event))
        _keep_answers(connection, self.item.id, self.standing, standing)
        _keep_decision(connection, self.item.id, self.standing, standing)
        _keep_state(connection, self.item, standing)
        return Saved(event.id, self.item.id, standing.status)


def rebuild_projection(connection: Connection, item: int) -> None:
    """Make an item's view anew, whatever it was."""
    projection = ItemProjection.open(connection, item)
    connection.execute(_TAKE_BACK.where(answers.c.item == item))
    connection.execute(_REOPEN, {"of": item})
    nothing = ItemState({}, None, 0, False, "")
    _keep_answers(connection, item, nothing, projection.standing)
    _keep_decision(connection, item, nothing, projection.standing)
    _keep_state(connection, projection.item, projection.standing)


def _keep_answers(connection: Connection, item: int, before: ItemState, after: ItemState) -> None:
    for user in before.answers_by_user.keys() - after.answers_by_user.keys():
        connection.execute(_TAKE_BACK.where(*_SAME), {"of": item, "who": user})
    for user, event in after.answers_by_user.items():
        values = {"event": event.id, "skipped": event.kind == "skip"}
        if user not in before.answers_by_user:
            connection.execute(_SAY, {"item": item, "user": user, **values})
        elif before.answers_by_user[user].id != event.id:
            connection.execute(_SAY_AGAIN, {"of": item, "who": user, **values})


def _keep_decision(connection: Connection, item: int, before: ItemState, after: ItemState) -> None:
    if before.decision is after.decision:
        return
    if before.decision is not None:
        connection.execute(_REOPEN, {"of": item})
    if after.decision is not None:
        connection.execute(_DECIDE, {"item": item, "event": after.decision.id})


def _keep_state(connection: Connection, item: Any, standing: ItemState) -> None:
    columns = queue_columns(item, standing)
    crowd = _crowd(connection, standing) if columns["lane"] == 1 else _NOBODY
    connection.execute(_STATE, {"of": item.id, **columns, "crowd": crowd})
    if item.crowd not in (crowd, _NOBODY):
        connection.execute(_PART, {"crowd": item.crowd})


def _crowd(connection: Connection, standing: ItemState) -> int:
    if not standing.answers_by_user:
        return _NOBODY
    members = members_of(standing)
    crowd = connection.execute(_CROWD, {"members": members}).scalar()
    if crowd is None:
        made = connection.execute(_GATHER, {"members": members}).inserted_primary_key
        assert made is not None
        crowd = made[0]
    return int(crowd)
