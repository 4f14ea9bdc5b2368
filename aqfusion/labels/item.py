"""Items of the store: what an annotator may know of one, and what an expert does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select
from sqlalchemy.engine import Row

from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.errors import InputError
from aqfusion.labels.capture_time import time_text
from aqfusion.labels.schema import items
from aqfusion.model.item_prediction import ItemPrediction

__all__ = [
    "STATUSES",
    "Item",
    "ItemError",
    "Reason",
    "Task",
    "find_item",
    "lock_item",
]

STATUSES = (
    *("pending", "open", "answered", "conflict", "flagged", "settled", "sent back", "rejected"),
)


_PLAIN_ITEM = select(items).where(items.c.id == bindparam("of"))
_LOCKED_ITEM = _PLAIN_ITEM.with_for_update(key_share=True)


class ItemError(InputError):
    """An item that breaks a rule, or that is not there."""


@dataclass(frozen=True)
class Reason:
    """Why an item is in the queue: what kind of reason, and in words."""

    kind: str
    words: str


@dataclass(frozen=True)
class Task:
    """The part of an item that an annotator may see: nothing in it gives the answer away.

    The model's prediction comes from `Unblinding.suggestion`, which notes that it was shown.
    """

    id: int
    photo_hash: str
    reading: Reading
    place: str | None
    taken_at: datetime | None
    licence: str | None
    time_zone: str | None = None

    @classmethod
    def from_row(cls, row: Any) -> "Task":
        """Read a row of `items`."""
        return cls(
            *(row.id, row.photo_hash, reading_of(row), row.place, row.taken_at, row.licence),
            row.time_zone,
        )

    @property
    def taken_text(self) -> str | None:
        """When the photo was taken, for people: local time with its offset where it is known."""
        if self.taken_at is None:
            return None
        return time_text(self.taken_at, self.time_zone, self.place)


@dataclass(frozen=True)
class Item:
    """All that an expert may know of an item; `wanted` is how many answers it asks for by now.

    Without `units_stated` nobody knows the units of its readings, and no formula judges them.
    """

    task: Task
    origin: str
    source: str | None
    consent: str | None
    consented_at: datetime | None
    trusted: bool
    group: str | None
    split: str
    known_aqi: int | None
    guess: Mapping[str, Any] | None
    overlap: int
    wanted: int
    priority: float
    reasons: tuple[Reason, ...]
    duplicate_of: int | None
    fingerprint: str | None
    model_view: ItemPrediction | None = field(repr=False)
    fold_view: ItemPrediction | None = field(repr=False)
    created: datetime
    status: str
    units_stated: bool

    @property
    def unstated(self) -> tuple[str, ...]:
        """The readings whose unit nobody knows."""
        return () if self.units_stated else self.task.reading.present

    @classmethod
    def from_row(cls, row: Any) -> "Item":
        """Read a row of `items`."""
        same = (
            *("origin", "source", "consent", "consented_at", "trusted", "split", "known_aqi"),
            *("guess", "overlap", "wanted", "priority", "duplicate_of", "fingerprint"),
            *("created", "status", "units_stated"),
        )
        return cls(
            task=Task.from_row(row),
            group=row.group_key,
            reasons=reasons_of(row),
            model_view=view_of(row.model_view),
            fold_view=view_of(row.fold_view),
            **{name: getattr(row, name) for name in same},
        )


def reading_of(row: Any) -> Reading:
    """Return the six readings of a row."""
    return Reading(**{name: getattr(row, name) for name in POLLUTANTS})


def view_of(value: Mapping[str, Any] | None) -> ItemPrediction | None:
    """Return a model's view from its JSON."""
    return None if value is None else ItemPrediction(**value)


def reasons_of(row: Any) -> tuple[Reason, ...]:
    """Return why a row is in the queue."""
    return tuple(Reason(**reason) for reason in row.reasons)


def lock_item(connection: Connection, item: int) -> Row[Any]:
    """Return an item's row, locked until the transaction ends; `ItemError` where there is none."""
    return _find_row(connection, _LOCKED_ITEM, item)


def find_item(connection: Connection, item: int) -> Row[Any]:
    """Return an item's row; `ItemError` where there is none."""
    return _find_row(connection, _PLAIN_ITEM, item)


def _find_row(connection: Connection, query: Select[Any], item: int) -> Row[Any]:
    is_valid_id = 0 < item < 2**63  # what else an address may say is no number to a database
    row = connection.execute(query, {"of": item}).first() if is_valid_id else None
    if row is None:
        raise ItemError(f"item must be in the store, got {str(item)[:40]}")
    return row
