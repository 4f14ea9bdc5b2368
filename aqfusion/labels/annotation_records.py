"""All that annotators say now, in one pass: what figures of their agreement are made from."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from aqfusion.air.aqi import standard
from aqfusion.labels.agreement import CANNOT_TELL, CATEGORIES
from aqfusion.labels.annotator_stats import Answered
from aqfusion.labels.answer import BLIND
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.schema import answers, items, label_events, users
from aqfusion.permissions import Actor

__all__ = ["SCALE", "AnnotationRecord", "AnnotationRecords", "category_in_sql", "category_of"]

SCALE = "us"  # of the figures, of gold answers and of models
_BATCH = 5000


@dataclass(frozen=True)
class AnnotationRecord:
    """Each current answer with the id of its item; skipped items have none.

    `other_scales` counts the categories of another standard than the US one: they are left out.
    """

    answers: tuple[tuple[int, Answered], ...]
    other_scales: int


class AnnotationRecords:
    """All annotation records, for experts; every function raises `RoleError` for others."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def __call__(self, actor: Actor) -> AnnotationRecord:
        """Return all current answers by item, at one moment."""
        query = (
            select(
                *(answers.c.item, users.c.name, label_events.c.at, label_events.c.standard),
                *(label_events.c.category, label_events.c.cant_tell, items.c.known_aqi),
                *(items.c.model_view["aqi"].as_float().label("model_aqi"), label_events.c.batch),
                label_events.c.mode,
            )
            .select_from(answers)
            .join(label_events, label_events.c.id == answers.c.event)
            .join(users, users.c.id == answers.c.user)
            .join(items, items.c.id == answers.c.item)
            .where(answers.c.skipped.is_(False))
            .order_by(answers.c.item, answers.c.user)
        )
        with self._database.snapshot() as connection:
            require_role(connection, actor, "expert", lock=False)
            rows = connection.execute(query.execution_options(yield_per=_BATCH))
            answered = [_answered(row) for row in rows]
        kept = tuple(entry for entry in answered if entry is not None)
        return AnnotationRecord(kept, len(answered) - len(kept))

    def last_event(self, actor: Actor) -> int:
        """Return the id of the newest event, 0 before the first: while it stays, so do answers."""
        with self._database.read() as connection:
            require_role(connection, actor, "expert", lock=False)
            return connection.execute(select(func.max(label_events.c.id))).scalar() or 0

    def people(self, actor: Actor) -> dict[int, str]:
        """Return ids and names of those who have answered something, by name."""
        some = select(answers.c.user).where(answers.c.user == users.c.id, ~answers.c.skipped)
        query = select(users.c.id, users.c.name).where(some.exists())
        with self._database.read() as connection:
            require_role(connection, actor, "expert", lock=False)
            rows = connection.execute(query).all()
        return {row.id: row.name for row in sorted(rows, key=lambda row: row.name.casefold())}


def _answered(row: Any) -> tuple[int, Answered] | None:
    item, name, at, scale, category, cant_tell, known_aqi, model_aqi, batch, mode = row
    if cant_tell is not None:
        category = CANNOT_TELL
    elif scale != SCALE:
        return None
    known_category, model = category_of(known_aqi), category_of(model_aqi)
    answered = Answered(name, at, category, known_category, model, batch is not None, mode == BLIND)
    return item, answered


def category_of(aqi: float | None) -> int | None:
    """The category of an AQI; `Standard.category_of` says the same in exact, slow fractions.

    >>> [category_of(aqi) for aqi in (None, 0, 50.49, 50.5, 500)]
    [None, 0, 0, 1, 5]
    """
    return None if aqi is None else min(bisect_right(_ends(), aqi), CATEGORIES - 1)


def category_in_sql(aqi: ColumnElement[float]) -> ColumnElement[int]:
    """The same for the database to work out; null stays null."""
    steps = [(aqi < end, number) for number, end in enumerate(_ends()[:-1])]
    return case((aqi.is_(None), None), *steps, else_=CATEGORIES - 1)


@cache
def _ends() -> tuple[float, ...]:
    return tuple(category.i_high + 0.5 for category in standard(SCALE).categories)
