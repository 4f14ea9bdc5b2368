"""Prove that the current view is the fold of all events, or make it so again.

Sites are read, and accounts are checked for what no way through the program makes.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.event_log import events_of
from aqfusion.labels.item_projection import (
    ItemState,
    fold_events,
    members_of,
    queue_columns,
    rebuild_projection,
)
from aqfusion.labels.schema import (
    account_events,
    answers,
    crowds,
    decisions,
    invites,
    items,
    label_events,
    sign_ins,
    users,
)
from aqfusion.labels.site_events import site_faults
from aqfusion.labels.unblinding import unblinding_faults
from aqfusion.permissions import GIVEN_ROLES, Actor

__all__ = ["faults_in", "rebuild", "verify"]

_BATCH = 500


def verify(database: Database) -> tuple[str, ...]:
    """Return a sentence for each item, site and account that is not as it must be."""
    with database.snapshot() as connection:
        return faults_in(connection)


def faults_in(connection: Connection) -> tuple[str, ...]:
    """Do what `verify` does within a transaction."""
    faults = [fault for item in _items(connection) for fault in _faults(connection, item)]
    faults += [fault for item in _untouched(connection) for fault in _new_faults(item)]
    for table, name in ((answers, "answer"), (decisions, "decision")):
        events = label_events.c.item == table.c.item, label_events.c.id == table.c.event
        lost = select(table.c.item).where(~select(label_events.c.id).where(*events).exists())
        faults += [
            f"item {item} has {name} rows without an event"
            for item in connection.execute(lost).scalars()
        ]
    return (
        *(*faults, *unblinding_faults(connection), *site_faults(connection)),
        *_account_faults(connection),
    )


def _account_faults(connection: Connection) -> Iterator[str]:
    """Names are not repeated: whoever made such an account may have chosen its name as well."""
    has_way_in = users.c.pin.is_not(None) | users.c.issuer.is_not(None)
    terminal = (users.c.role == "operator") & ~has_way_in
    query = select(users.c.id, users.c.role, users.c.disabled, has_way_in.label("has_way_in"))
    for row in connection.execute(query.where(~terminal).order_by(users.c.id)):
        if row.role not in GIVEN_ROLES:
            yield f"account {row.id} must have a role that can be given, got {row.role[:20]!r}"
        if not row.has_way_in and not row.disabled and row.role in ("expert", "admin"):
            yield f"account {row.id} is {row.role} and has no way to sign in"
    enabled_admins = select(users.c.id).where(users.c.role == "admin", users.c.disabled.is_(False))
    claimed = select(account_events.c.id).where(account_events.c.kind == "first admin")
    if (
        connection.execute(claimed.limit(1)).first() is not None
        and connection.execute(enabled_admins.limit(1)).first() is None
    ):
        yield "no enabled account is an admin"
    role = invites.c.role.not_in(GIVEN_ROLES)
    for row in connection.execute(select(invites.c.id, invites.c.role).where(role)):
        yield f"invitation {row.id} must have a role that can be given, got {row.role[:20]!r}"
    without = (users.c.id == sign_ins.c.user) & users.c.disabled
    for sign_in in connection.execute(select(sign_ins.c.id).join(users, without)).scalars():
        yield f"sign-in {sign_in} is of a disabled account"


def rebuild(database: Database, actor: Actor) -> int:
    """Fold the events of every item anew, and return how many items that is."""
    with database.snapshot() as connection:
        require_role(connection, actor, "admin", lock=False)
        touched = list(connection.execute(_touched()).scalars())

    for item in touched:
        database.write(partial(rebuild_projection, item=item))
    return len(touched)


def _touched() -> Any:
    return select(label_events.c.item).distinct().order_by(label_events.c.item)


def _items(connection: Connection) -> Iterator[Any]:
    """All items that something happened to, or that look as if it had."""
    touched = items.c.id.in_(select(label_events.c.item)) | items.c.id.in_(select(answers.c.item))
    strange = (items.c.crowd != 1) | items.c.status.not_in(("open", "pending"))
    query = select(items, crowds.c.members).join(crowds, crowds.c.id == items.c.crowd)
    ordered = query.where(touched | strange).order_by(items.c.id)
    return iter(connection.execute(ordered.execution_options(yield_per=_BATCH)))


def _untouched(connection: Connection) -> Iterator[Any]:
    """All items that nothing has happened to yet."""
    touched = items.c.id.in_(select(label_events.c.item)) | items.c.id.in_(select(answers.c.item))
    query = select(items).where(~touched, items.c.crowd == 1).order_by(items.c.id)
    new = query.where(items.c.status.in_(("open", "pending")))
    return iter(connection.execute(new.execution_options(yield_per=_BATCH)))


def _new_faults(item: Any) -> Iterator[str]:
    for name, value in queue_columns(item, fold_events(item, ())).items():
        if getattr(item, name) != value:
            yield f"item {item.id} must have {name} {value}, got {getattr(item, name)}"


def _faults(connection: Connection, item: Any) -> Iterator[str]:
    try:
        standing = fold_events(item, events_of(connection, item.id))
    except IndexError:
        yield f"item {item.id} has more undos than answers"
        return
    query = select(answers.c.user, answers.c.event, answers.c.skipped)
    kept = {tuple(row) for row in connection.execute(query.where(answers.c.item == item.id))}
    expected = {
        (user, event.id, event.kind == "skip") for user, event in standing.answers_by_user.items()
    }
    if kept != expected:
        yield f"item {item.id} must have the answers of its events, got {sorted(kept ^ expected)}"
    decided = select(decisions.c.event).where(decisions.c.item == item.id)
    decision = connection.execute(decided).scalar()
    wanted = standing.decision and standing.decision.id
    if decision != wanted:
        yield f"item {item.id} must have the decision {wanted} of its events, got {decision}"
    for name, value in _columns(item, standing).items():
        if getattr(item, name) != value:
            yield f"item {item.id} must have {name} {value}, got {getattr(item, name)}"


def _columns(item: Any, standing: ItemState) -> dict[str, Any]:
    columns = queue_columns(item, standing)
    return {**columns, "members": members_of(standing) if columns["lane"] == 1 else " "}
