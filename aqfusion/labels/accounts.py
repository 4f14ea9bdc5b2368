"""Users and their roles, of whom one admin is always enabled; invitations to make an account."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from aqfusion.errors import InputError
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database, in_turn
from aqfusion.labels.passwords import hashed_pin, new_token, token_digest
from aqfusion.labels.schema import invites, sign_ins, users
from aqfusion.permissions import ROLES, Actor
from aqfusion.text_validation import one_line

__all__ = [
    *("OPERATOR", "AccountError", "Accounts", "User"),
    *("administrating", "checked_role", "insert_user", "lock_accounts", "name_key"),
    "INVITE_LASTS",
    "Invite",
    "Invites",
]

OPERATOR = "the terminal"
_LOCK = 0x41514D  # any number, the same in every process
MOST_USERS = 10_000
ADMINS = select(users.c.id).where(users.c.role == "admin")


class AccountError(InputError):
    """A name that is taken, a user who does not exist, or the last admin going."""


@dataclass(frozen=True)
class User:
    """An account as an admin sees it; `locked_until` after too many wrong PINs."""

    id: int
    name: str
    role: str
    disabled: bool
    created: datetime
    has_pin: bool
    issuer: str | None
    goal: int | None
    locked_until: datetime | None


class Accounts:
    """Administration of accounts. Every function raises `RoleError` for others."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def first_admin(self, name: str, pin: str, now: datetime) -> Actor:
        """Make the first admin; once there is one, `AccountError`.

        Others may be there before: whoever came by an account elsewhere.
        """
        hashed = hashed_pin(pin)

        def work(connection: Connection) -> Actor:
            lock_accounts(connection)
            if connection.execute(ADMINS.limit(1)).first():
                raise AccountError(
                    "There is an admin already. Sign in, or ask an admin for an invitation."
                )
            return insert_user(connection, name, "admin", now, {"pin": hashed})

        return self._database.write(work)

    def operator(self, now: datetime) -> Actor:
        """Return who acts at the terminal, as whoever can read the database may do anything."""

        def work(connection: Connection) -> Actor:
            lock_accounts(connection)
            row = connection.execute(select(users).where(users.c.role == "operator")).first()
            if row is not None:
                return Actor(row.id, row.name, row.role)
            return insert_user(connection, OPERATOR, "operator", now, {})

        return self._database.write(work)

    def add_user(self, actor: Actor, name: str, pin: str, role: str, now: datetime) -> Actor:
        """Make an account with a PIN."""
        hashed = hashed_pin(pin)

        def work(connection: Connection) -> Actor:
            administrating(connection, actor)
            return insert_user(connection, name, role, now, {"pin": hashed})

        return self._database.write(work)

    def set_role(self, actor: Actor, user: int, role: str) -> None:
        """Change what a user may; it holds from their next click on."""
        self._change(actor, user, {"role": checked_role(role)})

    def set_disabled(self, actor: Actor, user: int, disabled: bool) -> None:
        """Lock a user out, wherever they are signed in, or let them in again; answers stay."""
        self._change(actor, user, {"disabled": disabled}, sign_out=disabled)

    def reset_pin(self, actor: Actor, user: int, pin: str) -> None:
        """Give a user another PIN, and new tries; wherever they are signed in, that ends."""
        change = {"pin": hashed_pin(pin), "failed_pins": 0, "locked_until": None}
        self._change(actor, user, change, sign_out=True)

    def set_goal(self, actor: Actor, goal: int | None) -> None:
        """Set how many items the actor means to do in one session."""
        if goal is not None and not 1 <= goal <= 10_000:
            raise AccountError(f"goal must be 1 to 10000 items, got {goal}")

        def work(connection: Connection) -> None:
            require_role(connection, actor, "annotator")
            connection.execute(update(users).where(users.c.id == actor.id).values(goal=goal))

        self._database.write(work)

    def users(self, actor: Actor) -> tuple[User, ...]:
        """List all accounts by name."""
        with self._database.read() as connection:
            require_role(connection, actor, "admin", lock=False)
            rows = connection.execute(select(users).where(users.c.role != "operator")).all()
        accounts = (
            User(
                *(row.id, row.name, row.role, row.disabled, row.created),
                *(row.pin is not None, row.issuer, row.goal, row.locked_until),
            )
            for row in rows
        )
        return tuple(sorted(accounts, key=lambda user: user.name.casefold()))

    def _change(
        self, actor: Actor, user: int, values: Mapping[str, Any], *, sign_out: bool = False
    ) -> None:
        def work(connection: Connection) -> None:
            administrating(connection, actor)
            same = (users.c.id == user, users.c.role != "operator")
            if not connection.execute(update(users).where(*same).values(**values)).rowcount:
                raise AccountError(f"user must be one of the list, got {user}")
            if not connection.execute(ADMINS.where(users.c.disabled.is_(False)).limit(1)).first():
                raise AccountError(
                    "This is the last enabled admin. Make another account an admin first."
                )
            if sign_out:
                connection.execute(delete(sign_ins).where(sign_ins.c.user == user))

        self._database.write(work)


def lock_accounts(connection: Connection) -> None:
    """Let changes of accounts come one after the other."""
    in_turn(connection, _LOCK)


def insert_user(
    connection: Connection, name: str, role: str, now: datetime, more: Mapping[str, Any]
) -> Actor:
    """Make an account; a name that somebody has, in whatever case, raises `AccountError`."""
    kept = one_line("name", name, 60)
    same_name = select(users.c.id).where(users.c.name_key == name_key(kept))
    if connection.execute(same_name).first():
        raise AccountError(f"The name {kept!r} is taken. Choose another name.")
    if connection.execute(select(func.count()).select_from(users)).scalar_one() >= MOST_USERS:
        raise AccountError(f"The store has {MOST_USERS} accounts already, which is the maximum.")
    if role != "operator":
        checked_role(role)
    row = {"name": kept, "name_key": name_key(kept), "role": role, "disabled": False}
    made = connection.execute(
        insert(users).values({**row, **more, "created": now, "failed_pins": 0})
    )
    assert made.inserted_primary_key is not None
    return Actor(made.inserted_primary_key[0], kept, role)


def name_key(name: str) -> str:
    """Return what two names that look alike share."""
    plain = "".join(sign if sign.isprintable() else " " for sign in name[:200])
    return " ".join(unicodedata.normalize("NFKC", plain).split()).casefold()[:200]


def checked_role(role: str) -> str:
    """Return a role that can be given; another raises `AccountError`."""
    if role not in ROLES[:-1]:
        raise AccountError(f"role must be one of {', '.join(ROLES[:-1])}, got {role!r}")
    return role


def administrating(connection: Connection, actor: Actor) -> None:
    """Let an admin, and nobody else, change accounts in this transaction."""
    lock_accounts(connection)
    require_role(connection, actor, "admin")


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
            require_role(connection, actor, "admin", lock=False)
            return tuple(Invite(*row) for row in connection.execute(query))

    def take_back(self, actor: Actor, invite: int) -> None:
        """Make an invitation worthless; one that is used or gone raises `AccountError`."""

        def work(connection: Connection) -> None:
            administrating(connection, actor)
            unused_invite = (invites.c.id == invite, invites.c.used_by.is_(None))
            if not connection.execute(delete(invites).where(*unused_invite)).rowcount:
                raise AccountError(f"Invitation {invite} is used or revoked already.")

        self._database.write(work)
