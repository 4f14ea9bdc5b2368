"""How far the work is: items by status, one person's progress, and what they have skipped."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, select, union_all

from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.answers_told import SCALE, category_in_sql
from aqfusion.labels.database import Database
from aqfusion.labels.item import STATUSES, Task
from aqfusion.labels.schema import answers, decisions, items, label_events, users

__all__ = ["Overview", "Progress", "SettledSince", "Skipped"]


@dataclass(frozen=True)
class Skipped:
    """An item that a person passed by, when and why."""

    task: Task
    at: datetime
    reason: str | None


@dataclass(frozen=True)
class Progress:
    """The progress of an annotator since some moment: items, and per hour from the first to now.

    An answer that covered photos of the same view counts once for the pace.
    """

    done: int
    per_hour: float | None
    goal: int | None


@dataclass(frozen=True)
class SettledSince:
    """Items that people settled since some event.

    `compared` of them have a US category and a model's view; `differed` have another than its.
    """

    settled: int
    compared: int
    differed: int


class Overview:
    """Figures for pages; nothing here writes."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def skipped(self, actor: Actor) -> tuple[Skipped, ...]:
        """List what the actor has skipped and nobody has decided, the last one first."""
        query = (
            select(items, label_events.c.at, label_events.c.reason)
            .join(answers, answers.c.item == items.c.id)
            .join(label_events, label_events.c.id == answers.c.event)
            .where(answers.c.user == actor.id, answers.c.skipped.is_(True), items.c.lane > 0)
            .order_by(answers.c.event.desc())
        )
        with self._database.read() as connection:
            acting(connection, actor, "annotator", lock=False)
            rows = connection.execute(query).all()
        return tuple(Skipped(Task.from_row(row), row.at, row.reason) for row in rows)

    def counts(self) -> dict[str, int]:
        """Count the items of each status."""
        query = select(items.c.status, func.count()).group_by(items.c.status)
        with self._database.read() as connection:
            counts: dict[str, int] = {status: n for status, n in connection.execute(query)}
        return {status: counts.get(status, 0) for status in STATUSES}

    def settled_since(self, event: int) -> SettledSince:
        """Count the settled items to train on that were answered after the event of that id."""
        answered = select(answers.c.item, answers.c.event).where(
            answers.c.event > event, answers.c.skipped.is_(False)
        )
        decided = select(decisions.c.item, decisions.c.event).where(decisions.c.event > event)
        new = union_all(answered, decided).subquery()
        last = select(new.c.item, func.max(new.c.event).label("event")).group_by(new.c.item)
        newest = last.subquery()
        model = category_in_sql(items.c.model_view["aqi"].as_float())
        category = case((label_events.c.standard == SCALE, label_events.c.category))
        compared = and_(category.is_not(None), model.is_not(None))
        query = (
            select(
                func.count(),
                func.count(case((compared, 1))),
                func.count(case((and_(compared, category != model), 1))),
            )
            .select_from(newest)
            .join(label_events, label_events.c.id == newest.c.event)
            .join(items, items.c.id == newest.c.item)
            .where(
                items.c.status.in_(("answered", "settled")),
                items.c.kind == "normal",
                items.c.split == "train",
            )
        )
        with self._database.read() as connection:
            return SettledSince(*connection.execute(query).one())

    def progress(self, actor: Actor, since: datetime, now: datetime) -> Progress:
        """Tell how far the actor is; what they took back does not count."""
        own_answers = (answers.c.user == actor.id, answers.c.skipped.is_(False))
        query = (
            select(
                func.count(),
                func.count(case((label_events.c.batch.is_(None), 1))),
                func.min(label_events.c.at),
            )
            .select_from(label_events.join(answers, answers.c.event == label_events.c.id))
            .where(label_events.c.user == actor.id, label_events.c.at >= since, *own_answers)
        )
        with self._database.read() as connection:
            done, one_by_one, first = connection.execute(query).one()
            goal = connection.execute(select(users.c.goal).where(users.c.id == actor.id)).scalar()
        hours = (now - first).total_seconds() / 3600 if first is not None else 0.0
        return Progress(done, one_by_one / hours if hours > 0 else None, goal)
