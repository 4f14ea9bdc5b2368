"""Who holds which item: a seat for some minutes, so that no two people do the same work.

A lease that has ended stays in the table until its holder answers: a late answer still finds its
item. Each of a person's tabs holds an item of its own; where one tab asks for what another holds,
the lease goes over to it. All of this runs on a locked item and a locked user.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.engine import Row

from aqfusion.errors import InputError
from aqfusion.labels.item import Reason, Task
from aqfusion.labels.schema import Id, UtcTime, answers, label_events, leases
from aqfusion.labels.unblinding import is_unblinded

__all__ = [
    *("LEASE_LASTS", "LeaseError", "Leased", "Tab"),
    *("drop", "grant", "held", "kept_lease", "lease_of", "seat_free"),
]

LEASE_LASTS = timedelta(minutes=10)


_ITEM = bindparam("of", type_=Id)
_USER = bindparam("who", type_=Id)
_NOW = bindparam("now", type_=UtcTime)
_SAME = (leases.c.item == _ITEM, leases.c.user == _USER)
_OF_TOKEN = select(leases).where(leases.c.token == bindparam("token"), leases.c.user == _USER)
_HELD = (
    select(leases)
    .where(leases.c.user == _USER, leases.c.until > _NOW)
    .order_by(leases.c.until.desc(), leases.c.item)
)
_TAKEN = (
    select(func.count())
    .select_from(leases)
    .where(leases.c.item == _ITEM, leases.c.user != _USER, leases.c.until > _NOW)
)
_END_OTHERS = (
    update(leases)
    .where(leases.c.user == _USER, leases.c.item != _ITEM, leases.c.until > _NOW)
    .where(leases.c.tab == bindparam("of_tab"))
    .values(until=_NOW)
)
_TOKEN = select(leases.c.token).where(*_SAME)
_RENEW = update(leases).where(*_SAME)
_INSERT = insert(leases)
_DROP = delete(leases).where(*_SAME)
_SAID = (
    select(label_events)
    .join(answers, answers.c.event == label_events.c.id)
    .where(answers.c.item == _ITEM, answers.c.user == _USER)
)


class LeaseError(InputError):
    """An item that somebody else holds, or a lease that never was."""


@dataclass(frozen=True)
class Tab:
    """One of a person's open pages; `is_open` says of another tab's id whether it still is."""

    id: str = ""
    is_open: Callable[[str], bool] = lambda _id: True


@dataclass(frozen=True)
class Leased:
    """An item that its holder has until `until`; `token` saves or skips it.

    `why` says why it came, `own_event` is the holder's own last answer or skip, for a way back.
    `unblinded` says that no answer of theirs to it is blind any more.
    """

    task: Task
    token: str
    until: datetime
    why: tuple[Reason, ...]
    own_event: Any | None
    unblinded: bool = False


def lease_of(connection: Connection, user: int, token: str) -> Row[Any]:
    """Return a user's lease, even one that has ended; `LeaseError` where there is none."""
    row = kept_lease(connection, user, token)
    if row is None:
        raise LeaseError("This item is no longer reserved for you. Nothing was saved.")
    return row


def kept_lease(connection: Connection, user: int, token: str) -> Row[Any] | None:
    """Return a user's lease, even one that has ended; `None` once its item has been answered."""
    return connection.execute(_OF_TOKEN, {"token": token, "who": user}).first()


def held(
    connection: Connection, user: int, now: datetime, tab: Tab
) -> tuple[Row[Any] | None, set[int]]:
    """Return the lease that a tab holds now, and the items that other open tabs hold.

    A tab that holds nothing inherits from one that has been closed or reloaded.
    """
    rows = connection.execute(_HELD, {"who": user, "now": now}).all()
    of_tab = [row for row in rows if row.tab == tab.id]
    of_open = {row.item for row in rows if row.tab != tab.id and tab.is_open(row.tab)}
    left = [row for row in rows if row.tab != tab.id and row.item not in of_open]
    return next(iter(of_tab or left), None), of_open


def seat_free(connection: Connection, item: Any, user: int, now: datetime) -> bool:
    """Tell whether an item still needs an answer that nobody else is about to give."""
    leased_seats = connection.execute(_TAKEN, {"of": item.id, "who": user, "now": now}).scalar_one()
    return bool(leased_seats < item.seats)


def grant(
    connection: Connection,
    user: int,
    item: Any,
    now: datetime,
    why: tuple[Reason, ...],
    lasts: timedelta = LEASE_LASTS,
    own_event: Any | None = None,
    tab: str = "",
) -> Leased:
    """Lease an item to a user whose event of it is `own_event`; the tab's other leases end."""
    same, until = {"of": item.id, "who": user}, now + lasts
    connection.execute(_END_OTHERS, {**same, "now": now, "of_tab": tab})
    token = connection.execute(_TOKEN, same).scalar()
    if token is not None:
        connection.execute(_RENEW, {**same, "until": until, "tab": tab})
    else:
        token = secrets.token_urlsafe(16)
        row = {"item": item.id, "user": user, "until": until, "token": token, "tab": tab}
        connection.execute(_INSERT, row)
    unblinded = is_unblinded(connection, user, item.id)
    return Leased(Task.from_row(item), token, until, why, own_event, unblinded)


def drop(connection: Connection, user: int, item: int) -> None:
    """Take a lease away for good."""
    connection.execute(_DROP, {"of": item, "who": user})


def event_by(connection: Connection, item: int, user: int) -> Row[Any] | None:
    """Return the event of a user's current answer to an item, or of their skip."""
    return connection.execute(_SAID, {"of": item, "who": user}).first()
