"""What an actor may: looked up in the very transaction that writes; and how all of it ends."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.engine import Row

from aqfusion.labels.schema import known_devices, sign_ins, users
from aqfusion.permissions import ROLES, Actor, RoleError

__all__ = ["SignedOutError", "end_sign_ins", "require_role"]

# To build a statement takes SQLAlchemy three times as long as to run it, and inside a transaction
# of SQLite everybody waits: what every label needs is built once.
_USER = select(users).where(users.c.id == bindparam("of"))
_LOCKED_USER = _USER.with_for_update(key_share=True)
_SIGNED_IN = select(sign_ins.c.id).where(
    sign_ins.c.id == bindparam("sign_in"), sign_ins.c.user == bindparam("of")
)


class SignedOutError(RoleError):
    """Somebody whose sign-in has ended: by themselves, by an admin, or by time."""


def require_role(connection: Connection, actor: Actor, least: str, lock: bool = True) -> Row[Any]:
    """Return the actor's row; whoever is disabled or below the role `least` gets a `RoleError`.

    In a writing transaction the row stays locked: one person's writes come one after the other.
    """
    row = connection.execute(_LOCKED_USER if lock else _USER, {"of": actor.id}).first()
    if row is None or row.disabled:
        raise RoleError("This account is disabled. Ask an admin to enable it.")
    if actor.sign_in is not None:
        sign_in_key = {"sign_in": actor.sign_in, "of": actor.id}
        if connection.execute(_SIGNED_IN, sign_in_key).first() is None:
            raise SignedOutError("You are no longer signed in here. Sign in again.")
    if actor.epoch is not None and actor.epoch != row.epoch:
        raise SignedOutError("Your PIN or your role has been changed. Sign in again.")
    if row.role not in ROLES:
        raise RoleError("This account has a role that does not exist. Ask an admin to change it.")
    if ROLES.index(row.role) < ROLES.index(least):
        raise RoleError(
            f"The role {least} or above is needed here, and your role is {row.role}. "
            "Ask an admin to change it."
        )
    return row


def end_sign_ins(
    connection: Connection, user: int, now: datetime, *, identities: bool = True
) -> int:
    """End all that an account was signed in by, and return in how many browsers that was.

    Its devices are no longer known. With `identities`, one from elsewhere has to be newer than now.
    """
    # A provider's word says who somebody is, and the role is looked up at each use: after another
    # role the word may begin a new sign-in by itself. Whoever is disabled, gets another PIN or
    # signs out everywhere may have lost a device, and that device still holds the word.
    values = {"epoch": users.c.epoch + 1, **({"ended": now} if identities else {})}
    connection.execute(update(users).where(users.c.id == user).values(**values))
    connection.execute(delete(known_devices).where(known_devices.c.user == user))
    return connection.execute(delete(sign_ins).where(sign_ins.c.user == user)).rowcount
