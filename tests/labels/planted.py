"""Items, answers and moments that tests of the label store share."""

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from aqfusion.air.readings import Reading
from aqfusion.labels.answer import Answer
from aqfusion.labels.event_log import Saved
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PIN = "1234"
_requests = count(1)


def request_id() -> str:
    """Return an id that no other request of this process has."""
    return f"request-{next(_requests)}"


def new_item(number: int, **more: Any) -> NewItem:
    """Return an item of its own for each number."""
    photo_hash = hashlib.sha256(str(number).encode()).hexdigest()
    return NewItem(**{"photo_hash": photo_hash, "reading": Reading(pm25=number % 500), **more})


def add(store: LabelStore, admin: Actor, number: int, **more: Any) -> int:
    """Add an item and return its id."""
    return store.items.add(admin, new_item(number, **more), NOW)[0]


def say(
    store: LabelStore, actor: Actor, item: int, answer: Answer | int, now: datetime = NOW
) -> Saved:
    """Lease an item and answer it, with a category or more."""
    answer = Answer(category=answer) if isinstance(answer, int) else answer
    leased = store.queue.lease(actor, item, now)
    return store.answers.save(actor, leased.token, request_id(), answer, now)


def status(store: LabelStore, expert: Actor, item: int) -> str:
    """Return where an item stands."""
    return store.review.view(expert, item).item.status
