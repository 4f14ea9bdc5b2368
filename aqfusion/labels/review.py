"""Review by experts: see an item with its history, decide it, send it back, moderate."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from aqfusion.errors import InputError
from aqfusion.labels.answer import Answer
from aqfusion.labels.answers import answer_content, check_corrections
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.event_log import Request, Saved, gist, save_once
from aqfusion.labels.item import Item, find_item
from aqfusion.labels.item_projection import ItemProjection
from aqfusion.labels.schema import answers, decisions, label_events, users
from aqfusion.labels.unblinding import as_seen, shown_to
from aqfusion.permissions import Actor
from aqfusion.text_validation import several_lines

__all__ = ["ItemView", "Recorded", "Review", "ReviewError"]


class ReviewError(InputError):
    """A decision that an item does not allow."""


@dataclass(frozen=True)
class Recorded:
    """An event with the name of who did it; `answer` where it holds a label of the item."""

    event: int
    user: int
    name: str
    at: datetime
    kind: str
    answer: Answer | None
    about: int | None
    old: dict[str, Any] | None
    reason: str | None

    @classmethod
    def from_row(cls, row: Any) -> "Recorded":
        """Read an event joined with its user."""
        answer = Answer.from_event(row) if row.kind in {"answer", "accept", "overrule"} else None
        remarks = (row.about, row.old, row.reason)
        return cls(row.id, row.user, row.name, row.at, row.kind, answer, *remarks)


@dataclass(frozen=True)
class ItemView:
    """An item with its current answers, its decision, and all that happened to it, oldest first."""

    item: Item
    answers: tuple[Recorded, ...]
    decision: Recorded | None
    history: tuple[Recorded, ...]


class Review:
    """Review of items by experts; every function raises `RoleError` for others."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def view(self, actor: Actor, item: int) -> ItemView:
        """Return an item with all answers and its full history."""
        events_query = select(label_events, users.c.name).join(
            users, users.c.id == label_events.c.user
        )
        shown_to(self._database, actor, (item,), "expert")
        with self._database.snapshot() as connection:
            require_role(connection, actor, "expert", lock=False)
            row = find_item(connection, item)
            of_item = events_query.where(label_events.c.item == item).order_by(label_events.c.id)
            history = tuple(Recorded.from_row(event) for event in connection.execute(of_item))
            current_query = select(answers.c.event).where(
                answers.c.item == item, ~answers.c.skipped
            )
            current = {*connection.execute(current_query).scalars()}
            decided = select(decisions.c.event).where(decisions.c.item == item)
            decision = connection.execute(decided).scalar()
        return ItemView(
            Item.from_row(row),
            tuple(event for event in history if event.event in current),
            next((event for event in history if event.event == decision), None),
            history,
        )

    def answers_of(self, actor: Actor, wanted: Collection[int]) -> dict[int, tuple[Recorded, ...]]:
        """Return the current answers of some items by item, each by the order people joined."""
        query = (
            select(label_events, users.c.name)
            .join(users, users.c.id == label_events.c.user)
            .join(answers, answers.c.event == label_events.c.id)
            .where(answers.c.item.in_([*wanted]), answers.c.skipped.is_(False))
            .order_by(label_events.c.user)
        )
        shown_to(self._database, actor, wanted, "expert")
        with self._database.read() as connection:
            require_role(connection, actor, "expert", lock=False)
            rows = connection.execute(query).all()
        return {
            item: tuple(Recorded.from_row(row) for row in rows if row.item == item)
            for item in wanted
        }

    def accept(self, actor: Actor, item: int, user: int, request_id: str, now: datetime) -> Saved:
        """Decide that the current answer of one annotator holds."""
        request = Request(request_id, "accept", actor, (item, user))

        def work(connection: Connection) -> Saved:
            projection = _to_decide(connection, item)
            event = projection.event_by(user)
            if event is None or event.kind != "answer":
                raise ReviewError(f"User {user} has no answer to item {item}. Reload the page.")
            columns = Answer.from_event(event).columns()
            return _write(connection, projection, request, now, **columns, about=event.id)

        return save_once(self._database, request, "expert", work)

    def overrule(
        self, actor: Actor, item: int, answer: Answer, reason: str, request_id: str, now: datetime
    ) -> Saved:
        """Decide otherwise than the annotators, and say why."""
        kept = _reason(reason)
        content = (item, answer_content(answer), kept)
        request = Request(request_id, "overrule", actor, content)

        def work(connection: Connection) -> Saved:
            projection = _to_decide(connection, item)
            check_corrections(projection.item, answer)
            columns = as_seen(connection, actor.id, item, answer).columns()
            return _write(connection, projection, request, now, **columns, reason=kept)

        return save_once(self._database, request, "expert", work)

    def send_back(
        self, actor: Actor, item: int, reason: str, request_id: str, now: datetime
    ) -> Saved:
        """Ask for one more annotator, before all other items; a decision no longer holds."""
        kept = _reason(reason)
        request = Request(request_id, "send back", actor, (item, kept))

        def work(connection: Connection) -> Saved:
            projection = _to_decide(connection, item)
            return _write(connection, projection, request, now, reason=kept)

        return save_once(self._database, request, "expert", work)

    def moderate(
        self, actor: Actor, item: int, admit: bool, reason: str, request_id: str, now: datetime
    ) -> Saved:
        """Let a contribution into the queue, or reject it for good."""
        kept = several_lines("reason", reason, 500)
        request = Request(request_id, "admit" if admit else "reject", actor, (item, kept))

        def work(connection: Connection) -> Saved:
            projection = ItemProjection.open(connection, item)
            if projection.standing.status != "pending":
                status = projection.standing.status
                raise ReviewError(f"Item {item} is no longer waiting for this: it is {status}.")
            return _write(connection, projection, request, now, reason=kept or None)

        return save_once(self._database, request, "expert", work)


def _to_decide(connection: Connection, item: int) -> ItemProjection:
    projection = ItemProjection.open(connection, item)
    status, gold = projection.standing.status, projection.item.kind == "gold"
    if status in {"pending", "rejected"} or gold:
        what = "a gold item" if gold else status
        raise ReviewError(f"Item {item} is {what}, so there is nothing to decide.")
    return projection


def _write(
    connection: Connection,
    projection: ItemProjection,
    request: Request,
    now: datetime,
    **columns: Any,
) -> Saved:
    return projection.write(
        connection, request, now, **columns, old=gist(projection.standing.decision)
    )


def _reason(text: str) -> str:
    kept = several_lines("reason", text, 500)
    if not kept:
        raise ReviewError("reason must have at least 1 character, got none")
    return kept
