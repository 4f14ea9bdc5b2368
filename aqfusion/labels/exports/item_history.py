"""Items with all their events, and their photos, as every export begins with."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select

from aqfusion.io.atomic_files import replace_file
from aqfusion.io.temporary_files import private_folder
from aqfusion.labels.adjudication import AdjudicatedLabel, adjudicated_value
from aqfusion.labels.authorization import require_role
from aqfusion.labels.item_projection import fold_events
from aqfusion.labels.photo_store import PhotoMissingError, PhotoStore
from aqfusion.labels.schema import items, label_events, users
from aqfusion.labels.store import LabelStore
from aqfusion.labels.unblinding import unblinded_by
from aqfusion.permissions import Actor

__all__ = ["WholeItem", "copy_photos", "count_rows", "for_export", "photo_name", "whole_items"]

_BATCH = 500


@dataclass(frozen=True)
class WholeItem:
    """A row of `items` with its events, the oldest first, each with the `name` of its user.

    `unblinded` are names of whom it has been shown to, each with the newest event then.
    """

    row: Any
    events: tuple[Any, ...]
    unblinded: tuple[tuple[str, int], ...] = ()

    @cached_property
    def answers(self) -> tuple[Any, ...]:
        """The events of current answers, by user."""
        current_answers = fold_events(self.row, self.events).answers
        return tuple(sorted(current_answers, key=lambda event: event.id))

    @cached_property
    def decision(self) -> Any | None:
        """The event of the expert's decision, where there is one."""
        return fold_events(self.row, self.events).decision

    @property
    def settled(self) -> AdjudicatedLabel | None:
        """The value that a training learns from, where there is one."""
        if self.row.status not in {"answered", "settled"} or self.row.kind != "normal":
            return None
        decision = self.decision
        return adjudicated_value(self.row, self.answers if decision is None else (decision,))


@contextmanager
def for_export(store: LabelStore, actor: Actor, least: str = "expert") -> Iterator[Connection]:
    """Read one state of the store, in the role `least` or above."""
    with store.database.snapshot() as connection:
        require_role(connection, actor, least, lock=False)
        yield connection


def whole_items(connection: Connection) -> Iterator[WholeItem]:
    """Go through all items by id."""
    query = select(items).order_by(items.c.id).execution_options(yield_per=_BATCH)
    rows = iter(connection.execute(query))
    while batch := list(islice(rows, _BATCH)):
        events_query = (
            select(label_events, users.c.name)
            .join(users, users.c.id == label_events.c.user)
            .where(label_events.c.item.between(batch[0].id, batch[-1].id))
            .order_by(label_events.c.id)
        )
        events: dict[int, list[Any]] = defaultdict(list)
        for event in connection.execute(events_query):
            events[event.item].append(event)
        shown: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for item, name, last_event in unblinded_by(connection, batch[0].id, batch[-1].id):
            shown[item].append((name, last_event))
        yield from (WholeItem(row, tuple(events[row.id]), tuple(shown[row.id])) for row in batch)


def count_rows(connection: Connection, table: Table) -> int:
    """Count all rows of a table."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


_STEP = 500


def photo_name(digest: str) -> str:
    """The file name of a photo."""
    return f"{digest}.jpg"


def copy_photos(
    photos: PhotoStore,
    digests: Iterable[str],
    folder: Path,
    report: Callable[[str], None] | None = None,
) -> tuple[str, ...]:
    """Copy each photo that is not there yet, and return the hashes of those that are missing."""
    missing: list[str] = []
    private_folder(folder)
    for done, digest in enumerate(sorted({*digests}), start=1):
        target = folder / photo_name(digest)
        if not target.exists():
            try:
                replace_file(target, photos.get(digest))
            except PhotoMissingError:
                missing.append(digest)
        if report is not None and not done % _STEP:
            report(f"{done} photos copied")
    return tuple(missing)
