"""Sign-ins that outlive a page: kept in the store, carried by a signed cookie.

A sign-in by PIN makes a row here and a code that lives for a minute. The browser hands the code in
and gets the cookie: a random token, signed with a key that all servers of the store share. The
store keeps digests only. Without its row a cookie is worth nothing, so signing out, an account
that is disabled and another PIN end it at once, everywhere.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, Signer
from sqlalchemy import Connection, and_, delete, not_, select, update
from sqlalchemy import insert as insert_into
from sqlalchemy.engine import Row
from sqlalchemy.sql.elements import ColumnElement

from aqfusion.labels.audit_log import record_often
from aqfusion.labels.authorization import SignedOutError, end_sign_ins, require_role
from aqfusion.labels.database import Database
from aqfusion.labels.passwords import new_token, token_digest
from aqfusion.labels.schema import known_devices, sign_ins, users
from aqfusion.labels.server_keys import ServerKeys
from aqfusion.labels.sign_in_limits import CLOCK_SKEW
from aqfusion.permissions import Actor

__all__ = ["CODE_LASTS", "Cookie", "SessionLimits", "SignInSessions"]

CODE_LASTS = timedelta(seconds=60)
_MOST_OF_ONE = 50  # browsers of one person; with one more the oldest is signed out
_MOST_DEVICES = 20  # of one person that are known; with one more, the one unused longest is not
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
        self.limits = limits or SessionLimits()
        self._keys = ServerKeys(database)

    @property
    def cookie_name(self) -> str:
        """A name of this store's own: cookies of one host reach the servers of all its ports."""
        return f"aqfusion_{hashlib.sha256(self._keys.key(_SALT).encode()).hexdigest()[:8]}"

    def begin(
        self, actor: Actor, now: datetime, browser: str = "", way: str = "PIN"
    ) -> tuple[Actor, str]:
        """Keep a sign-in that has just succeeded; the code returned fetches its cookie, once.

        The browser, named by the secret of its cookie, is known from now on.
        """
        code = new_token()

        def work(connection: Connection) -> Actor:
            person = require_role(connection, actor, "visitor")
            connection.execute(delete(sign_ins).where(sign_ins.c.until <= now))
            newest = select(sign_ins.c.id).where(sign_ins.c.user == actor.id)
            newest = newest.order_by(sign_ins.c.id.desc()).limit(_MOST_OF_ONE - 1)
            kept = [*connection.execute(newest).scalars()]
            oldest = (sign_ins.c.user == actor.id, sign_ins.c.id.not_in(kept))
            connection.execute(delete(sign_ins).where(*oldest))
            expires = now + self.limits.lasts
            row = {
                "user": actor.id,
                "code": token_digest(code),
                "code_until": now + CODE_LASTS,
                "created": now,
                "until": min(now + self.limits.idle, expires),
                "expires": expires,
            }
            made = connection.execute(insert_into(sign_ins).values(**row)).inserted_primary_key
            assert made is not None
            if browser:
                self._remember(connection, actor.id, browser, now)
            record_often(connection, "signed in", now, actor.id, way)
            return replace(actor, sign_in=made[0], epoch=person.epoch)

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
        return Actor(row.user, row.name, row.role, row.id, row.epoch)

    def sign_in_of(self, value: str, now: datetime) -> int | None:
        """Return the sign-in that a cookie is of; `None` once it has ended, or never was."""
        row = self._row_of_cookie(value, now)
        return None if row is None else int(row.id)

    def use(self, actor: Actor, now: datetime) -> None:
        """Note that the actor is at work; once their time is over, `SignedOutError`."""
        query = select(sign_ins).where(sign_ins.c.id == actor.sign_in, *_goes_on(now))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            self.end(actor, now, "after a long time without activity")
            raise SignedOutError(
                "You were signed out after a long time without activity. Sign in again."
            )
        self._used(row, now)

    def end(self, actor: Actor, now: datetime | None = None, why: str = "") -> None:
        """Sign out in the browser of this sign-in, in all its tabs."""
        own_sign_in = (sign_ins.c.id == actor.sign_in, sign_ins.c.user == actor.id)
        at = now or datetime.now(UTC)

        def work(connection: Connection) -> None:
            if connection.execute(delete(sign_ins).where(*own_sign_in)).rowcount:
                record_often(connection, "signed out", at, actor.id, why)

        self._database.write(work)

    def end_all(self, actor: Actor, now: datetime | None = None) -> int:
        """Sign out wherever the actor is signed in, and return in how many browsers."""
        at = now or datetime.now(UTC)

        def work(connection: Connection) -> int:
            require_role(connection, actor, "visitor")
            record_often(connection, "signed out everywhere", at, actor.id)
            return end_sign_ins(connection, actor.id, at)

        return self._database.write(work)

    def prune(self, now: datetime) -> None:
        """Forget sign-ins whose time is over, so that not even a waiting click counts."""
        over = not_(and_(*_goes_on(now)))
        with self._database.read() as connection:
            if connection.execute(select(sign_ins.c.id).where(over).limit(1)).first() is None:
                return
        self._database.write(lambda connection: connection.execute(delete(sign_ins).where(over)))

    def _remember(self, connection: Connection, user: int, browser: str, now: datetime) -> None:
        row = {"user": user, "device": token_digest(browser), "seen": now}
        own = known_devices.c.user == user
        same = (own, known_devices.c.device == row["device"])
        if connection.execute(update(known_devices).where(*same).values(seen=now)).rowcount:
            return
        last = select(known_devices.c.device).where(own).order_by(known_devices.c.seen.desc())
        kept = [*connection.execute(last.limit(_MOST_DEVICES - 1)).scalars()]
        connection.execute(delete(known_devices).where(own, known_devices.c.device.not_in(kept)))
        connection.execute(insert_into(known_devices).values(**row))

    def _row_of_cookie(self, value: str, now: datetime) -> Row[Any] | None:
        if len(value) > _LONGEST_COOKIE:
            return None
        try:
            token = self._signer().unsign(value.encode("utf-8", "replace")).decode()
        except (BadSignature, UnicodeDecodeError):
            return None
        query = (
            select(sign_ins, users.c.name, users.c.role, users.c.epoch)
            .join(users, users.c.id == sign_ins.c.user)
            .where(sign_ins.c.digest == token_digest(token), *_goes_on(now))
            .where(users.c.disabled.is_(False))
        )
        with self._database.read() as connection:
            return connection.execute(query).first()

    def _used(self, row: Row[Any], now: datetime) -> None:
        """Note the use, but not at every click: a tenth of the idle time is exact enough."""
        until = min(now + self.limits.idle, row.expires)
        if until - row.until < min(self.limits.idle / 10, timedelta(minutes=5)):
            return
        same = (sign_ins.c.id == row.id, sign_ins.c.until > now)
        longer = update(sign_ins).where(*same).values(until=until)
        self._database.write(lambda connection: connection.execute(longer))

    def _signer(self) -> Signer:
        return Signer(self._keys.key(_SALT), salt=_SALT, digest_method=hashlib.sha256)


def _goes_on(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Not over, and not begun by a clock that was ahead: that would last for too long."""
    return sign_ins.c.until > now, sign_ins.c.created <= now + CLOCK_SKEW
