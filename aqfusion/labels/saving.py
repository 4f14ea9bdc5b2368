"""The one way in which events get written: role, exactly once, whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from aqfusion.labels.actor import acting
from aqfusion.labels.database import Database
from aqfusion.labels.events import Request, earlier
from aqfusion.labels.leases import Leased
from aqfusion.labels.schema import items

__all__ = ["Saved", "save_once"]

_STATUS = select(items.c.status).where(items.c.id == bindparam("of"))


@dataclass(frozen=True)
class Saved:
    """An acknowledged event: it survives whatever happens next.

    `status` is the item's now, `words` tell the person what was out of the ordinary, `leased` is
    the item that an undo brings back.
    """

    event: int
    item: int
    status: str
    words: str | None = None
    leased: Leased | None = None


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
        return Saved(before.id, before.item, status)

    return database.write(once)
