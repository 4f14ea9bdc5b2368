"""The append-only log of label events: each request is written once, by somebody with the role."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.engine import Row

from aqfusion.errors import InputError
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.item import view_of
from aqfusion.labels.leases import Leased
from aqfusion.labels.schema import items, label_events
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import Actor
from aqfusion.text_validation import digest_of, one_line

__all__ = [
    "EVENT_KINDS",
    "Request",
    "RequestError",
    "Saved",
    "append",
    "earlier",
    "events_of",
    "gist",
    "save_once",
]

EVENT_KINDS = (
    *("answer", "undo", "skip", "unskip"),
    *("accept", "overrule", "send back", "admit", "reject"),
)
_OF_REQUEST = select(label_events).where(label_events.c.request_id == bindparam("request"))
_OF_ITEM = (
    select(label_events).where(label_events.c.item == bindparam("of")).order_by(label_events.c.id)
)
_INSERT = insert(label_events)
_EMPTY: dict[str, Any] = dict.fromkeys(label_events.columns.keys())


class RequestError(InputError):
    """A request id that has been used for something else."""


@dataclass(frozen=True)
class Request:
    """A write under an idempotency key that the caller drew; `content` is JSON."""

    id: str
    kind: str
    actor: Actor
    content: tuple[Any, ...]

    def __post_init__(self) -> None:
        """Check the id."""
        one_line("request id", self.id, 80)

    @property
    def digest(self) -> str:
        """The digest that a repeated request has in common with the first."""
        return digest_of(self.kind, self.actor.id, self.content)


def earlier(connection: Connection, request: Request) -> Row[Any] | None:
    """Return the event of this request if it was written before.

    The same id with other content, or from another person, raises `RequestError`.
    """
    row = connection.execute(_OF_REQUEST, {"request": request.id}).first()
    if row is not None and row.request_digest != request.digest:
        raise RequestError(
            f"Request {request.id!r} was saved before with other content. Reload the page."
        )
    return row


def events_of(connection: Connection, item: int) -> list[Any]:
    """Return all events of an item, the oldest first."""
    return list(connection.execute(_OF_ITEM, {"of": item}))


def append(
    connection: Connection, request: Request, item: int, now: datetime, **columns: Any
) -> Any:
    """Write and return the event of a request; a race for its id ends the transaction."""
    row = {
        "request_id": request.id,
        "request_digest": request.digest,
        "item": item,
        "user": request.actor.id,
        "at": now,
        "kind": request.kind,
        **columns,
    }
    made = connection.execute(_INSERT, row).inserted_primary_key
    assert made is not None
    return SimpleNamespace(**{**_EMPTY, **row, "id": made[0]})


def gist(event: Any) -> dict[str, Any] | None:
    """Return the label of an event, as the event that replaces it repeats it."""
    if event is None:
        return None
    label = {name: getattr(event, name) for name in ("standard", "category", "aqi", "cant_tell")}
    return {"event": event.id, "kind": event.kind, **label}


_COVERED = (
    select(label_events.c.item)
    .where(label_events.c.batch == bindparam("request"))
    .order_by(label_events.c.item)
)
_STATUS = select(items.c.status, items.c.model_view).where(items.c.id == bindparam("of"))


@dataclass(frozen=True)
class Saved:
    """An acknowledged event: it survives whatever happens next.

    `status` is the item's now, `words` tell the person what was out of the ordinary, `leased` is
    the item that an undo brings back, `covered` the other photos that the request changed too,
    `revealed` the model's prediction, which the person may be shown now that they have answered.
    """

    event: int
    item: int
    status: str
    words: str | None = None
    leased: Leased | None = None
    covered: tuple[int, ...] = ()
    revealed: ItemPrediction | None = None


def save_once(
    database: Database, request: Request, least: str, work: Callable[[Connection], Saved]
) -> Saved:
    """Run `work` for an actor of role `least`; a repeated request returns its first event."""

    def once(connection: Connection) -> Saved:
        require_role(connection, request.actor, least)
        before: Any = earlier(connection, request)
        if before is None:
            return work(connection)
        item = connection.execute(_STATUS, {"of": before.item}).one()
        others = connection.execute(_COVERED, {"request": request.id}).scalars()
        revealed = view_of(item.model_view) if before.category is not None else None
        return Saved(before.id, before.item, item.status, None, None, tuple(others), revealed)

    return database.write(once)
