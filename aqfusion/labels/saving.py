"""The one way in which events get written: role, exactly once, whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from aqfusion.labels.actor import acting
from aqfusion.labels.database import Database
from aqfusion.labels.events import Request, earlier
from aqfusion.labels.leases import Leased
from aqfusion.labels.schema import items, label_events

__all__ = ["Saved", "save_once"]

_COVERED = (
    select(label_events.c.item)
    .where(label_events.c.batch == bindparam("request"))
    .order_by(label_events.c.item)
)
_STATUS = select(items.c.status).where(items.c.id == bindparam("of"))


@dataclass(frozen=True)
class Saved:
    """An acknowledged event: it survives whatever happens next.

    `status` is the item's now, `words` tell the person what was out of the ordinary, `leased` is
    the item that an undo brings back, `covered` the other photos that the request changed too.
    """

    event: int
    item: int
    status: str
    words: str | None = None
    leased: Leased | None = None
    covered: tuple[int, ...] = ()


def save_once(
    database: Database, request: Request, least: str, work: Callable[[Connection], Saved]
) -> Saved:
    """Run `work` for an actor of role `least`; a repeated request returns its first event."""

    def once(connection: Connection) -> Saved:
        acting(connection, request.actor, least)
        before: Any = earlier(connection, request)
        if before is None:
            return work(connection)
        status = connection.execute(_STATUS, {"of": before.item}).scalar_one()
        others = connection.execute(_COVERED, {"request": request.id}).scalars()
        return Saved(before.id, before.item, status, covered=tuple(others))

    return database.write(once)
