"""Photos of the same view: frames of one session, which one answer may cover after a look.

Near-duplicates are kept without being served: nobody is asked about one alone. Each is offered
beside the item that it is a duplicate of, together with frames of the same session that are nearly
as close. Whatever an answer covers gets an event of its own, marked with the request of the answer.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from aqfusion.labels.annotation_sessions import drop_draft
from aqfusion.labels.answer import BLIND, Answer, AnswerContext, AnswerError
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.event_log import Request, Saved, gist
from aqfusion.labels.item import Task, find_item
from aqfusion.labels.item_projection import ItemProjection
from aqfusion.labels.leases import drop, seat_free
from aqfusion.labels.schema import answers, items, label_events
from aqfusion.labels.unblinding import as_seen, is_unblinded, unblind
from aqfusion.permissions import Actor
from aqfusion.text_validation import digest_of

__all__ = [
    "MOST_COVERED",
    "Frame",
    "SameView",
    "in_batch",
    "propagate_answer",
    "same_view",
    "take_back",
]

MOST_COVERED = 24  # more thumbnails nobody looks at
_MOST_READ = 500  # of one session
# Bits of 64 between frames of one session that are shown together. Imports hold 3 for a duplicate;
# twice that still is one camera that stands still, and a person looks at each before it counts.
_CLOSE = 6


@dataclass(frozen=True)
class Frame:
    """Another photo of the same view; `served` tells whether it would also be asked on its own."""

    task: Task
    served: bool


class SameView:
    """A photo of the same view that is offered beside an item."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def frames(self, actor: Actor, item: int, now: datetime) -> tuple[Frame, ...]:
        """List the photos that an answer to the item could cover, the most alike first.

        None that the actor has answered or skipped, that somebody else holds, that has all its
        answers, or whose answer is known; and none of another split.
        """
        with self._database.read() as connection:
            require_role(connection, actor, "annotator", lock=False)
            row = find_item(connection, item)
            frames = [
                other
                for other in connection.execute(_candidates(row, actor.id))
                if same_view(row, other) and _free(connection, other, actor.id, now)
            ]
        frames.sort(key=lambda other: (_apart(row, other), other.id))
        return tuple(Frame(Task.from_row(frame), frame.lane > 0) for frame in frames[:MOST_COVERED])


def same_view(row: Any, other: Any) -> bool:
    """Tell whether an answer to one item may cover another one."""
    if row.id == other.id or {row.kind, other.kind} != {"normal"} or row.split != other.split:
        return False
    if (row.duplicate_of or row.id) == (other.duplicate_of or other.id):
        return True
    return (
        row.group_key is not None
        and row.group_key == other.group_key
        and None not in (row.fingerprint, other.fingerprint)
        and _apart(row, other) <= _CLOSE
    )


def propagate_answer(
    connection: Connection,
    request: Request,
    saved: Saved,
    answer: Answer,
    also: Collection[int],
    now: datetime,
) -> Saved:
    """Give the answer that was just saved to other photos of the same view, too.

    Note and category go with it; corrections of readings and what was seen of the model do not.
    A photo that another person holds or has answered meanwhile is left out, and `words` say so.
    Any that does not show the same view ends the transaction with `AnswerError`.
    """
    if len({*also}) > MOST_COVERED:
        raise AnswerError(f"answer must cover at most {MOST_COVERED} photos, got {len({*also})}")
    first = find_item(connection, saved.item)
    seen = AnswerContext(answer.seen.mode)
    given = replace(answer, corrections={}, seen=seen)
    covered: list[int] = []
    for number in sorted({*also}):
        projection = ItemProjection.open(connection, number)
        if not same_view(first, projection.item):
            raise AnswerError(
                f"photo must show the same view as item {saved.item}, got item {number}"
            )
        own_event = projection.event_by(request.actor.id)
        if own_event is not None or not _free(connection, projection.item, request.actor.id, now):
            continue
        own = Request(_own_id(request.id, number), request.kind, request.actor, (number,))
        drop(connection, request.actor.id, number)
        drop_draft(connection, request.actor.id, number)
        seen_answer = as_seen(connection, request.actor.id, number, given)
        projection.write(connection, own, now, **seen_answer.columns(), batch=request.id)
        covered.append(number)
    if saved.revealed is not None or given.seen.mode != BLIND:
        unblind(connection, request.actor.id, covered)  # of one view the model says much the same
    left = len({*also}) - len(covered)
    words = f"{left} of the {len({*also})} other photos {'was' if left == 1 else 'were'} left out"
    sentences = [
        saved.words,
        f"{words}, because somebody has answered them or is labelling them." if left else None,
    ]
    return replace(
        saved,
        covered=tuple(covered),
        words=" ".join(sentence for sentence in sentences if sentence) or None,
    )


def in_batch(connection: Connection, event: Any) -> list[Any]:
    """Return the events that came with one, itself included, as far as they hold now."""
    batch = event.batch or event.request_id
    query = (
        select(label_events)
        .join(answers, answers.c.event == label_events.c.id)
        .where(or_(label_events.c.batch == batch, label_events.c.request_id == batch))
        .where(label_events.c.user == event.user)
        .order_by(label_events.c.item)
    )
    return [*connection.execute(query)] or [event]


def take_back(
    connection: Connection, request: Request, events: Collection[Any], now: datetime
) -> tuple[list[tuple[ItemProjection, Saved]], int]:
    """Undo events of one person, each with an event of its own, and count those that must stay.

    What an expert has decided or rejected stays. The first that goes back carries the request.
    """
    batch = request.id if len(events) > 1 else None
    undone: list[tuple[ItemProjection, Saved]] = []
    # The photo that was looked at first: what it becomes is what the request came to.
    for event in sorted(events, key=lambda event: (event.batch is not None, event.item)):
        projection = ItemProjection.open(connection, event.item)
        if projection.standing.status in {"settled", "rejected"}:
            continue
        own: Request = request
        columns: dict[str, str | None] = {}
        if undone:
            own = Request(_own_id(request.id, event.item), "undo", request.actor, (event.item,))
            columns = {"batch": batch}
        if is_unblinded(connection, request.actor.id, event.item):  # its label is to be read now
            unblind(connection, request.actor.id, (event.item,))
        saved = projection.write(connection, own, now, about=event.id, old=gist(event), **columns)
        undone.append((projection, saved))
    return undone, len(events) - len(undone)


def _candidates(row: Any, user: int) -> Any:
    root = row.duplicate_of or row.id
    kin = [items.c.duplicate_of == root, items.c.id == root]
    if row.group_key is not None:
        kin.append(items.c.group_key == row.group_key)
    own_answer = select(answers.c.item).where(answers.c.item == items.c.id, answers.c.user == user)
    return (
        select(items)
        .where(or_(*kin), items.c.status == "open", items.c.kind == "normal")
        .where(items.c.split == row.split, items.c.id != row.id, ~own_answer.exists())
        .order_by(items.c.id)
        .limit(_MOST_READ)
    )


def _free(connection: Connection, row: Any, user: int, now: datetime) -> bool:
    return row.status == "open" and seat_free(connection, row, user, now)


def _apart(row: Any, other: Any) -> int:
    if None in (row.fingerprint, other.fingerprint):
        return 0  # marked as duplicates by a person
    return (int(row.fingerprint, 16) ^ int(other.fingerprint, 16)).bit_count()


def _own_id(request: str, item: int) -> str:
    """The id of one event of several that a request brings."""
    return digest_of(request, item)
