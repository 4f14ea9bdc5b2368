"""The audit log: what happened to accounts and sign-ins, for admins to read; it only ever grows.

It holds no PIN, no address and no name that was typed and is nobody's. Whoever tries many PINs
cannot flood it: of what comes often, further times within an hour become one row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database, in_turn
from aqfusion.labels.schema import account_event_counts, account_events, users
from aqfusion.permissions import Actor

__all__ = ["KINDS", "AccountEvent", "AuditLog", "record", "record_often"]

# Each kind with the number of rows of an hour and account from which on further ones are counted;
# `None` where an admin has to do it, or the terminal.
KINDS: dict[str, int | None] = {
    "first admin": None,
    "account made": None,
    "invited": None,
    "invitation revoked": None,
    "joined": None,
    "role changed": None,
    "PIN set": None,
    "PIN changed": 5,
    "disabled": None,
    "enabled": None,
    "unlocked": None,
    "signed in": 10,
    "refused": 1,
    "signed out": 10,
    "signed out everywhere": 5,
    "backup taken": 10,
    "backup restored": None,
}
_HOUR = timedelta(hours=1)
_LOCK = 0x415152  # any number, the same in every process
_counts = account_event_counts


@dataclass(frozen=True)
class AccountEvent:
    """What happened, when, to whom and by whom; `None` is nobody's account, or nobody known."""

    id: int
    at: datetime
    kind: str
    user: str | None
    by: str | None
    detail: str
    times: int


class AuditLog:
    """What admins read. Every function raises `RoleError` for others."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def count(self, actor: Actor, now: datetime, user: int | None, kind: str | None) -> int:
        """Return how many events there are of an account and a kind; what is held is written."""
        if self._is_held():
            self._database.write(lambda connection: _write_all(connection, actor, now))
        query = select(func.count()).select_from(account_events).where(*_chosen(user, kind))
        with self._database.read() as connection:
            require_role(connection, actor, "admin", lock=False)
            return int(connection.execute(query).scalar_one())

    def events(
        self,
        actor: Actor,
        user: int | None = None,
        kind: str | None = None,
        skip: int = 0,
        most: int | None = None,
    ) -> Iterator[AccountEvent]:
        """Go through the events of an account and a kind, the newest first."""
        about, by = users.alias(), users.alias()
        columns = (account_events.c.id, account_events.c.at, account_events.c.kind)
        query = (
            select(*columns, about.c.name, by.c.name, account_events.c.detail)
            .add_columns(account_events.c.times)
            .outerjoin(about, about.c.id == account_events.c.user)
            .outerjoin(by, by.c.id == account_events.c.by)
            .where(*_chosen(user, kind))
            .order_by(account_events.c.id.desc())
            .offset(skip)
            .limit(most)
        )
        with self._database.snapshot() as connection:
            require_role(connection, actor, "admin", lock=False)
            for row in connection.execute(query.execution_options(yield_per=1000)):
                yield AccountEvent(*row)

    def _is_held(self) -> bool:
        query = select(_counts.c.kind).where(_counts.c.pending > 0).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None


def record(
    connection: Connection,
    kind: str,
    now: datetime,
    user: int | None,
    by: int | None = None,
    detail: str = "",
    times: int = 1,
) -> None:
    """Write an event within the transaction of what it tells of."""
    assert kind in KINDS
    row = {"kind": kind, "at": now, "user": user, "by": by, "detail": detail, "times": times}
    connection.execute(insert(account_events).values(**row))


def record_often(
    connection: Connection, kind: str, now: datetime, user: int | None, detail: str = ""
) -> None:
    """Write an event of a kind that comes in floods, or only count it."""
    in_turn(connection, _LOCK)
    most = KINDS[kind]
    assert most is not None
    same = (_counts.c.kind == kind, _counts.c.user == (user or 0))
    row = connection.execute(select(_counts).where(*same)).first()
    if row is not None and not row.since <= now < row.since + _HOUR:
        _write(connection, row, now)
        connection.execute(delete(_counts).where(*same))
        row = None
    if row is not None and row.written >= most:
        connection.execute(update(_counts).where(*same).values(pending=row.pending + 1))
        return
    if row is None:
        counted = {"kind": kind, "user": user or 0, "since": now, "written": 1, "pending": 0}
        connection.execute(insert(_counts).values(**counted))
    else:
        connection.execute(update(_counts).where(*same).values(written=row.written + 1))
    record(connection, kind, now, user, user if kind != "refused" else None, detail)


def _write(connection: Connection, row: Any, now: datetime) -> None:
    if row.pending:
        by = row.user or None if row.kind != "refused" else None
        record(connection, row.kind, now, row.user or None, by, "further times", row.pending)


def _write_all(connection: Connection, actor: Actor, now: datetime) -> None:
    """Write what is held; the hour goes on, so that to read the log opens no way to flood it."""
    require_role(connection, actor, "admin")
    in_turn(connection, _LOCK)
    for row in connection.execute(select(_counts).where(_counts.c.pending > 0)).all():
        _write(connection, row, now)
    connection.execute(update(_counts).values(pending=0))


def _chosen(user: int | None, kind: str | None) -> list[Any]:
    conditions = [] if user is None else [account_events.c.user == user]
    return conditions + ([] if kind is None else [account_events.c.kind == kind])
