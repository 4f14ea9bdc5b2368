"""How far the work is: of one person, of everybody, and in the store as a whole."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, func, select, union_all

from aqfusion.labels.annotation_records import SCALE, category_in_sql
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.item import STATUSES, Task
from aqfusion.labels.schema import answers, decisions, items, label_events, users
from aqfusion.permissions import Actor

__all__ = [
    "AnnotatorProgress",
    "Choices",
    "FilterOption",
    "Member",
    "Overview",
    "SettledSince",
    "Skipped",
    "Team",
    "TeamProgress",
    "totals",
]


@dataclass(frozen=True)
class Skipped:
    """An item that a person passed by, when and why."""

    task: Task
    at: datetime
    reason: str | None


@dataclass(frozen=True)
class AnnotatorProgress:
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
            require_role(connection, actor, "annotator", lock=False)
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

    def progress(self, actor: Actor, since: datetime, now: datetime) -> AnnotatorProgress:
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
        return AnnotatorProgress(done, one_by_one / hours if hours > 0 else None, goal)


_MOST_PLACES = 1000


@dataclass(frozen=True)
class Member:
    """One account's items answered, in all and since the day began; undone ones do not count."""

    name: str
    done: int
    today: int


@dataclass(frozen=True)
class TeamProgress:
    """Items that have all their answers, and that still want some; gold ones count as neither.

    `answers_left` are those still to come: an item may want several. `members` are those who have
    answered something, the busiest first.
    """

    done: int
    left: int
    answers_left: int
    members: tuple[Member, ...]


@dataclass(frozen=True)
class FilterOption:
    """A place or a kind of reason, and how many items in the queue have it."""

    value: str
    items: int


@dataclass(frozen=True)
class Choices:
    """The places and reasons by which the queue can be filtered."""

    places: tuple[FilterOption, ...]
    reasons: tuple[FilterOption, ...]


class Team:
    """Figures for annotators and above; nothing here tells what anybody answered."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def progress(self, actor: Actor, day_began: datetime) -> TeamProgress:
        """Count what is done and left, and by whom, in all and since `day_began`."""
        kept = select(answers.c.user, func.count().label("done")).where(~answers.c.skipped)
        total = kept.group_by(answers.c.user).subquery()
        today = (
            select(label_events.c.user, func.count().label("today"))
            .join(answers, answers.c.event == label_events.c.id)
            .where(label_events.c.at >= day_began, ~answers.c.skipped)
            .group_by(label_events.c.user)
            .subquery()
        )
        people = (
            select(users.c.name, total.c.done, func.coalesce(today.c.today, 0))
            .join(total, total.c.user == users.c.id)
            .outerjoin(today, today.c.user == users.c.id)
        )
        left = select(func.count(), func.coalesce(func.sum(items.c.seats), 0))
        finished = select(func.count()).where(
            items.c.kind == "normal",
            items.c.status.in_(("answered", "conflict", "flagged", "settled")),
        )
        with self._database.read() as connection:
            require_role(connection, actor, "annotator", lock=False)
            rows = connection.execute(people).all()
            count, seats = connection.execute(left.where(items.c.lane == 1)).one()
            done = connection.execute(finished).scalar_one()
        members = [Member(*row) for row in rows]
        members.sort(key=lambda member: (-member.done, member.name.casefold()))
        return TeamProgress(done, count, int(seats), tuple(members))

    def choices(self, actor: Actor) -> Choices:
        """List the places and reasons of items in the queue, the most frequent first."""
        queued = items.c.lane == 1
        places = (
            select(items.c.place, func.count())
            .where(queued, items.c.place.is_not(None))
            .group_by(items.c.place)
        )
        reasons = (
            select(items.c.top_reason, func.count())
            .where(queued, items.c.top_reason.is_not(None))
            .group_by(items.c.top_reason)
        )
        urgent = select(
            func.count(case((items.c.urgent == 2, 1))), func.count(case((items.c.urgent == 1, 1)))
        ).where(queued)
        with self._database.read() as connection:
            require_role(connection, actor, "annotator", lock=False)
            by_place = [FilterOption(*row) for row in connection.execute(places)]
            by_reason = [FilterOption(*row) for row in connection.execute(reasons)]
            sent_back, begun = connection.execute(urgent).one()
        moment = (FilterOption("sent back", sent_back), FilterOption("overlap", begun))
        by_reason += [choice for choice in moment if choice.items]
        return Choices(_sorted(by_place)[:_MOST_PLACES], _sorted(by_reason))


def _sorted(choices: list[FilterOption]) -> tuple[FilterOption, ...]:
    return tuple(sorted(choices, key=lambda choice: (-choice.items, choice.value)))


def totals(database: Database) -> dict[str, Any]:
    """Count what people did and what items there are, at one moment."""
    people = users.c.role != "operator"
    counted_rows: dict[str, tuple[Table, tuple[ColumnElement[bool], ...]]] = {
        "gold": (items, (items.c.kind == "gold",)),
        "frozen": (items, (items.c.split == "frozen",)),
        "duplicates": (items, (items.c.duplicate_of.is_not(None),)),
        "events": (label_events, ()),
        "answers": (answers, (answers.c.skipped.is_(False),)),
        "skipped": (answers, (answers.c.skipped.is_(True),)),
        "decisions": (decisions, ()),
        "users": (users, (people,)),
    }
    with database.snapshot() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table).where(*rules)).scalar()
            for name, (table, rules) in counted_rows.items()
        }
