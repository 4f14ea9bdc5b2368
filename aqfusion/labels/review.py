"""What experts do: see an item whole, decide it, send it back, let contributions in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.answer import Answer
from aqfusion.labels.answers import answer_content, check_corrections
from aqfusion.labels.book import Book
from aqfusion.labels.database import Database
from aqfusion.labels.events import Request, gist
from aqfusion.labels.given_text import several_lines
from aqfusion.labels.item import Item, find_item
from aqfusion.labels.saving import Saved, save_once
from aqfusion.labels.schema import answers, decisions, label_events, users

__all__ = ["ItemView", "Recorded", "Review", "ReviewError"]


class ReviewError(InputError):
    """A decision that an item does not allow."""


@dataclass(frozen=True)
class Recorded:
    """An event with the name of who did it; `answer` where it said something of the item."""

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
    def of(cls, row: Any) -> "Recorded":
        """Read an event joined with its user."""
        answer = Answer.of(row) if row.kind in {"answer", "accept", "overrule"} else None
        told = (row.about, row.old, row.reason)
        return cls(row.id, row.user, row.name, row.at, row.kind, answer, *told)


@dataclass(frozen=True)
class ItemView:
    """An item with its current answers, its decision, and all that happened to it, oldest first."""

    item: Item
    answers: tuple[Recorded, ...]
    decision: Recorded | None
    history: tuple[Recorded, ...]


class Review:
    """What experts see and decide; every function raises `RoleError` for others."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def view(self, actor: Actor, item: int) -> ItemView:
        """Return an item with all answers and its full history."""
        told = select(label_events, users.c.name).join(users, users.c.id == label_events.c.user)
        with self._database.snapshot() as connection:
            acting(connection, actor, "expert", lock=False)
            row = find_item(connection, item)
            of_item = told.where(label_events.c.item == item).order_by(label_events.c.id)
            history = tuple(Recorded.of(event) for event in connection.execute(of_item))
            said = select(answers.c.event).where(answers.c.item == item, ~answers.c.skipped)
            current = {*connection.execute(said).scalars()}
            decided = select(decisions.c.event).where(decisions.c.item == item)
            decision = connection.execute(decided).scalar()
        return ItemView(
            Item.of(row),
            tuple(one for one in history if one.event in current),
            next((one for one in history if one.event == decision), None),
            history,
        )

    def answers_of(self, actor: Actor, wanted: Collection[int]) -> dict[int, tuple[Recorded, ...]]:
        """Return the current answers of some items by item, each by the order people joined."""
        asked = (
            select(label_events, users.c.name)
            .join(users, users.c.id == label_events.c.user)
            .join(answers, answers.c.event == label_events.c.id)
            .where(answers.c.item.in_([*wanted]), answers.c.skipped.is_(False))
            .order_by(label_events.c.user)
        )
        with self._database.read() as connection:
            acting(connection, actor, "expert", lock=False)
            rows = connection.execute(asked).all()
        return {
            item: tuple(Recorded.of(row) for row in rows if row.item == item) for item in wanted
        }

    def accept(self, actor: Actor, item: int, user: int, request_id: str, now: datetime) -> Saved:
        """Decide that the current answer of one annotator holds."""
        request = Request(request_id, "accept", actor, (item, user))

        def work(connection: Connection) -> Saved:
            book = _to_decide(connection, item)
            said = book.said_by(user)
            if said is None or said.kind != "answer":
                raise ReviewError(f"answer must be one that item {item} has, got none of {user}")
            columns = Answer.of(said).columns()
            return _write(connection, book, request, now, **columns, about=said.id)

        return save_once(self._database, request, "expert", work)

    def overrule(
        self, actor: Actor, item: int, answer: Answer, reason: str, request_id: str, now: datetime
    ) -> Saved:
        """Decide otherwise than the annotators, and say why."""
        kept = _reason(reason)
        content = (item, answer_content(answer), kept)
        request = Request(request_id, "overrule", actor, content)

        def work(connection: Connection) -> Saved:
            book = _to_decide(connection, item)
            check_corrections(book.item, answer)
            return _write(connection, book, request, now, **answer.columns(), reason=kept)

        return save_once(self._database, request, "expert", work)

    def send_back(
        self, actor: Actor, item: int, reason: str, request_id: str, now: datetime
    ) -> Saved:
        """Ask for one more annotator, before all other items; a decision no longer holds."""
        kept = _reason(reason)
        request = Request(request_id, "send back", actor, (item, kept))

        def work(connection: Connection) -> Saved:
            book = _to_decide(connection, item)
            return _write(connection, book, request, now, reason=kept)

        return save_once(self._database, request, "expert", work)

    def moderate(
        self, actor: Actor, item: int, admit: bool, reason: str, request_id: str, now: datetime
    ) -> Saved:
        """Let a contribution into the queue, or reject it for good."""
        kept = several_lines("reason", reason, 500)
        request = Request(request_id, "admit" if admit else "reject", actor, (item, kept))

        def work(connection: Connection) -> Saved:
            book = Book.open(connection, item)
            if book.standing.status != "pending":
                got = f"got one that is {book.standing.status}"
                raise ReviewError(f"item {item} must be pending, {got}")
            return _write(connection, book, request, now, reason=kept or None)

        return save_once(self._database, request, "expert", work)


def _to_decide(connection: Connection, item: int) -> Book:
    book = Book.open(connection, item)
    status, gold = book.standing.status, book.item.kind == "gold"
    if status in {"pending", "rejected"} or gold:
        got = "a gold one" if gold else f"one that is {status}"
        raise ReviewError(f"item {item} must be one for annotators to judge, got {got}")
    return book


def _write(
    connection: Connection, book: Book, request: Request, now: datetime, **columns: Any
) -> Saved:
    return book.write(connection, request, now, **columns, old=gist(book.standing.decision))


def _reason(text: str) -> str:
    kept = several_lines("reason", text, 500)
    if not kept:
        raise ReviewError("reason must say why, got nothing")
    return kept
