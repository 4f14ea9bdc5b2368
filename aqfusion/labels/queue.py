"""The queue: which item a person gets next, how they come back to one, and how far they are."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database, TryAgainError
from aqfusion.labels.item import Reason, lock_item, reasons_of
from aqfusion.labels.leases import (
    LEASE_LASTS,
    Leased,
    LeaseError,
    Tab,
    event_by,
    grant,
    held,
    lease_of,
    seat_free,
)
from aqfusion.labels.queue_sql import (
    EVERYTHING,
    QueueFilter,
    Shares,
    first_gold,
    first_in_lot,
    first_in_queue,
)
from aqfusion.labels.schema import answers, items, leases
from aqfusion.permissions import Actor

__all__ = ["Queue"]

# A gold item says the same as one that is really drawn at random.
_RANDOM = (Reason("random", "Drawn at random, so that accuracy can be measured"),)
_SENT_BACK = Reason("sent back", "An expert asks for one more answer")
_BEGUN = Reason("overlap", "One more answer is needed")
_DONE = select(func.count()).select_from(answers).where(answers.c.user == bindparam("who"))
_FREE_ITEM = (
    select(items)
    .where(items.c.id == bindparam("of"))
    .with_for_update(skip_locked=True, key_share=True)
)
_NEXT = Reason("next", "The next item in the queue")
_ONLY_TAB = Tab()


class Queue:
    """Items for annotators, each held by as many people as it wants answers, and no more."""

    def __init__(
        self, database: Database, shares: Shares | None = None, lasts: timedelta = LEASE_LASTS
    ) -> None:
        """Work on an open store."""
        self._database = database
        self._shares = shares or Shares()
        self._lasts = lasts

    def next_item(
        self,
        actor: Actor,
        now: datetime,
        chosen: QueueFilter = EVERYTHING,
        tab: Tab = _ONLY_TAB,
        *,
        blind: bool = True,
    ) -> Leased | None:
        """Lease the next item, or return the one that the tab holds; `None` when all is done.

        First what an expert has sent back, then what has been begun, then by priority; in between
        a share at random and some gold. Nobody gets what they have answered or skipped.
        Under a filter nothing is drawn: what it lets by is no sample, and gold that it does not
        let by would give itself away. `blind` draws nothing that the actor has been shown the
        prediction or others' answers of; what they hold already stays theirs, and `Leased` says so.
        """

        def work(connection: Connection) -> Leased | None:
            require_role(connection, actor, "annotator")
            lease, elsewhere = held(connection, actor.id, now, tab)
            if lease is not None and event_by(connection, lease.item, actor.id) is None:
                item = lock_item(connection, lease.item)
                if item.lane and chosen.lets_by(item):
                    why = _why(item)
                    return grant(connection, actor.id, item, now, why, self._lasts, tab=tab.id)
            return self._next(connection, actor.id, now, chosen, elsewhere, tab.id, blind)

        return self._database.write(work)

    def has_unblinded(self, actor: Actor, now: datetime, chosen: QueueFilter = EVERYTHING) -> bool:
        """Tell whether items are left that the actor could answer, though not blind any more."""
        with self._database.read() as connection:
            require_role(connection, actor, "annotator", lock=False)
            return first_in_queue(connection, actor.id, now, (), chosen) is not None

    def lease(self, actor: Actor, item: int, now: datetime, tab: Tab = _ONLY_TAB) -> Leased:
        """Lease one's own answered or skipped item, or a free one by its number.

        One that is not to be served or is held by others raises `LeaseError`; what another tab of
        the actor holds goes over to this one.
        """

        def work(connection: Connection) -> Leased:
            require_role(connection, actor, "annotator")
            return self._lease(connection, actor, item, now, tab.id)

        return self._database.write(work)

    def renew(self, actor: Actor, token: str, now: datetime) -> Leased:
        """Hold a leased item for longer; `LeaseError` where somebody has taken it meanwhile."""

        def work(connection: Connection) -> Leased:
            require_role(connection, actor, "annotator")
            lease = lease_of(connection, actor.id, token)
            return self._lease(connection, actor, lease.item, now, lease.tab)

        return self._database.write(work)

    def release(self, actor: Actor, token: str, now: datetime) -> None:
        """Let go of an item, so that others can have it at once."""

        def work(connection: Connection) -> None:
            require_role(connection, actor, "annotator")
            own_lease = (leases.c.user == actor.id, leases.c.token == token, leases.c.until > now)
            connection.execute(update(leases).where(*own_lease).values(until=now))

        self._database.write(work)

    def _lease(
        self, connection: Connection, actor: Actor, item: int, now: datetime, tab: str
    ) -> Leased:
        row = lock_item(connection, item)
        own_event = event_by(connection, item, actor.id)
        answered = own_event is not None and own_event.kind == "answer"
        if row.status in {"settled", "rejected", "pending"} or not (row.lane or answered):
            raise LeaseError(f"Item {item} is not in the queue; its status is {row.status}.")
        if not answered and not seat_free(connection, row, actor.id, now):
            raise LeaseError(f"Somebody else is labelling item {item}. Try again in a few minutes.")
        return grant(connection, actor.id, row, now, _why(row), self._lasts, own_event, tab)

    def _next(
        self,
        connection: Connection,
        user: int,
        now: datetime,
        chosen: QueueFilter,
        elsewhere: set[int],
        tab: str,
        blind: bool,
    ) -> Leased | None:
        done = connection.execute(_DONE, {"who": user}).scalar_one()
        draw = self._shares.draw(user, done)
        passed = {*elsewhere}
        ways = {"random": (first_in_lot, _RANDOM), "gold": (first_gold, _RANDOM)}
        if draw.turn in ways and chosen == EVERYTHING:
            way, why = ways[draw.turn]
            for lot in (draw.lot, 0):
                item = _take(connection, partial(way, lot=lot, blind=blind), passed, user, now)
                if item is not None:
                    return grant(connection, user, item, now, why, self._lasts, tab=tab)
        in_queue = partial(first_in_queue, chosen=chosen, blind=blind)
        item = _take(connection, in_queue, passed, user, now)
        if item is None and passed > elsewhere:  # somebody had them locked, and may leave them
            raise TryAgainError(
                "All items are being labelled by others. Try again in a few minutes."
            )
        return item and grant(connection, user, item, now, _why(item), self._lasts, tab=tab)


def _take(
    connection: Connection,
    way: Callable[[Connection, int, datetime, Collection[int]], int | None],
    passed: set[int],
    user: int,
    now: datetime,
) -> Any | None:
    """Lock the first item that is free; one that another takes at this moment is passed by."""
    while True:
        item_id = way(connection, user, now, passed)
        if item_id is None:
            return None
        item = connection.execute(_FREE_ITEM, {"of": item_id}).first()
        if item is not None and item.lane and seat_free(connection, item, user, now):
            return item
        passed.add(item_id)


def _why(item: Any) -> tuple[Reason, ...]:
    if item.kind == "gold":
        return _RANDOM
    first = {0: (), 1: (_BEGUN,), 2: (_SENT_BACK,)}[item.urgent]
    return (*first, *reasons_of(item)) or (_NEXT,)
