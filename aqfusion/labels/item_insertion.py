"""Items on their way into the store: each rule checked, each photo with its reading once."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select, update

from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.item import ItemError, Reason, lock_item
from aqfusion.labels.item_projection import rebuild_projection
from aqfusion.labels.schema import items
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import Actor
from aqfusion.text_validation import digest_of, one_line, several_lines
from aqfusion.time_zones import TimeError, zone

__all__ = ["PHOTO_HASH", "SPLITS", "InsertedItems", "ItemScore", "Items", "NewItem"]

PHOTO_HASH = re.compile(r"[0-9a-f]{64}")
SPLITS = ("train", "frozen")
_MOST_OVERLAP = 20


@dataclass(frozen=True, kw_only=True)
class NewItem:
    """An item that may not be in the store yet; `photo_hash` is what `PhotoStore.put` returned.

    The same photo with the same reading is the same item. `origin` is one word (import, retrain,
    contribution), `split` "train" or "frozen", which no training learns from. An item with a
    `known_aqi` is a gold item, by which annotators are measured. `overlap` is how many people
    are asked. `fingerprint` is 16 hex digits, `group` what must stay on one side of a split.
    `time_zone` is the IANA name or the offset of the place, by which its local day is known.
    Without `units_stated` nobody knows the units of the readings, and no formula judges them.
    """

    photo_hash: str
    reading: Reading
    origin: str = "import"
    source: str | None = None
    licence: str | None = None
    consent: str | None = None
    consented_at: datetime | None = None
    trusted: bool = True
    group: str | None = None
    place: str | None = None
    taken_at: datetime | None = None
    split: str = "train"
    known_aqi: int | None = None
    guess: Mapping[str, Any] | None = None
    overlap: int = 1
    priority: float = 0.0
    reasons: tuple[Reason, ...] = ()
    duplicate_of: int | None = None
    fingerprint: str | None = None
    model_view: ItemPrediction | None = None
    fold_view: ItemPrediction | None = None
    time_zone: str | None = None
    units_stated: bool = True

    def __post_init__(self) -> None:
        """Check every value; what breaks a rule raises `ItemError`."""
        if not PHOTO_HASH.fullmatch(self.photo_hash):
            raise ItemError(f"photo hash must be 64 hex digits, got {self.photo_hash[:80]!r}")
        one_line("origin", self.origin, 40)
        for name, longest in (("source", 1000), ("licence", 1000), ("consent", 200)):
            if getattr(self, name) is not None:
                several_lines(name, getattr(self, name), longest)
        for name in ("group", "place"):
            if getattr(self, name) is not None:
                one_line(name, getattr(self, name), 200)
        for name in ("consented_at", "taken_at"):
            time = getattr(self, name)
            if time is not None and time.tzinfo is None:
                raise ItemError(f"{name} must have a zone, got {time.isoformat()}")
        if self.time_zone is not None:
            _check_zone(self.time_zone)
        if self.origin == "contribution" and not (self.consent and self.consented_at):
            raise ItemError("contribution must come with a consent and its time, got none")
        if self.split not in SPLITS:
            raise ItemError(f"split must be one of {', '.join(SPLITS)}, got {self.split!r}")
        if self.known_aqi is not None and not 0 <= self.known_aqi <= 500:
            raise ItemError(f"known aqi must be 0 to 500, got {self.known_aqi}")
        if not 1 <= self.overlap <= _MOST_OVERLAP:
            raise ItemError(f"overlap must be 1 to {_MOST_OVERLAP} people, got {self.overlap}")
        if not math.isfinite(self.priority):
            raise ItemError(f"priority must be finite, got {self.priority}")
        if self.fingerprint is not None and not re.fullmatch(r"[0-9a-f]{16}", self.fingerprint):
            raise ItemError(f"fingerprint must be 16 hex digits, got {self.fingerprint[:80]!r}")

    @property
    def key(self) -> str:
        """The key that two equal items share, on every database."""
        return digest_of(self.photo_hash, [getattr(self.reading, name) for name in POLLUTANTS])

    def columns(self, now: datetime) -> dict[str, Any]:
        """The item as a new row."""
        gold, key = self.known_aqi is not None, self.key
        status = "open" if self.trusted else "pending"
        served = self.trusted and self.duplicate_of is None
        ranked = bool(self.priority or self.reasons)  # a view alone says not how much it is worth
        plain = (
            *("photo_hash", "origin", "source", "licence", "consent", "consented_at", "trusted"),
            *("place", "taken_at", "split", "known_aqi", "guess", "overlap", "priority"),
            *("duplicate_of", "fingerprint", "time_zone", "units_stated"),
        )
        return {
            **{name: getattr(self, name) for name in plain},
            **{name: getattr(self.reading, name) for name in POLLUTANTS},
            "key": key,
            "group_key": self.group,
            "kind": "gold" if gold else "normal",
            "reasons": [asdict(reason) for reason in self.reasons],
            "model_view": self.model_view and asdict(self.model_view),
            "fold_view": self.fold_view and asdict(self.fold_view),
            "created": now,
            "status": status,
            "wanted": self.overlap,
            "lane": (2 if gold else 1) if served else 0,
            "urgent": 0,
            "seats": 1 if gold else self.overlap,
            "crowd": 1,
            "lot": int(key[:8], 16) >> 1,
            "scored_by": self.model_view.model_version if ranked and self.model_view else None,
            "scored_event": 0 if ranked and self.model_view else None,
            "top_reason": self.reasons[0].kind if self.reasons else None,
        }


def _check_zone(text: str) -> None:
    try:
        zone(text)
    except TimeError as error:
        raise ItemError(f"time zone {error}, got {text[:80]!r}") from error


_BATCH = 5000  # each batch writes most pages of the indexes anew


@dataclass(frozen=True)
class InsertedItems:
    """How many items of a batch are new, and how many the store had already."""

    new: int
    already_stored: int


@dataclass(frozen=True)
class ItemScore:
    """Result of scoring an item: its place in the queue and why, and the predictions for it.

    What is `None` stays as it was. `scored_by` is the model that the priority comes from, and
    `scored_event` the item's newest event that it takes into account, 0 before the first.
    """

    item: int
    priority: float
    reasons: tuple[Reason, ...] = ()
    model_view: ItemPrediction | None = None
    fold_view: ItemPrediction | None = None
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
            require_role(connection, actor, "admin")
            new = self._database.insert_new(connection, items, [item.columns(now)])
            same = select(items.c.id).where(items.c.key == item.key)
            return connection.execute(same).scalar_one(), new > 0

        return self._database.write(work)

    def add_many(
        self,
        actor: Actor,
        new: Iterable[NewItem],
        now: datetime,
        on_batch: Callable[[InsertedItems], None] | None = None,
    ) -> InsertedItems:
        """Add items in batches, each whole or not at all; `on_batch` hears the sums so far."""
        added = InsertedItems(0, 0)
        for batch in _batches(new):
            rows = [item.columns(now) for item in batch]

            def work(connection: Connection, rows: list[dict[str, Any]] = rows) -> int:
                require_role(connection, actor, "admin")
                return self._database.insert_new(connection, items, rows)

            fresh = self._database.write(work)
            added = InsertedItems(added.new + fresh, added.already_stored + len(rows) - fresh)
            if on_batch is not None:
                on_batch(added)
        return added

    def set_views(self, actor: Actor, views: Iterable[ItemScore]) -> int:
        """Write what a job found out about items, and return of how many."""
        count = 0
        for batch in _batches(sorted(views, key=lambda view: view.item)):

            def work(connection: Connection, batch: list[ItemScore] = batch) -> None:
                require_role(connection, actor, "admin")
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
            require_role(connection, actor, "admin")
            lock_item(connection, item)
            if original is not None:
                lock_item(connection, original)
            changed = update(items).where(items.c.id == item).values(duplicate_of=original)
            connection.execute(changed)
            rebuild_projection(connection, item)

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


def _view_columns(view: ItemScore) -> dict[str, Any]:
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
