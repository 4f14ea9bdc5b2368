"""Unblinding: which person has been shown the model's prediction of which item, or others' answers.

A row is written before anything is shown, and stays: from then on no answer of this person to this
item is stored as blind, from whichever tab, browser or process it comes, after an undo too. There
is at most one row for each person and item.
"""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection, and_, bindparam, func, insert, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from aqfusion.labels.answer import BLIND, UNBLINDED, Answer
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.item import find_item, view_of
from aqfusion.labels.schema import Id, answers, items, label_events, unblindings, users
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import Actor

__all__ = [
    *("Unblinding", "as_seen", "is_unblinded", "shown_to", "unblind", "unblind_by_events"),
    "unblind_by_export",
    *("unblinded_by", "unblinding_faults"),
]

_DECISIONS = ("accept", "overrule")
_EXPERTS = (*_DECISIONS, "send back", "admit", "reject")
_COLUMNS = ("item", "user", "last_event")
_BATCH = 5000  # rows of one transaction: nobody waits long for an export that writes many
_ITEM, _USER = bindparam("of", type_=Id), bindparam("who", type_=Id)
_LAST_EVENT = select(func.coalesce(func.max(label_events.c.id), 0)).scalar_subquery()
_OTHERS = select(answers.c.item).where(
    answers.c.item == _ITEM, answers.c.user != _USER, answers.c.skipped.is_(False)
)
# A label that is agreed or decided is on the site pages, for everybody to read.
_IS_UNBLINDED = select(
    or_(
        select(unblindings.c.item)
        .where(unblindings.c.item == _ITEM, unblindings.c.user == _USER)
        .exists(),
        select(label_events.c.id)
        .where(label_events.c.item == _ITEM, label_events.c.kind.in_(_DECISIONS))
        .exists(),
        select(label_events.c.id)
        .where(label_events.c.item == _ITEM, label_events.c.user == _USER)
        .where(label_events.c.kind == "answer", label_events.c.mode != BLIND)
        .exists(),
        and_(
            select(items.c.id).where(items.c.id == _ITEM, items.c.status == "answered").exists(),
            _OTHERS.exists(),
        ),
    )
)


class Unblinding:
    """The only place from which a page gets the prediction of an item before it is answered."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def suggestion(self, actor: Actor, item: int) -> ItemPrediction | None:
        """Return the model's prediction to show to an annotator; what they answer is not blind."""
        shown_to(self._database, actor, (item,), "annotator")
        with self._database.read() as connection:
            return view_of(find_item(connection, item).model_view)


def is_unblinded(connection: Connection, user: int, item: int) -> bool:
    """Tell whether a person may have seen the model's prediction of an item, or its label."""
    return bool(connection.execute(_IS_UNBLINDED, {"of": item, "who": user}).scalar())


def as_seen(connection: Connection, user: int, item: int, answer: Answer) -> Answer:
    """Return an answer as it is stored: one that claims to be blind only where it is."""
    if answer.seen.mode != BLIND or not is_unblinded(connection, user, item):
        return answer
    return replace(answer, seen=replace(answer.seen, mode=UNBLINDED))


def unblind(connection: Connection, user: int, shown: Collection[int]) -> None:
    """Note that these items are shown to a person, whose row in `users` is locked."""
    make = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    last_event = connection.execute(select(_LAST_EVENT)).scalar_one()
    rows = [{"item": item, "user": user, "last_event": last_event} for item in sorted({*shown})]
    if rows:
        connection.execute(make(unblindings).on_conflict_do_nothing(), rows)


def shown_to(database: Database, actor: Actor, shown: Collection[int], least: str) -> None:
    """Note it before it is shown, in a transaction of its own; what is noted already costs a read.

    The operator, who never labels, gets no rows.
    """
    valid = [item for item in shown if 0 < item < 2**63]  # what else is no number to a database
    noted = select(unblindings.c.item).where(
        unblindings.c.item == items.c.id, unblindings.c.user == actor.id
    )
    query = select(items.c.id).where(items.c.id.in_(valid), ~noted.exists())
    with database.read() as connection:
        row = require_role(connection, actor, least, lock=False)
        new = connection.execute(query).scalars().all()
    if not new or row.role == "operator":
        return

    def work(connection: Connection) -> None:
        require_role(connection, actor, least)
        unblind(connection, actor.id, new)

    database.write(work)


def unblind_by_export(database: Database, actor: Actor, least: str, with_predictions: bool) -> None:
    """Note all items whose answers by others, or predictions, are in an export of the store."""
    with database.read() as connection:
        if require_role(connection, actor, least, lock=False).role == "operator":
            return
    shown = select(label_events.c.id).where(
        label_events.c.item == items.c.id,
        label_events.c.user != actor.id,
        label_events.c.kind.in_(("answer", *_DECISIONS)),
    )
    by_others = shown.exists()
    rule = or_(by_others, items.c.model_view.is_not(None)) if with_predictions else by_others
    noted = select(unblindings.c.item).where(
        unblindings.c.item == items.c.id, unblindings.c.user == actor.id
    )
    query = select(items.c.id, literal(actor.id, Id), _LAST_EVENT).where(rule, ~noted.exists())
    query = query.order_by(items.c.id).limit(_BATCH)

    def work(connection: Connection) -> int:
        require_role(connection, actor, least)
        make = sqlite_insert if database.is_sqlite else postgresql_insert
        return connection.execute(make(unblindings).from_select(_COLUMNS, query)).rowcount

    while database.write(work) == _BATCH:
        pass


def unblind_by_events(connection: Connection) -> None:
    """Note what events of before there was this table say: the prediction was told after answers,
    and whoever decided saw everything.
    """
    answered = and_(
        label_events.c.kind == "answer",
        or_(label_events.c.mode != BLIND, items.c.model_view.is_not(None)),
    )
    query = (
        select(label_events.c.item, label_events.c.user, func.max(label_events.c.id))
        .join(items, items.c.id == label_events.c.item)
        .where(or_(label_events.c.kind.in_(_EXPERTS), answered))
        .group_by(label_events.c.item, label_events.c.user)
    )
    connection.execute(insert(unblindings).from_select(_COLUMNS, query))


def unblinded_by(connection: Connection, first: int, last: int) -> list[tuple[int, str, int]]:
    """Return item, name and newest event then of whom a range of items has been shown to."""
    query = (
        select(unblindings.c.item, users.c.name, unblindings.c.last_event)
        .join(users, users.c.id == unblindings.c.user)
        .where(unblindings.c.item.between(first, last))
        .order_by(unblindings.c.item, users.c.name_key)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def unblinding_faults(connection: Connection) -> tuple[str, ...]:
    """Return a sentence for each answer that says blind though its person had been shown more."""
    same = unblindings.c.item == label_events.c.item, unblindings.c.user == label_events.c.user
    query = (
        select(label_events.c.item, label_events.c.id)
        .join(unblindings, and_(*same))
        .where(label_events.c.kind == "answer", label_events.c.mode == BLIND)
        .where(label_events.c.id > unblindings.c.last_event)
        .order_by(label_events.c.id)
    )
    return tuple(
        f"item {row.item} has event {row.id}, a blind answer of somebody who was not"
        for row in connection.execute(query)
    )
