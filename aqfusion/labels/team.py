"""How far everybody is together, and what a queue may be filtered by: for all who label."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.database import Database
from aqfusion.labels.schema import answers, items, label_events, users

__all__ = ["Choice", "Choices", "Member", "Team", "TeamProgress"]

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
class Choice:
    """A place or a kind of reason, and how many items in the queue have it."""

    value: str
    items: int


@dataclass(frozen=True)
class Choices:
    """The places and reasons by which the queue can be filtered."""

    places: tuple[Choice, ...]
    reasons: tuple[Choice, ...]


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
            acting(connection, actor, "annotator", lock=False)
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
            acting(connection, actor, "annotator", lock=False)
            by_place = [Choice(*row) for row in connection.execute(places)]
            by_reason = [Choice(*row) for row in connection.execute(reasons)]
            sent_back, begun = connection.execute(urgent).one()
        moment = (Choice("sent back", sent_back), Choice("overlap", begun))
        by_reason += [choice for choice in moment if choice.items]
        return Choices(_sorted(by_place)[:_MOST_PLACES], _sorted(by_reason))


def _sorted(choices: list[Choice]) -> tuple[Choice, ...]:
    return tuple(sorted(choices, key=lambda choice: (-choice.items, choice.value)))
