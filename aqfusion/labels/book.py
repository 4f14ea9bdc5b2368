"""An item's book: its events, and the current view that changes with each new one.

The view is kept in the transaction that writes the event, so that neither is ever seen without
the other. Whoever has a book open has its item locked.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from aqfusion.labels.columns import Id
from aqfusion.labels.current import Standing, fold, members_of, queue_columns
from aqfusion.labels.events import Request, append, events_of
from aqfusion.labels.item import lock_item
from aqfusion.labels.saving import Saved
from aqfusion.labels.schema import answers, crowds, decisions, items

__all__ = ["Book", "refold"]

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
class Book:
    """A locked item's row, its events, and where they leave it."""

    item: Any
    events: tuple[Any, ...]
    standing: Standing

    @classmethod
    def open(cls, connection: Connection, item: int) -> "Book":
        """Lock an item and read its events; `ItemError` where there is no such item."""
        row = lock_item(connection, item)
        events = tuple(events_of(connection, item))
        return cls(row, events, fold(row, events))

    def event_by(self, user: int) -> Any | None:
        """Return the event of a user's current answer or skip."""
        return self.standing.answers_by_user.get(user)

    def write(
        self, connection: Connection, request: Request, now: datetime, **columns: Any
    ) -> Saved:
        """Add an event, and change the view from what it was to what it is."""
        event = append(connection, request, self.item.id, now, **columns)
        standing = fold(self.item, (*self.events, event))
        _keep_answers(connection, self.item.id, self.standing, standing)
        _keep_decision(connection, self.item.id, self.standing, standing)
        _keep_state(connection, self.item, standing)
        return Saved(event.id, self.item.id, standing.status)


def refold(connection: Connection, item: int) -> None:
    """Make an item's view anew, whatever it was."""
    projection = Book.open(connection, item)
    connection.execute(_TAKE_BACK.where(answers.c.item == item))
    connection.execute(_REOPEN, {"of": item})
    nothing = Standing({}, None, 0, False, "")
    _keep_answers(connection, item, nothing, projection.standing)
    _keep_decision(connection, item, nothing, projection.standing)
    _keep_state(connection, projection.item, projection.standing)


def _keep_answers(connection: Connection, item: int, before: Standing, after: Standing) -> None:
    for user in before.answers_by_user.keys() - after.answers_by_user.keys():
        connection.execute(_TAKE_BACK.where(*_SAME), {"of": item, "who": user})
    for user, event in after.answers_by_user.items():
        values = {"event": event.id, "skipped": event.kind == "skip"}
        if user not in before.answers_by_user:
            connection.execute(_SAY, {"item": item, "user": user, **values})
        elif before.answers_by_user[user].id != event.id:
            connection.execute(_SAY_AGAIN, {"of": item, "who": user, **values})


def _keep_decision(connection: Connection, item: int, before: Standing, after: Standing) -> None:
    if before.decision is after.decision:
        return
    if before.decision is not None:
        connection.execute(_REOPEN, {"of": item})
    if after.decision is not None:
        connection.execute(_DECIDE, {"item": item, "event": after.decision.id})


def _keep_state(connection: Connection, item: Any, standing: Standing) -> None:
    columns = queue_columns(item, standing)
    crowd = _crowd(connection, standing) if columns["lane"] == 1 else _NOBODY
    connection.execute(_STATE, {"of": item.id, **columns, "crowd": crowd})
    if item.crowd not in (crowd, _NOBODY):
        connection.execute(_PART, {"crowd": item.crowd})


def _crowd(connection: Connection, standing: Standing) -> int:
    if not standing.answers_by_user:
        return _NOBODY
    members = members_of(standing)
    crowd = connection.execute(_CROWD, {"members": members}).scalar()
    if crowd is None:
        made = connection.execute(_GATHER, {"members": members}).inserted_primary_key
        assert made is not None
        crowd = made[0]
    return int(crowd)
