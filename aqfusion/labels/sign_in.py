"""Ways in: a name and its PIN, an invitation, or an account elsewhere (OpenID Connect)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.engine import Row

from aqfusion.errors import InputError
from aqfusion.labels.accounts import ADMINS, checked_role, insert_user, lock_accounts, name_key
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.passwords import hashed_pin, pin_fits, renewed_pin, token_digest
from aqfusion.labels.schema import invites, users
from aqfusion.permissions import Actor
from aqfusion.text_validation import one_line

__all__ = ["SignIn", "SignInError"]

_FREE_TRIES = 5
_FIRST_WAIT = timedelta(seconds=30)  # doubled with every further wrong PIN
_LONGEST_WAIT = timedelta(hours=1)


class SignInError(InputError):
    """A name and PIN that do not fit, an invitation that does not hold, or a wait that goes on."""


class SignIn:
    """From a visitor to an `Actor`."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def names(self) -> tuple[str, ...]:
        """List the names to choose from: enabled accounts with a PIN."""
        query = select(users.c.name).where(users.c.pin.is_not(None), users.c.disabled.is_(False))
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(query).scalars(), key=str.casefold))

    def is_unclaimed(self) -> bool:
        """Tell whether there is no admin yet."""
        with self._database.read() as connection:
            return connection.execute(ADMINS.limit(1)).first() is None

    def by_pin(self, name: str, pin: str, now: datetime) -> Actor:
        """Sign in by name and PIN; after five wrong ones each further try has to wait, longer.

        A try is counted before the PIN is looked at, so that many at once gain nothing.
        """
        row = self._database.write(lambda connection: _count_try(connection, name, now))
        if not pin_fits(pin, row and row.pin) or row is None:
            raise _wrong(name)
        renewed = renewed_pin(pin, row.pin)

        def work(connection: Connection) -> Actor:
            same = (users.c.id == row.id, users.c.disabled.is_(False))
            now_kept = connection.execute(
                select(users.c.pin).where(*same).with_for_update()
            ).first()
            if now_kept is None:
                raise SignInError("This account is disabled. Ask an admin to enable it.")
            # Another browser may have renewed the hash meanwhile, or an admin the PIN.
            if now_kept.pin != row.pin and not pin_fits(pin, now_kept.pin):
                raise _wrong(name)
            values: dict[str, Any] = {"failed_pins": 0, "locked_until": None}
            if renewed is not None and now_kept.pin == row.pin:
                values["pin"] = renewed
            connection.execute(update(users).where(*same).values(**values))
            return Actor(row.id, row.name, row.role)

        return self._database.write(work)

    def by_invite(self, token: str, name: str, pin: str, now: datetime) -> Actor:
        """Make the account that an invitation is for; each serves one person, once."""
        hashed = hashed_pin(pin)

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
            return actor

        return self._database.write(work)

    def by_oidc(
        self, issuer: str, subject: str, name: str, first_role: str, now: datetime
    ) -> Actor:
        """Sign in who is `subject` at `issuer`; at the first time they get `first_role`.

        Where the name is taken, a number is added to it.
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
                return insert_user(connection, free, first_role, now, who)
            if row.disabled:
                raise SignInError("This account is disabled. Ask an admin to enable it.")
            return Actor(row.id, row.name, row.role)

        return self._database.write(work)

    def again(self, actor: Actor) -> Actor:
        """Return the actor as they are now; `RoleError` once they are disabled."""
        with self._database.read() as connection:
            row = require_role(connection, actor, "visitor", lock=False)
        return Actor(row.id, row.name, row.role, actor.sign_in)


def _wrong(name: str) -> SignInError:
    return SignInError("Name and PIN do not match. Try again.")


def _count_try(connection: Connection, name: str, now: datetime) -> Row[Any] | None:
    query = select(users).where(users.c.name_key == name_key(name), users.c.pin.is_not(None))
    row = connection.execute(query.with_for_update(key_share=True)).first()
    if row is None or row.disabled:
        return None
    if row.locked_until is not None and row.locked_until > now:
        seconds = int((row.locked_until - now).total_seconds()) + 1
        raise SignInError(
            f"There were {row.failed_pins} wrong PINs. Wait {seconds} s and try again."
        )
    failed = row.failed_pins + 1
    over = failed - _FREE_TRIES
    wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(over, 20)) if over >= 0 else None
    values = {"failed_pins": failed, "locked_until": wait and now + wait}
    connection.execute(update(users).where(users.c.id == row.id).values(**values))
    return row


def _free_name(connection: Connection, name: str) -> str:
    for number in range(1, 10_000):
        candidate = name if number == 1 else f"{name} ({number})"
        same_name = select(users.c.id).where(users.c.name_key == name_key(candidate))
        if not connection.execute(same_name).first():
            return candidate
    raise SignInError(f"Too many accounts are called {name!r}. Ask an admin for an invitation.")
