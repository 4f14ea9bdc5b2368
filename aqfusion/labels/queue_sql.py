"""The next item for a person in a few index steps, by priority, at random, or a gold item.

To pass over, one by one, all that a person has seen would take longer with every answer. So each
open item knows its crowd, the set of people it has met, and the queue is asked once for every
crowd that the person is not in. Crowds are few: without an item in it a crowd is deleted.

Drawn from a hash of the person and of how many items they did, so that it can be repeated.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, bindparam, func, select

from aqfusion.labels.schema import Id, UtcTime, answers, crowds, items, leases, unblindings

__all__ = [
    "EVERYTHING",
    "QueueFilter",
    "Sampler",
    "Shares",
    "first_gold",
    "first_in_lot",
    "first_in_queue",
]

_URGENT = {"sent back": 2, "overlap": 1}  # reasons that are a matter of the moment


@dataclass(frozen=True)
class QueueFilter:
    """The choice of items that an annotator wants; `None` does not matter.

    `reason` is the kind of an item's first reason, "sent back" or "overlap" (it has been begun).
    """

    place: str | None = None
    reason: str | None = None

    def lets_by(self, item: Any) -> bool:
        """Tell whether a row of `items` is wanted."""
        if self.place is not None and item.place != self.place:
            return False
        if self.reason in _URGENT:
            return bool(item.urgent == _URGENT[self.reason])
        return self.reason is None or bool(item.top_reason == self.reason)


EVERYTHING = QueueFilter()

_inner = items.alias("candidate")
_USER = bindparam("who", type_=Id)
_LOT = bindparam("lot", type_=Id)
_NOW = bindparam("now", type_=UtcTime)
_ORDER = ("urgent", "priority", "lot", "id")
_TAKEN = (
    select(func.count())
    .select_from(leases)
    .where(leases.c.item == _inner.c.id, leases.c.user != _USER, leases.c.until > _NOW)
    .correlate(_inner)
    .scalar_subquery()
)
_SHOWN = select(unblindings.c.item).where(
    unblindings.c.item == _inner.c.id, unblindings.c.user == _USER
)
_BLIND = ~_SHOWN.correlate(_inner).exists()  # nobody is asked blind for what they have been shown
_OF_CROWD = (
    select(_inner.c.id)
    .where(_inner.c.lane == 1, _inner.c.crowd == crowds.c.id, _inner.c.seats > _TAKEN)
    .where(_inner.c.id.not_in(bindparam("passed", expanding=True)))
    .correlate(crowds)
    .limit(1)
)


def _over_crowds(top: ScalarSelect[int]) -> Select[int]:
    return (
        select(items.c.id)
        .select_from(crowds.join(items, items.c.id == top))
        .where(crowds.c.members.not_like(bindparam("with_me")))
        .limit(1)
    )


@cache
def _queue(wanted: tuple[tuple[str, str | int], ...], blind: bool) -> Select[int]:
    """The most urgent item whose columns have these values; each pair is (column, parameter).

    Either filter has an index in which the order of the queue comes after it.
    """
    rules: list[ColumnElement[bool]] = [
        _inner.c[name] == (bindparam(value) if isinstance(value, str) else value)
        for name, value in wanted
    ]
    rules += [_BLIND] * blind
    ordered = _OF_CROWD.where(*rules).order_by(*(_inner.c[name].desc() for name in _ORDER))
    return _over_crowds(ordered.scalar_subquery()).order_by(
        *(items.c[name].desc() for name in _ORDER)
    )


@cache
def _by_lot(blind: bool) -> Select[int]:
    from_lot = _OF_CROWD.where(_inner.c.lot >= _LOT, *[_BLIND] * blind)
    first = from_lot.order_by(_inner.c.lot, _inner.c.id).scalar_subquery()
    return _over_crowds(first).order_by(items.c.lot, items.c.id)


_MET = select(answers.c.item).where(answers.c.item == _inner.c.id, answers.c.user == _USER)
_GOLD = (
    select(_inner.c.id)
    .where(_inner.c.lane == 2, _inner.c.crowd == 1, _inner.c.lot >= _LOT, ~_MET.exists())
    .where(_inner.c.seats > _TAKEN, _inner.c.id.not_in(bindparam("passed", expanding=True)))
    .order_by(_inner.c.lot, _inner.c.id)
    .limit(1)
)


def first_in_queue(
    connection: Connection,
    user: int,
    now: datetime,
    passed: Collection[int],
    chosen: QueueFilter = EVERYTHING,
    blind: bool = False,
) -> int | None:
    """Find the most urgent item but for those that were passed; of equals the highest lot.

    With `blind` what the person has been shown the prediction or answers of is left out.
    """
    wanted: list[tuple[str, str | int]] = []
    if chosen.place is not None:
        wanted.append(("place", "place"))
    if chosen.reason in _URGENT:
        wanted.append(("urgent", _URGENT[chosen.reason]))
    elif chosen.reason is not None:
        wanted.append(("top_reason", "reason"))
    parameters = {"place": chosen.place, "reason": chosen.reason, **_given(user, now, passed)}
    return connection.execute(_queue(tuple(wanted), blind), parameters).scalar()


def first_in_lot(
    connection: Connection,
    user: int,
    now: datetime,
    passed: Collection[int],
    lot: int,
    blind: bool = False,
) -> int | None:
    """Find the first item from a lot on: each has about the same chance."""
    return connection.execute(_by_lot(blind), {**_given(user, now, passed), "lot": lot}).scalar()


def first_gold(
    connection: Connection,
    user: int,
    now: datetime,
    passed: Collection[int],
    lot: int,
    blind: bool = False,
) -> int | None:
    """Find an item with a known answer that the person has not met; there are few."""
    parameters = {"who": user, "now": now, "passed": [*passed], "lot": lot}
    return connection.execute(_GOLD.where(_BLIND) if blind else _GOLD, parameters).scalar()


def _given(user: int, now: datetime, passed: Collection[int]) -> dict[str, object]:
    return {"who": user, "now": now, "passed": [*passed], "with_me": f"% {user} %"}


_LOTS = 2**31


@dataclass(frozen=True)
class Sampler:
    """`turn` is "queue", "random" or "gold"; `lot` is where to look among the items' lots."""

    turn: str
    lot: int


@dataclass(frozen=True)
class Shares:
    """How much of what a person gets is drawn at random, and how much is gold; the sum is below 1.

    >>> Shares(random=0.0, gold=0.0).draw(user=1, done=7).turn
    'queue'
    """

    random: float = 1 / 5
    gold: float = 1 / 20
    seed: str = "aqfusion"

    def draw(self, user: int, done: int) -> Sampler:
        """Draw for the item that follows `done` others."""
        digest = hashlib.sha256(f"{self.seed} {user} {done}".encode()).digest()
        drawn = int.from_bytes(digest[:8]) / 2**64
        lot = int.from_bytes(digest[8:12]) % _LOTS
        if drawn < self.gold:
            return Sampler("gold", lot)
        return Sampler("random" if drawn < self.gold + self.random else "queue", lot)
