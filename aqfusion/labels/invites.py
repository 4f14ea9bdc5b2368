"""Invitations: each lets one person make an account of a role, until it expires."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from aqfusion.labels.accounts import AccountError, administrating, checked_role
from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.database import Database
from aqfusion.labels.schema import invites, users
from aqfusion.labels.secrets_kept import new_token, token_digest

__all__ = ["INVITE_LASTS", "Invite", "Invites"]

INVITE_LASTS = timedelta(days=7)


@dataclass(frozen=True)
class Invite:
    """An invitation that can still be used, as an admin sees it; its secret is kept nowhere."""

    id: int
    role: str
    made_by: str
    expires: datetime


class Invites:
    """Administration of invitations. Every function raises `RoleError` for others."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def make(self, actor: Actor, role: str, now: datetime, lasts: timedelta = INVITE_LASTS) -> str:
        """Return the secret of a link with which one person can join; it is shown only now."""
        token, wanted = new_token(), checked_role(role)

        def work(connection: Connection) -> str:
            administrating(connection, actor)
            row = {"digest": token_digest(token), "role": wanted, "made_by": actor.id}
            connection.execute(insert(invites).values(**row, expires=now + lasts))
            return token

        return self._database.write(work)

    def unused(self, actor: Actor, now: datetime) -> tuple[Invite, ...]:
        """List the invitations that can still be used, the first to expire first."""
        query = (
            select(invites.c.id, invites.c.role, users.c.name, invites.c.expires)
            .join(users, users.c.id == invites.c.made_by)
            .where(invites.c.used_by.is_(None), invites.c.expires > now)
            .order_by(invites.c.expires, invites.c.id)
        )
        with self._database.read() as connection:
            acting(connection, actor, "admin", lock=False)
            return tuple(Invite(*row) for row in connection.execute(query))

    def take_back(self, actor: Actor, invite: int) -> None:
        """Make an invitation worthless; one that is used or gone raises `AccountError`."""

        def work(connection: Connection) -> None:
            administrating(connection, actor)
            unused_invite = (invites.c.id == invite, invites.c.used_by.is_(None))
            if not connection.execute(delete(invites).where(*unused_invite)).rowcount:
                raise AccountError(f"invitation must be one that nobody has used, got {invite}")

        self._database.write(work)
