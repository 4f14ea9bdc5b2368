"""Users and their roles, of whom one admin is always enabled; invitations to make an account."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, not_, select, update
from sqlalchemy.engine import Row

from aqfusion.errors import InputError
from aqfusion.labels.audit_log import record
from aqfusion.labels.authorization import end_sign_ins, require_role
from aqfusion.labels.database import Database, in_turn
from aqfusion.labels.passwords import LEAST_CHARACTERS, hashed_pin, new_token, token_digest
from aqfusion.labels.schema import invites, users
from aqfusion.labels.sign_in_limits import SignInLimits
from aqfusion.permissions import GIVEN_ROLES, Actor
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
# Whoever has a way in is no terminal, whatever their role says.
_NO_WAY_IN = and_(users.c.pin.is_(None), users.c.issuer.is_(None))
TERMINAL = and_(users.c.role == "operator", _NO_WAY_IN)


class AccountError(InputError):
    """A name that is taken, a user who does not exist, or the last admin going."""


@dataclass(frozen=True)
class User:
    """An account as an admin sees it.

    After too many wrong PINs, browsers that it does not know wait until `guessed_until`.
    """

    id: int
    name: str
    role: str
    disabled: bool
    created: datetime
    has_pin: bool
    issuer: str | None
    goal: int | None
    guessed_until: datetime | None


class Accounts:
    """Administration of accounts. Every function raises `RoleError` for others."""

    def __init__(self, database: Database, pin_length: int = LEAST_CHARACTERS) -> None:
        """Work on an open store; new PINs have `pin_length` characters or more."""
        self._database = database
        self._limits = SignInLimits(database)
        self.pin_length = pin_length

    def first_admin(self, name: str, pin: str, now: datetime) -> Actor:
        """Make the first admin; once there is one, `AccountError`.

        Others may be there before: whoever came by an account elsewhere.
        """
        hashed = hashed_pin(pin, self.pin_length)

        def work(connection: Connection) -> Actor:
            lock_accounts(connection)
            if connection.execute(ADMINS.limit(1)).first():
                raise AccountError(
                    "There is an admin already. Sign in, or ask an admin for an invitation."
                )
            made = insert_user(connection, name, "admin", now, {"pin": hashed})
            record(connection, "first admin", now, made.id, made.id)
            return made

        return self._database.write(work)

    def operator(self, now: datetime) -> Actor:
        """Return who acts at the terminal, as whoever can read the database may do anything."""

        def work(connection: Connection) -> Actor:
            lock_accounts(connection)
            row = connection.execute(select(users).where(TERMINAL).order_by(users.c.id)).first()
            if row is not None:
                return Actor(row.id, row.name, row.role)
            return insert_user(connection, OPERATOR, "operator", now, {})

        return self._database.write(work)

    def add_user(self, actor: Actor, name: str, pin: str, role: str, now: datetime) -> Actor:
        """Make an account with a PIN."""
        hashed, given = hashed_pin(pin, self.pin_length), checked_role(role)

        def work(connection: Connection) -> Actor:
            administrating(connection, actor)
            made = insert_user(connection, name, given, now, {"pin": hashed})
            record(connection, "account made", now, made.id, actor.id, given)
            return made

        return self._database.write(work)

    def set_role(self, actor: Actor, user: int, role: str, now: datetime | None = None) -> None:
        """Change what a user may; wherever they are signed in, that ends."""
        change = _Change("role changed", {"role": checked_role(role)})
        self._change(actor, user, change, now)

    def set_disabled(
        self, actor: Actor, user: int, disabled: bool, now: datetime | None = None
    ) -> None:
        """Lock a user out, wherever they are signed in, or let them in again; answers stay."""
        kind = "disabled" if disabled else "enabled"
        self._change(actor, user, _Change(kind, {"disabled": disabled}), now)

    def reset_pin(self, actor: Actor, user: int, pin: str, now: datetime | None = None) -> None:
        """Give a user another PIN; wherever they are signed in, that ends."""
        self._change(
            actor, user, _Change("PIN set", {"pin": hashed_pin(pin, self.pin_length)}), now
        )

    def set_goal(self, actor: Actor, goal: int | None) -> None:
        """Set how many items the actor means to do in one session."""
        if goal is not None and not 1 <= goal <= 10_000:
            raise AccountError(f"goal must be 1 to 10000 items, got {goal}")

        def work(connection: Connection) -> None:
            require_role(connection, actor, "annotator")
            connection.execute(update(users).where(users.c.id == actor.id).values(goal=goal))

        self._database.write(work)

    def unlock(self, actor: Actor, name: str | None, now: datetime) -> None:
        """Forget the wrong PINs of a name, or all of them, so that nobody has to wait."""
        key = None if name is None else name_key(name)
        self._limits.draw_key()

        def work(connection: Connection) -> None:
            administrating(connection, actor)
            query = select(users.c.id).where(users.c.name_key == key)
            user = None if key is None else connection.execute(query).scalar()
            if key is not None and user is None:
                raise AccountError(f"name must be one of the list, got {name!r}")
            self._limits.forget(connection, key)
            record(connection, "unlocked", now, user, actor.id, "" if user else "all names")

        self._database.write(work)

    def users(self, actor: Actor, now: datetime | None = None) -> tuple[User, ...]:
        """List all accounts by name, those of a role that should not be too."""
        with self._database.read() as connection:
            require_role(connection, actor, "admin", lock=False)
            rows = connection.execute(select(users).where(not_(TERMINAL))).all()
            guessed = self._limits.guessed(connection, now or datetime.now(UTC))
        accounts = (
            User(
                *(row.id, row.name, row.role, row.disabled, row.created),
                *(row.pin is not None, row.issuer, row.goal),
                guessed.get(self._limits.of_name(row.name_key)) if guessed else None,
            )
            for row in rows
        )
        return tuple(sorted(accounts, key=lambda user: user.name.casefold()))

    def _change(self, actor: Actor, user: int, change: "_Change", now: datetime | None) -> None:
        at = now or datetime.now(UTC)
        self._limits.draw_key()

        def work(connection: Connection) -> None:
            administrating(connection, actor)
            same = (users.c.id == user, not_(TERMINAL))
            row = connection.execute(select(users).where(*same).with_for_update()).first()
            if row is None:
                raise AccountError(f"user must be one of the list, got {user}")
            if all(getattr(row, name) == value for name, value in change.values.items()):
                return
            connection.execute(update(users).where(users.c.id == user).values(**change.values))
            if not connection.execute(ADMINS.where(users.c.disabled.is_(False)).limit(1)).first():
                raise AccountError(
                    "This is the last enabled admin. Make another account an admin first."
                )
            end_sign_ins(connection, user, at, identities="role" not in change.values)
            if "pin" in change.values:  # wrong PINs of before were of another one
                self._limits.forget(connection, row.name_key)
            record(connection, change.kind, at, user, actor.id, change.detail(row))

        self._database.write(work)


@dataclass(frozen=True)
class _Change:
    """What an admin changes of an account, with its kind in the audit log."""

    kind: str
    values: Mapping[str, Any]

    def detail(self, before: Row[Any]) -> str:
        role = self.values.get("role")
        return "" if role is None else f"{before.role} to {role}"


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
    if role != "operator" or more.get("pin") or more.get("issuer"):
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
    if role not in GIVEN_ROLES:
        raise AccountError(f"role must be one of {', '.join(GIVEN_ROLES)}, got {role!r}")
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
            record(connection, "invited", now, None, actor.id, wanted)
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

    def take_back(self, actor: Actor, invite: int, now: datetime | None = None) -> None:
        """Make an invitation worthless; one that is used or gone raises `AccountError`."""
        at = now or datetime.now(UTC)

        def work(connection: Connection) -> None:
            administrating(connection, actor)
            unused_invite = (invites.c.id == invite, invites.c.used_by.is_(None))
            if not connection.execute(delete(invites).where(*unused_invite)).rowcount:
                raise AccountError(f"Invitation {invite} is used or revoked already.")
            record(connection, "invitation revoked", at, None, actor.id)

        self._database.write(work)
