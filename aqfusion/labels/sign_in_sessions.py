"""Sign-ins that outlive a page: kept in the store, carried by a signed cookie.

A sign-in by PIN makes a row here and a code that lives for a minute. The browser hands the code in
and gets the cookie: a random token, signed with a key that all servers of the store share. The
store keeps digests only. Without its row a cookie is worth nothing, so signing out, an account
that is disabled and another PIN end it at once, everywhere.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, Signer
from sqlalchemy import Connection, delete, select, update
from sqlalchemy import insert as insert_into
from sqlalchemy.engine import Row

from aqfusion.labels.authorization import SignedOutError, require_role
from aqfusion.labels.database import Database
from aqfusion.labels.passwords import new_token, token_digest
from aqfusion.labels.schema import server_keys, sign_ins, users
from aqfusion.permissions import Actor

__all__ = ["CODE_LASTS", "Cookie", "SessionLimits", "SignInSessions"]

CODE_LASTS = timedelta(seconds=60)
_MOST_OF_ONE = 50  # browsers of one person; with one more the oldest is signed out
_LONGEST_COOKIE = 300
_SALT = "aqfusion sign-in"


@dataclass(frozen=True)
class SessionLimits:
    """How long a sign-in lasts, and how long without use."""

    lasts: timedelta = timedelta(days=14)
    idle: timedelta = timedelta(hours=12)


@dataclass(frozen=True)
class Cookie:
    """The value that the browser keeps, and for how many seconds."""

    value: str
    seconds: int


class SignInSessions:
    """Who is signed in in which browser."""

    def __init__(self, database: Database, limits: SessionLimits | None = None) -> None:
        """Work on an open store."""
        self._database = database
        self._limits = limits or SessionLimits()
        self._key: str | None = None

    @property
    def cookie_name(self) -> str:
        """A name of this store's own: cookies of one host reach the servers of all its ports."""
        return f"aqfusion_{hashlib.sha256(self._signing_key().encode()).hexdigest()[:8]}"

    def begin(self, actor: Actor, now: datetime) -> tuple[Actor, str]:
        """Keep a sign-in that has just succeeded; the code returned fetches its cookie, once."""
        code = new_token()

        def work(connection: Connection) -> Actor:
            require_role(connection, actor, "visitor")
            connection.execute(delete(sign_ins).where(sign_ins.c.until <= now))
            newest = select(sign_ins.c.id).where(sign_ins.c.user == actor.id)
            newest = newest.order_by(sign_ins.c.id.desc()).limit(_MOST_OF_ONE - 1)
            kept = [*connection.execute(newest).scalars()]
            oldest = (sign_ins.c.user == actor.id, sign_ins.c.id.not_in(kept))
            connection.execute(delete(sign_ins).where(*oldest))
            expires = now + self._limits.lasts
            row = {
                "user": actor.id,
                "code": token_digest(code),
                "code_until": now + CODE_LASTS,
                "created": now,
                "until": min(now + self._limits.idle, expires),
                "expires": expires,
            }
            made = connection.execute(insert_into(sign_ins).values(**row)).inserted_primary_key
            assert made is not None
            return replace(actor, sign_in=made[0])

        return self._database.write(work), code

    def redeem(self, code: str, now: datetime) -> Cookie | None:
        """Return the cookie for a code; `None` for one that is used, too old or unknown."""
        token = secrets.token_urlsafe(32)
        signed = self._signer().sign(token).decode()  # before the transaction: it may need its own

        def work(connection: Connection) -> Cookie | None:
            fresh = (sign_ins.c.code == token_digest(code), sign_ins.c.code_until > now)
            row = connection.execute(
                select(sign_ins).where(*fresh, sign_ins.c.until > now).with_for_update()
            ).first()
            if row is None:
                return None
            values = {"digest": token_digest(token), "code": None}
            connection.execute(update(sign_ins).where(sign_ins.c.id == row.id).values(**values))
            return Cookie(signed, int((row.expires - now).total_seconds()))

        return self._database.write(work)

    def by_cookie(self, value: str, now: datetime) -> Actor | None:
        """Return whom a cookie belongs to; `None` once its sign-in has ended, or never was."""
        row = self._row_of_cookie(value, now)
        if row is None:
            return None
        self._used(row, now)
        return Actor(row.user, row.name, row.role, row.id)

    def holds(self, value: str, sign_in: int, now: datetime) -> bool:
        """Tell whether a cookie is that of a sign-in which goes on."""
        row = self._row_of_cookie(value, now)
        return row is not None and row.id == sign_in

    def use(self, actor: Actor, now: datetime) -> None:
        """Note that the actor is at work; once their time is over, `SignedOutError`."""
        query = select(sign_ins).where(sign_ins.c.id == actor.sign_in, sign_ins.c.until > now)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            self.end(actor)
            raise SignedOutError(
                "You were signed out after a long time without activity. Sign in again."
            )
        self._used(row, now)

    def end(self, actor: Actor) -> None:
        """Sign out in the browser of this sign-in, in all its tabs."""
        own_sign_in = (sign_ins.c.id == actor.sign_in, sign_ins.c.user == actor.id)
        self._database.write(
            lambda connection: connection.execute(delete(sign_ins).where(*own_sign_in))
        )

    def end_all(self, actor: Actor) -> int:
        """Sign out wherever the actor is signed in by PIN, and return in how many browsers."""

        def work(connection: Connection) -> int:
            require_role(connection, actor, "visitor")
            return connection.execute(delete(sign_ins).where(sign_ins.c.user == actor.id)).rowcount

        return self._database.write(work)

    def prune(self, now: datetime) -> None:
        """Forget sign-ins whose time is over, so that not even a waiting click counts."""
        over = sign_ins.c.until <= now
        with self._database.read() as connection:
            if connection.execute(select(sign_ins.c.id).where(over).limit(1)).first() is None:
                return
        self._database.write(lambda connection: connection.execute(delete(sign_ins).where(over)))

    def _row_of_cookie(self, value: str, now: datetime) -> Row[Any] | None:
        if len(value) > _LONGEST_COOKIE:
            return None
        try:
            token = self._signer().unsign(value.encode("utf-8", "replace")).decode()
        except (BadSignature, UnicodeDecodeError):
            return None
        query = (
            select(sign_ins, users.c.name, users.c.role)
            .join(users, users.c.id == sign_ins.c.user)
            .where(sign_ins.c.digest == token_digest(token), sign_ins.c.until > now)
            .where(users.c.disabled.is_(False))
        )
        with self._database.read() as connection:
            return connection.execute(query).first()

    def _used(self, row: Row[Any], now: datetime) -> None:
        """Note the use, but not at every click: a tenth of the idle time is exact enough."""
        until = min(now + self._limits.idle, row.expires)
        if until - row.until < min(self._limits.idle / 10, timedelta(minutes=5)):
            return
        same = (sign_ins.c.id == row.id, sign_ins.c.until > now)
        longer = update(sign_ins).where(*same).values(until=until)
        self._database.write(lambda connection: connection.execute(longer))

    def _signer(self) -> Signer:
        return Signer(self._signing_key(), salt=_SALT, digest_method=hashlib.sha256)

    def _signing_key(self) -> str:
        """The key that the store keeps; whoever comes first draws it, however many come at once."""
        if self._key is None:
            query = select(server_keys.c.key).where(server_keys.c.name == _SALT)
            with self._database.read() as connection:
                self._key = connection.execute(query).scalar()
        if self._key is None:
            row = {"name": _SALT, "key": secrets.token_urlsafe(48)}

            def work(connection: Connection) -> str:
                self._database.insert_new(connection, server_keys, [row])
                return str(connection.execute(query).scalar_one())

            self._key = self._database.write(work)
        return self._key
