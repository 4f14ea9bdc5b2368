"""Ways in: a name and its PIN, an invitation, or an account elsewhere (OpenID Connect)."""

from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.engine import Row

from aqfusion.labels.accounts import ADMINS, checked_role, insert_user, lock_accounts, name_key
from aqfusion.labels.audit_log import record, record_often
from aqfusion.labels.authorization import end_sign_ins, require_role
from aqfusion.labels.database import Database
from aqfusion.labels.passwords import (
    LEAST_CHARACTERS,
    hashed_pin,
    pin_fits,
    renewed_pin,
    token_digest,
)
from aqfusion.labels.schema import invites, known_devices, users
from aqfusion.labels.sign_in_limits import (
    CLOCK_SKEW,
    Before,
    Client,
    SignInError,
    SignInLimits,
    Try,
)
from aqfusion.permissions import GIVEN_ROLES, Actor
from aqfusion.text_validation import one_line

__all__ = ["SignIn", "SignInError"]

_PROVIDER_SKEW = timedelta(seconds=10)  # of a provider's clock
_hashing = BoundedSemaphore(2)  # each takes 19 MiB and a core: a flood of tries waits in line


class SignIn:
    """From a visitor to an `Actor`."""

    def __init__(self, database: Database, pin_length: int = LEAST_CHARACTERS) -> None:
        """Work on an open store; new PINs have `pin_length` characters or more."""
        self._database = database
        self._limits = SignInLimits(database)
        self.pin_length = pin_length

    def names(self) -> tuple[str, ...]:
        """List the names to choose from: enabled accounts with a PIN."""
        query = select(users.c.name).where(users.c.pin.is_not(None), users.c.disabled.is_(False))
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(query).scalars(), key=str.casefold))

    def is_unclaimed(self) -> bool:
        """Tell whether there is no admin yet."""
        with self._database.read() as connection:
            return connection.execute(ADMINS.limit(1)).first() is None

    def by_pin(self, name: str, pin: str, now: datetime, client: Client | None = None) -> Actor:
        """Sign in by name and PIN; where too many are tried, the next one has to wait.

        A try is counted before the PIN is looked at, so that many at once gain nothing.
        """
        key = name_key(name)
        row, tried, before = self._count(key, now, client or Client())
        if not _fits(pin, row and row.pin) or row is None:
            self._database.write(lambda connection: _refused(connection, row, now))
            raise _wrong()
        renewed = renewed_pin(pin, row.pin)

        def work(connection: Connection) -> Actor:
            same = (users.c.id == row.id, users.c.disabled.is_(False))
            now_kept = connection.execute(select(users).where(*same).with_for_update()).first()
            if now_kept is None:
                raise SignInError("This account is disabled. Ask an admin to enable it.")
            # Another browser may have renewed the hash meanwhile, or an admin the PIN.
            if now_kept.pin != row.pin and not pin_fits(pin, now_kept.pin):
                raise _wrong()
            if renewed is not None and now_kept.pin == row.pin:
                connection.execute(update(users).where(*same).values(pin=renewed))
            self._limits.fitted(connection, tried, now, before)
            return Actor(row.id, row.name, row.role, epoch=now_kept.epoch)

        return self._database.write(work)

    def change_pin(self, actor: Actor, old: str, new: str, now: datetime) -> Actor:
        """Give oneself another PIN; wherever else one is signed in, that ends.

        The actor returned is signed in nowhere yet.
        """
        hashed = hashed_pin(new, self.pin_length)
        self._limits.draw_key()

        def count(connection: Connection) -> tuple[Row[Any], Try, Before]:
            row = require_role(connection, actor, "visitor")
            tried = self._limits.signed_in(row.name_key)
            return row, tried, self._limits.count(connection, tried, now)

        row, tried, before = self._database.write(count)
        if not _fits(old, row.pin):
            self._database.write(lambda connection: _refused(connection, row, now))
            raise SignInError("This is not your present PIN. Try again.")

        def work(connection: Connection) -> Actor:
            if require_role(connection, actor, "visitor").pin != row.pin:
                raise SignInError("Your PIN has just been changed elsewhere. Sign in again.")
            connection.execute(update(users).where(users.c.id == row.id).values(pin=hashed))
            end_sign_ins(connection, row.id, now)
            self._limits.fitted(connection, tried, now, before)
            record_often(connection, "PIN changed", now, row.id)
            return Actor(row.id, row.name, row.role, epoch=row.epoch + 1)

        return self._database.write(work)

    def has_pin(self, actor: Actor) -> bool:
        """Tell whether the actor signs in by PIN, or only by an account elsewhere."""
        query = select(users.c.pin.is_not(None)).where(users.c.id == actor.id)
        with self._database.read() as connection:
            return bool(connection.execute(query).scalar())

    def by_invite(self, token: str, name: str, pin: str, now: datetime) -> Actor:
        """Make the account that an invitation is for; each serves one person, once."""
        hashed = hashed_pin(pin, self.pin_length)

        def work(connection: Connection) -> Actor:
            lock_accounts(connection)
            query = select(invites).where(invites.c.digest == token_digest(token))
            invite = connection.execute(query.with_for_update()).first()
            if invite is None or invite.used_by is not None or invite.expires <= now:
                raise SignInError(
                    "This invitation is used, expired or unknown. Ask an admin for a new one."
                )
            actor = insert_user(connection, name, invite.role, now, {"pin": hashed})
            used = update(invites).where(invites.c.id == invite.id).values(used_by=actor.id)
            connection.execute(used)
            record(connection, "joined", now, actor.id, invite.made_by, invite.role)
            return actor

        return self._database.write(work)

    def by_oidc(
        self,
        issuer: str,
        subject: str,
        name: str,
        first_role: str,
        now: datetime,
        issued: datetime | None = None,
    ) -> Actor:
        """Sign in who is `subject` at `issuer`; at the first time they get `first_role`.

        Where the name is taken, a number is added to it. An identity that was `issued` before the
        account's sign-ins were ended is refused.
        """
        checked_role(first_role)
        who = {
            "issuer": one_line("issuer", issuer, 500),
            "subject": one_line("subject", subject, 500),
        }

        def work(connection: Connection) -> Actor:
            lock_accounts(connection)
            same = (users.c.issuer == who["issuer"], users.c.subject == who["subject"])
            row = connection.execute(select(users).where(*same)).first()
            if row is None:
                free = _free_name(connection, one_line("name", name[:50], 50))
                made = insert_user(connection, free, first_role, now, who)
                record(connection, "account made", now, made.id, made.id, "by OpenID Connect")
                return made
            if row.disabled:
                raise SignInError("This account is disabled. Ask an admin to enable it.")
            ended = row.ended if row.ended and row.ended <= now + CLOCK_SKEW else None
            if issued is not None and ended is not None and issued + _PROVIDER_SKEW < ended:
                raise SignInError("You were signed out everywhere. Sign in again.")
            return Actor(row.id, row.name, row.role, epoch=row.epoch)

        return self._database.write(work)

    def again(self, actor: Actor) -> Actor:
        """Return the actor as they are now; `RoleError` once they are disabled."""
        with self._database.read() as connection:
            row = require_role(connection, actor, "visitor", lock=False)
        return Actor(row.id, row.name, row.role, actor.sign_in, actor.epoch)

    def _count(
        self, key: str, now: datetime, client: Client
    ) -> tuple[Row[Any] | None, Try, Before]:
        self._limits.draw_key()
        with self._database.read() as connection:
            tried = self._tried(connection, key, client)
        self._limits.check(tried, now)  # else a flood would hold up all who write

        def work(connection: Connection) -> tuple[Row[Any] | None, Try, Before]:
            before = self._limits.count(connection, tried, now)
            return connection.execute(_with_pin(key)).first(), tried, before

        return self._database.write(work)

    def _tried(self, connection: Connection, key: str, client: Client) -> Try:
        row = connection.execute(_with_pin(key)).first()
        user = 0 if row is None else row.id
        device = (
            known_devices.c.user == user,
            known_devices.c.device == token_digest(client.browser),
        )
        is_known = connection.execute(select(known_devices.c.user).where(*device)).first()
        if is_known is not None and client.browser:
            return self._limits.known(key, client)
        return self._limits.unknown(key, client)


def _with_pin(key: str) -> Any:
    """An account that one signs in to by PIN; all others are like names that nobody has."""
    return select(users).where(
        users.c.name_key == key,
        users.c.pin.is_not(None),
        users.c.disabled.is_(False),
        users.c.role.in_(GIVEN_ROLES),
    )


def _fits(pin: str, hashed: str | None) -> bool:
    with _hashing:
        return pin_fits(pin, hashed)


def _refused(connection: Connection, row: Row[Any] | None, now: datetime) -> None:
    """Note a wrong PIN; of names that nobody has, no more than that there was one."""
    if row is None and connection.execute(select(users.c.id).limit(1)).first() is None:
        return  # a store in which a backup may still be restored
    detail = "wrong PIN" if row is not None else "a name that nobody signs in with"
    record_often(connection, "refused", now, None if row is None else row.id, detail)


def _wrong() -> SignInError:
    return SignInError("Name and PIN do not match. Try again.")


def _free_name(connection: Connection, name: str) -> str:
    for number in range(1, 10_000):
        candidate = name if number == 1 else f"{name} ({number})"
        same_name = select(users.c.id).where(users.c.name_key == name_key(candidate))
        if not connection.execute(same_name).first():
            return candidate
    raise SignInError(f"Too many accounts are called {name!r}. Ask an admin for an invitation.")
