"""The next item for a person in a few steps of an index, among a million and for whoever has
answered many thousands of them.

To pass over, one by one, all that a person has seen would take longer with every answer. So each
open item knows its crowd, the set of people it has met, and the queue is asked once for every
crowd that the person is not in. Crowds are few: without an item in it a crowd is deleted.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.sql import ColumnElement

from aqfusion.labels.schema import answers, crowds, items, leases

__all__ = ["first_gold", "first_in_lot", "first_in_queue"]

_inner = items.alias("candidate")


def first_in_queue(user: int, now: datetime, passed: Collection[int]) -> Select[int]:
    """Ask for the most urgent item; of equals the one with the highest lot."""
    order = ("urgent", "priority", "lot", "id")
    top = _of_crowd(user, now, passed).order_by(*(_inner.c[name].desc() for name in order))
    return _over_crowds(user, top.limit(1).scalar_subquery()).order_by(
        *(items.c[name].desc() for name in order)
    )


def first_in_lot(user: int, now: datetime, passed: Collection[int], lot: int) -> Select[int]:
    """Ask for the first item from a lot on: each has about the same chance."""
    top = _of_crowd(user, now, passed).where(_inner.c.lot >= lot)
    found = top.order_by(_inner.c.lot, _inner.c.id).limit(1).scalar_subquery()
    return _over_crowds(user, found).order_by(items.c.lot, items.c.id)


def first_gold(user: int, now: datetime, passed: Collection[int], lot: int) -> Select[int]:
    """Ask for an item with a known answer that the person has not met; there are few."""
    met = select(answers.c.item).where(answers.c.item == _inner.c.id, answers.c.user == user)
    asked = select(_inner.c.id).where(
        *(_inner.c.lane == 2, _inner.c.crowd == 1, _inner.c.lot >= lot),
        *(~met.exists(), *_free(user, now, passed)),
    )
    return asked.order_by(_inner.c.lot, _inner.c.id).limit(1)


def _of_crowd(user: int, now: datetime, passed: Collection[int]) -> Select[int]:
    return (
        select(_inner.c.id)
        .where(_inner.c.lane == 1, _inner.c.crowd == crowds.c.id, *_free(user, now, passed))
        .correlate(crowds)
    )


def _over_crowds(user: int, top: ScalarSelect[int]) -> Select[int]:
    return (
        select(items.c.id)
        .select_from(crowds.join(items, items.c.id == top))
        .where(crowds.c.members.not_like(f"% {user} %"))
        .limit(1)
    )


def _free(user: int, now: datetime, passed: Collection[int]) -> list[ColumnElement[bool]]:
    others = (leases.c.item == _inner.c.id, leases.c.user != user, leases.c.until > now)
    taken = select(func.count()).select_from(leases).where(*others).correlate(_inner)
    free = [taken.scalar_subquery() < _inner.c.seats]
    return [*free, _inner.c.id.not_in(passed)] if passed else free
