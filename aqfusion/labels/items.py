"""Items come in: one by one or by the thousand, each photo with its reading once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select, update

from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.book import refold
from aqfusion.labels.database import Database
from aqfusion.labels.item import ItemError, ModelView, Reason, lock_item
from aqfusion.labels.new_item import NewItem
from aqfusion.labels.schema import items

__all__ = ["Added", "Items", "View"]

_BATCH = 5000  # each batch writes most pages of the indexes anew


@dataclass(frozen=True)
class Added:
    """How many items of a batch are new, and how many the store had already."""

    new: int
    already_stored: int


@dataclass(frozen=True)
class View:
    """Result of scoring an item: its place in the queue and why, and the predictions for it.

    What is `None` stays as it was. `scored_by` is the model that the priority comes from, and
    `scored_event` the item's newest event that it takes into account, 0 before the first.
    """

    item: int
    priority: float
    reasons: tuple[Reason, ...] = ()
    model_view: ModelView | None = None
    fold_view: ModelView | None = None
    fingerprint: str | None = None
    scored_by: str | None = None
    scored_event: int | None = None


class Items:
    """Writes of admins and their jobs to items."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def add(self, actor: Actor, item: NewItem, now: datetime) -> tuple[int, bool]:
        """Return the item's id, and whether it is new; its photo is in the photo store already."""

        def work(connection: Connection) -> tuple[int, bool]:
            acting(connection, actor, "admin")
            new = self._database.insert_new(connection, items, [item.columns(now)])
            same = select(items.c.id).where(items.c.key == item.key)
            return connection.execute(same).scalar_one(), new > 0

        return self._database.write(work)

    def add_many(
        self,
        actor: Actor,
        new: Iterable[NewItem],
        now: datetime,
        on_batch: Callable[[Added], None] | None = None,
    ) -> Added:
        """Add items in batches, each whole or not at all; `on_batch` hears the sums so far."""
        added = Added(0, 0)
        for batch in _batches(new):
            rows = [item.columns(now) for item in batch]

            def work(connection: Connection, rows: list[dict[str, Any]] = rows) -> int:
                acting(connection, actor, "admin")
                return self._database.insert_new(connection, items, rows)

            fresh = self._database.write(work)
            added = Added(added.new + fresh, added.already_stored + len(rows) - fresh)
            if on_batch is not None:
                on_batch(added)
        return added

    def set_views(self, actor: Actor, views: Iterable[View]) -> int:
        """Write what a job found out about items, and return of how many."""
        count = 0
        for batch in _batches(sorted(views, key=lambda view: view.item)):

            def work(connection: Connection, batch: list[View] = batch) -> None:
                acting(connection, actor, "admin")
                for view in batch:
                    values = _view_columns(view)
                    changed = update(items).where(items.c.id == view.item).values(**values)
                    if not connection.execute(changed).rowcount:
                        raise ItemError(f"item must be in the store, got {view.item}")

            self._database.write(work)
            count += len(batch)
        return count

    def mark_duplicate(self, actor: Actor, item: int, original: int | None) -> None:
        """Keep an item without serving it, as another one is nearly the same; `None` serves it."""
        if original == item:
            raise ItemError(f"item {item} must be a duplicate of another one, got itself")

        def work(connection: Connection) -> None:
            acting(connection, actor, "admin")
            lock_item(connection, item)
            if original is not None:
                lock_item(connection, original)
            changed = update(items).where(items.c.id == item).values(duplicate_of=original)
            connection.execute(changed)
            refold(connection, item)

        self._database.write(work)

    def fingerprints(self) -> Iterator[tuple[int, str]]:
        """Go through the items that have a fingerprint, in the order of their ids."""
        query = select(items.c.id, items.c.fingerprint).where(items.c.fingerprint.is_not(None))
        with self._database.snapshot() as connection:
            ordered = query.order_by(items.c.id).execution_options(yield_per=_BATCH)
            yield from ((row.id, row.fingerprint) for row in connection.execute(ordered))

    def find(self, photo_hashes: Iterable[str]) -> dict[str, int]:
        """Return the ids of items with these photos, the newest of each."""
        query = select(items.c.photo_hash, items.c.id).where(items.c.photo_hash.in_(photo_hashes))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(items.c.id))
            return {row.photo_hash: row.id for row in rows}


def _view_columns(view: View) -> dict[str, Any]:
    columns = {
        "model_view": view.model_view and asdict(view.model_view),
        "fold_view": view.fold_view and asdict(view.fold_view),
        "fingerprint": view.fingerprint,
        "scored_by": view.scored_by,
        "scored_event": view.scored_event,
    }
    reasons = [asdict(reason) for reason in view.reasons]
    present = {name: value for name, value in columns.items() if value is not None}
    top = view.reasons[0].kind if view.reasons else None
    return {"priority": view.priority, "reasons": reasons, "top_reason": top, **present}


def _batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(values)
    while batch := list(islice(left, _BATCH)):
        yield batch
