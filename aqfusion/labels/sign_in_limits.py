"""How many PINs may be tried, so that nobody guesses one and nobody locks out others.

A try counts for its name at its address, for the address, and for the name wherever it comes from.
Each count has a number of free tries; then each further one waits, up to some minutes, and what
was counted fades. A browser in which the person has signed in before has a count of its own, so
whatever others do to the name does not touch it. All times count backwards from now: those of a
clock that was ahead are void.

Names and addresses are kept as keyed digests. Names that are nobody's are counted like others.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from aqfusion.errors import InputError
from aqfusion.labels.database import Database, in_turn
from aqfusion.labels.schema import sign_in_limits
from aqfusion.labels.server_keys import ServerKeys

__all__ = ["CLOCK_SKEW", "Before", "Client", "SignInError", "SignInLimits", "Try"]

CLOCK_SKEW = timedelta(minutes=1)  # between servers of one store; a later time is a fault
_KEY = "aqfusion sign-in limits"
_LOCK = 0x415151  # any number, the same in every process
_MOST_ROWS = 50_000
_KEPT = timedelta(hours=4)  # longer than any count takes to fade
_limits = sign_in_limits


class SignInError(InputError):
    """A name and PIN that do not fit, an invitation that does not hold, or a wait that goes on."""


@dataclass(frozen=True)
class Client:
    """Where a try comes from: an address, and the secret that the browser's cookie holds."""

    address: str = ""
    browser: str = ""


@dataclass(frozen=True)
class _Limit:
    """Tries that are free, then waits from `first`, doubled up to `longest`; one fades in that."""

    free: int
    first: timedelta
    longest: timedelta
    sentence: str

    def faded(self, level: float, since: timedelta) -> float:
        return max(0.0, level - max(0, since // self.longest))

    def wait(self, level: float) -> timedelta:
        over = int(level) - self.free
        return min(self.longest, self.first * 2 ** min(over, 20)) if over >= 0 else timedelta()

    @property
    def most(self) -> float:
        """The level above which nothing gets worse, so that it does not take longer to fade."""
        doublings = 0
        while self.first * 2**doublings < self.longest:
            doublings += 1
        return float(self.free + doublings)


_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_WRONG = "There were {count} wrong PINs. Wait {seconds} s and try again."
_NAME_GUESSED = (
    "Too many wrong PINs were given for this name. Wait {seconds} s and try again. In a browser in "
    "which you have signed in before, you need not wait."
)
_ADDRESS_GUESSES = (
    "Too many wrong PINs came from your network. Wait {seconds} s and try again. In a browser in "
    "which you have signed in before, you need not wait."
)
_OF_DEVICE = _Limit(5, 30 * _SECOND, 5 * _MINUTE, _WRONG)
_OF_PAIR = _Limit(5, 30 * _SECOND, 5 * _MINUTE, _WRONG)
# Guesses of one name by many addresses: 20, then 10 an hour. Of the 10,000 PINs of four digits
# that is 2.6 % in the first day at most, which is why public servers ask for longer ones.
_OF_NAME = _Limit(20, 30 * _SECOND, 6 * _MINUTE, _NAME_GUESSED)
_OF_ADDRESS = _Limit(30, 2 * _SECOND, _MINUTE, _ADDRESS_GUESSES)


@dataclass(frozen=True)
class Try:
    """The counts that a try belongs to, by their keys."""

    counts: tuple[tuple[str, str, _Limit], ...]


Before = tuple[datetime, ...]
_Level = tuple[_Limit, float, timedelta]


class SignInLimits:
    """Counts tries in the store, so that all its servers count together."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database
        self._keys = ServerKeys(database)

    def draw_key(self) -> None:
        """Have the key at hand: to draw it takes a transaction, which no other may hold up."""
        self._keys.key(_KEY)

    def of_name(self, key: str) -> str:
        """Return the digest under which the tries of a name are counted."""
        return self._keys.digest(_KEY, f"name {key}")

    def unknown(self, key: str, client: Client) -> Try:
        """Return the counts of a browser that the account has not been signed in by."""
        name, address = self.of_name(key), self._keys.digest(_KEY, f"address {client.address}")
        of_address = (("", address, _OF_ADDRESS),) if client.address else ()
        return Try(((name, address, _OF_PAIR), (name, "", _OF_NAME), *of_address))

    def known(self, key: str, client: Client) -> Try:
        """Return the count of a browser that the account has been signed in by."""
        device = self._keys.digest(_KEY, f"device {client.browser}")
        return Try(((self.of_name(key), device, _OF_DEVICE),))

    def signed_in(self, key: str) -> Try:
        """Return the count of somebody who is signed in and is asked for the PIN once more."""
        return Try(((self.of_name(key), "signed in", _OF_DEVICE),))

    def check(self, of: Try, now: datetime) -> None:
        """Refuse a try that has to wait, without a transaction that others would wait for."""
        with self._database.read() as connection:
            _refuse([*_levels(connection, of, now)])

    def count(self, connection: Connection, of: Try, now: datetime) -> Before:
        """Count a try before its PIN is looked at; `SignInError` says how long it has to wait.

        Returned is when each count had its last try before, for `fitted`.
        """
        in_turn(connection, _LOCK)
        _prune(connection, now)
        levels = [*_levels(connection, of, now)]
        _refuse(levels)
        for (name, address, limit), (_, level, _since) in zip(of.counts, levels, strict=True):
            _keep(connection, name, address, min(limit.most, level + 1), now)
        return tuple(now - since for _limit, _level, since in levels)

    def fitted(self, connection: Connection, of: Try, now: datetime, before: Before) -> None:
        """Take a try back whose PIN fits: what was wrong before at this place is forgotten too.

        Whoever else waits waits no longer by it.
        """
        in_turn(connection, _LOCK)
        (name, address, _limit), *others = of.counts
        connection.execute(delete(_limits).where(*_at(name, address)))
        for (name, address, _limit), at in zip(others, before[1:], strict=True):
            lower = update(_limits).where(*_at(name, address), _limits.c.level >= 1)
            lower = lower.values(level=_limits.c.level - 1)
            if not connection.execute(lower.where(_limits.c.at == now).values(at=at)).rowcount:
                connection.execute(lower)  # others have tried meanwhile

    def forget(self, connection: Connection, key: str | None) -> None:
        """Forget the tries of a name, or of all names at all addresses."""
        condition = () if key is None else (_limits.c.name == self.of_name(key),)
        connection.execute(delete(_limits).where(*condition))

    def guessed(self, connection: Connection, now: datetime) -> dict[str, datetime]:
        """Return until when unknown browsers wait, by the digest of the name."""
        query = select(_limits).where(_limits.c.address == "", _limits.c.level >= _OF_NAME.free)
        waits = ((row.name, _until(row, now)) for row in connection.execute(query))
        return {name: until for name, until in waits if until > now}


def _refuse(levels: list[_Level]) -> None:
    """Name the longest wait, so that after it the others are over too."""
    waits = [(limit.wait(level) - since, limit, level) for limit, level, since in levels]
    left, limit, level = max(waits, key=lambda wait: wait[0])
    if left > timedelta():
        seconds = int(left.total_seconds()) + 1
        raise SignInError(limit.sentence.format(count=int(level), seconds=seconds))


def _levels(connection: Connection, of: Try, now: datetime, lock: bool = False) -> Iterator[_Level]:
    """Each count as it is now, and how long ago its last try was."""
    for name, address, limit in of.counts:
        query = select(_limits).where(*_at(name, address))
        row = connection.execute(query).first()
        if row is None or row.at > now + CLOCK_SKEW:
            yield limit, 0.0, _KEPT
            continue
        since = max(timedelta(), now - row.at)
        yield limit, limit.faded(row.level, since), since


def _keep(connection: Connection, name: str, address: str, level: float, now: datetime) -> None:
    values = {"level": level, "at": now}
    if not connection.execute(update(_limits).where(*_at(name, address)).values(**values)).rowcount:
        connection.execute(insert(_limits).values(name=name, address=address, **values))


def _prune(connection: Connection, now: datetime) -> None:
    """Drop what has faded, and once in a while what is more than a flood should fill."""
    void = or_(_limits.c.at < now - _KEPT, _limits.c.at > now + CLOCK_SKEW)
    connection.execute(delete(_limits).where(void))
    if secrets.randbelow(50):
        return
    total = connection.execute(select(func.count()).select_from(_limits)).scalar_one()
    if total > _MOST_ROWS:
        oldest = select(_limits.c.at).order_by(_limits.c.at).offset(total - _MOST_ROWS).limit(1)
        at = connection.execute(oldest).scalar_one()
        connection.execute(delete(_limits).where(_limits.c.at < at))


def _until(row: Any, now: datetime) -> datetime:
    since = max(timedelta(), now - row.at)
    until: datetime = row.at + _OF_NAME.wait(_OF_NAME.faded(row.level, since))
    return until if row.at <= now + CLOCK_SKEW else now


def _at(name: str, address: str) -> tuple[Any, ...]:
    return _limits.c.name == name, _limits.c.address == address
