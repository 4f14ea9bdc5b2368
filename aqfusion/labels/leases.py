"""Who holds which item: a seat for some minutes, so that no two people do the same work.

A lease that has ended stays in the table until its holder answers: a late answer still finds its
item. All of this runs on a locked item and a locked user.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.engine import Row

from aqfusion.errors import InputError
from aqfusion.labels.item import Reason, Task
from aqfusion.labels.schema import answers, label_events, leases

__all__ = ["LEASE_LASTS", "LeaseError", "Leased", "drop", "grant", "held", "lease_of", "seat_free"]

LEASE_LASTS = timedelta(minutes=10)


class LeaseError(InputError):
    """An item that somebody else holds, or a lease that never was."""


@dataclass(frozen=True)
class Leased:
    """An item that its holder has until `until`; `token` saves or skips it.

    `why` says why it came, `said` is the holder's own last answer or skip, for a way back.
    """

    task: Task
    token: str
    until: datetime
    why: tuple[Reason, ...]
    said: Row[Any] | None


def lease_of(connection: Connection, user: int, token: str) -> Row[Any]:
    """Return a user's lease, even one that has ended; `LeaseError` where there is none."""
    asked = select(leases).where(leases.c.token == token, leases.c.user == user)
    row = connection.execute(asked).first()
    if row is None:
        raise LeaseError("lease must be one that you hold, got another; nothing was saved")
    return row


def held(connection: Connection, user: int, now: datetime) -> Row[Any] | None:
    """Return the lease that a user holds now."""
    asked = select(leases).where(leases.c.user == user, leases.c.until > now)
    return connection.execute(asked.order_by(leases.c.until.desc()).limit(1)).first()


def seat_free(connection: Connection, item: Any, user: int, now: datetime) -> bool:
    """Tell whether an item still needs an answer that nobody else is about to give."""
    others = (leases.c.item == item.id, leases.c.user != user, leases.c.until > now)
    taken = connection.execute(select(func.count()).select_from(leases).where(*others))
    return bool(taken.scalar_one() < item.seats)


def grant(
    connection: Connection,
    user: int,
    item: Any,
    now: datetime,
    why: tuple[Reason, ...],
    lasts: timedelta = LEASE_LASTS,
) -> Leased:
    """Give a seat to a user; what else they held is free from now on."""
    mine = leases.c.user == user
    others = (mine, leases.c.item != item.id, leases.c.until > now)
    connection.execute(update(leases).where(*others).values(until=now))
    same = (mine, leases.c.item == item.id)
    token = connection.execute(select(leases.c.token).where(*same)).scalar()
    until = now + lasts
    if token is not None:
        connection.execute(update(leases).where(*same).values(until=until))
    else:
        token = secrets.token_urlsafe(16)
        values: Mapping[str, Any] = {"item": item.id, "user": user, "until": until}
        connection.execute(insert(leases).values(**values, token=token))
    return Leased(Task.of(item), token, until, why, said_by(connection, item.id, user))


def drop(connection: Connection, user: int, item: int) -> None:
    """Take a lease away for good."""
    connection.execute(delete(leases).where(leases.c.item == item, leases.c.user == user))


def said_by(connection: Connection, item: int, user: int) -> Row[Any] | None:
    """Return the event of a user's current answer to an item, or of their skip."""
    joined = select(label_events).join(answers, answers.c.event == label_events.c.id)
    mine = (answers.c.item == item, answers.c.user == user)
    return connection.execute(joined.where(*mine)).first()
