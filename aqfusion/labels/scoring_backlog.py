"""Which items that wait for labels a model has not scored yet, or would score otherwise now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Text, cast, func, or_, select

from aqfusion.labels.authorization import require_role
from aqfusion.labels.capture_time import local_days
from aqfusion.labels.database import Database
from aqfusion.labels.item import Item, view_of
from aqfusion.labels.schema import answers, items, label_events
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import Actor

__all__ = ["GivenLabel", "ItemToScore", "OfPlace", "ScoringBacklog"]

_WAITING = ("open", "conflict", "flagged", "sent back", "pending")
_JUDGED = ("conflict", "flagged", "sent back")  # where answers are a part of the priority
_BATCH = 5000


@dataclass(frozen=True)
class ItemToScore:
    """An item with the events of its current answers, as far as its priority depends on them."""

    item: Item
    answers: tuple[Any, ...]
    last_event: int


@dataclass(frozen=True)
class GivenLabel:
    """An item's own label, what models say that did not learn from it, and if it is doubted now.

    `doubt` are the words of the reason, `None` where it is not among the item's reasons.
    """

    item: int
    category: int
    view: ItemPrediction
    doubt: str | None


@dataclass(frozen=True)
class OfPlace:
    """A waiting item that is asked for as one of the first of its place, and in which words."""

    item: int
    place: str
    days: tuple[date, ...]
    words: str


class ScoringBacklog:
    """The scoring backlog; every function but the counts raises `RoleError` below an admin."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def counts(self) -> Mapping[str | None, int]:
        """Count the waiting items by the model that scored them; `None` stands for none."""
        query = select(items.c.scored_by, func.count()).where(items.c.status.in_(_WAITING))
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(items.c.scored_by)).all()
        return {row[0]: row[1] for row in rows}

    def ids(self, actor: Actor, model: str) -> tuple[int, ...]:
        """List the items that this model version has to score, the newest first.

        Those that it scored come again where people have answered since and now disagree.
        """
        newer = select(label_events.c.id).where(
            label_events.c.item == items.c.id,
            label_events.c.id > func.coalesce(items.c.scored_event, 0),
        )
        stale = items.c.status.in_(_JUDGED) & newer.exists()
        query = (
            select(items.c.id)
            .where(items.c.status.in_(_WAITING))
            .where(or_(items.c.scored_by.is_(None), items.c.scored_by != model, stale))
            .order_by(items.c.id.desc())
        )
        with self._database.snapshot() as connection:
            require_role(connection, actor, "admin", lock=False)
            return tuple(connection.execute(query).scalars())

    def read(self, actor: Actor, ids: Sequence[int]) -> tuple[ItemToScore, ...]:
        """Read the items of these ids that still wait, in the order of the ids."""
        query = select(items).where(items.c.id.in_(ids), items.c.status.in_(_WAITING))
        newest = (
            select(label_events.c.item, func.max(label_events.c.id))
            .where(label_events.c.item.in_(ids))
            .group_by(label_events.c.item)
        )
        answers_query = (
            select(label_events)
            .join(answers, answers.c.event == label_events.c.id)
            .where(answers.c.item.in_(ids), answers.c.skipped.is_(False))
            .order_by(label_events.c.id)
        )
        with self._database.snapshot() as connection:
            require_role(connection, actor, "admin", lock=False)
            rows = {row.id: row for row in connection.execute(query)}
            last = {row[0]: row[1] for row in connection.execute(newest)}
            answers_by_item: dict[int, list[Any]] = {}
            for event in connection.execute(answers_query):
                answers_by_item.setdefault(event.item, []).append(event)
        return tuple(
            ItemToScore(
                Item.from_row(rows[number]),
                tuple(answers_by_item.get(number, ())) if rows[number].status in _JUDGED else (),
                last.get(number, 0),
            )
            for number in ids
            if number in rows
        )

    def labelled_days(self, actor: Actor) -> Mapping[str, frozenset[date]]:
        """The local days of each place for which there is a label that counts."""
        query = (
            select(items.c.place, items.c.taken_at, items.c.time_zone)
            .where(items.c.status.in_(("answered", "settled")), items.c.kind == "normal")
            .where(items.c.place.is_not(None), items.c.taken_at.is_not(None))
            .distinct()
        )
        days_by_place: dict[str, set[date]] = {}
        with self._database.snapshot() as connection:
            require_role(connection, actor, "admin", lock=False)
            for row in connection.execute(query.execution_options(yield_per=_BATCH)):
                days = local_days(row.taken_at, row.time_zone, row.place)
                days_by_place.setdefault(row.place, set()).update(days[:1])
        return {place: frozenset(days) for place, days in days_by_place.items()}

    def of_places(self, actor: Actor, kind: str) -> tuple[OfPlace, ...]:
        """List the waiting items that a reason of this kind is kept for."""
        query = (
            select(items.c.id, items.c.place, items.c.taken_at, items.c.time_zone, items.c.reasons)
            .where(items.c.status.in_(_WAITING), items.c.place.is_not(None))
            .where(cast(items.c.reasons, Text).contains(kind, autoescape=True))
            .order_by(items.c.id)
        )
        with self._database.snapshot() as connection:
            require_role(connection, actor, "admin", lock=False)
            rows = connection.execute(query.execution_options(yield_per=_BATCH))
            return tuple(
                OfPlace(
                    *(row.id, row.place, local_days(row.taken_at, row.time_zone, row.place)),
                    next((reason["words"] for reason in row.reasons if reason["kind"] == kind), ""),
                )
                for row in rows
            )

    def given_labels(self, actor: Actor) -> tuple[GivenLabel, ...]:
        """List the waiting items that came with a label and have a view to hold against it."""
        query = (
            select(items.c.id, items.c.guess, items.c.fold_view, items.c.model_view)
            .add_columns(items.c.reasons)
            .where(items.c.status.in_(_WAITING), items.c.guess.is_not(None))
            .where(items.c.duplicate_of.is_(None))
            .order_by(items.c.id)
        )
        with self._database.snapshot() as connection:
            require_role(connection, actor, "admin", lock=False)
            rows = connection.execute(query.execution_options(yield_per=_BATCH))
            labels = [_given_label(row) for row in rows]
        return tuple(label for label in labels if label is not None)


def _given_label(row: Any) -> GivenLabel | None:
    view = view_of(row.fold_view or row.model_view)
    category = row.guess.get("category")
    if view is None or category is None:
        return None
    words = (reason["words"] for reason in row.reasons if reason["kind"] == "label likely wrong")
    return GivenLabel(row.id, int(category), view, next(words, None))
