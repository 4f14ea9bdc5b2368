"""Adjudicated labels to train on: one per item, and a hash of all of them."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from statistics import median
from typing import Any

from sqlalchemy import Connection, select

from aqfusion.air.aqi import round_half_up
from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.labels.database import Database
from aqfusion.labels.item import reading_of
from aqfusion.labels.schema import answers, decisions, items, label_events
from aqfusion.text_validation import digest_of

__all__ = ["AdjudicatedLabel", "adjudicated_labels", "adjudicated_value", "snapshot_hash"]

_BATCH = 500


@dataclass(frozen=True)
class AdjudicatedLabel:
    """The last word on an item: an expert's, else what all its annotators agree on.

    Where annotators gave exact AQIs, their median counts; it lies in the category that they agree
    on. `cant_tell` says why there is no value. `reading` has the corrections in it.
    """

    item: int
    key: str
    photo_hash: str
    reading: Reading
    standard: str
    category: int | None
    aqi: int | None
    cant_tell: str | None
    by: str
    last_event: int
    split: str
    group: str | None
    place: str | None
    taken_at: datetime | None
    origin: str
    licence: str | None
    time_zone: str | None = None


def adjudicated_labels(
    database: Database, split: str | None = None, places: Collection[str] | None = None
) -> Iterator[AdjudicatedLabel]:
    """Go through all settled values by item; gold items, which measure people, are none."""
    query = (
        select(items)
        .where(items.c.status.in_(("answered", "settled")), items.c.kind == "normal")
        .order_by(items.c.id)
    )
    if split is not None:
        query = query.where(items.c.split == split)
    if places is not None:
        query = query.where(items.c.place.in_(places))
    with database.snapshot() as connection:
        rows = iter(connection.execute(query.execution_options(yield_per=_BATCH)))
        while batch := list(islice(rows, _BATCH)):
            events_by_item = _given(connection, [row.id for row in batch])
            yield from (adjudicated_value(row, events_by_item[row.id]) for row in batch)


def snapshot_hash(values: Iterable[AdjudicatedLabel]) -> str:
    """Return a SHA-256 (hex) that is equal when a training would learn the same.

    It depends neither on ids nor on the annotators: a restored store has the hash of the first.
    """
    lines = sorted(
        digest_of(
            *(value.key, value.photo_hash, [getattr(value.reading, name) for name in POLLUTANTS]),
            *(value.standard, value.category, value.aqi, value.cant_tell, value.split, value.group),
        )
        for value in values
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def adjudicated_value(row: Any, events: Sequence[Any]) -> AdjudicatedLabel:
    """Return what the events that count, a decision or else all answers, come to."""
    first = events[0]
    exact = [event.aqi for event in events if event.aqi is not None]
    corrected = {
        name: value for event in events for name, value in (event.corrections or {}).items()
    }
    return AdjudicatedLabel(
        item=row.id,
        key=row.key,
        photo_hash=row.photo_hash,
        reading=replace(reading_of(row), **corrected),
        standard=first.standard,
        category=first.category,
        aqi=round_half_up(median(exact)) if exact else None,
        cant_tell=first.cant_tell,
        by="agreement" if first.kind == "answer" else "expert",
        last_event=events[-1].id,
        split=row.split,
        group=row.group_key,
        place=row.place,
        taken_at=row.taken_at,
        origin=row.origin,
        licence=row.licence,
        time_zone=row.time_zone,
    )


def _given(connection: Connection, batch: list[int]) -> dict[int, list[Any]]:
    """The events that count, of each item: the decision alone where there is one."""
    query = select(label_events).where(label_events.c.item.in_(batch)).order_by(label_events.c.id)
    answer_events = query.join(answers, answers.c.event == label_events.c.id)
    decision_events = query.join(decisions, decisions.c.event == label_events.c.id)
    events_by_item: dict[int, list[Any]] = {item: [] for item in batch}
    for event in connection.execute(answer_events.where(answers.c.skipped.is_(False))):
        events_by_item[event.item].append(event)
    for event in connection.execute(decision_events):
        events_by_item[event.item] = [event]
    return events_by_item
