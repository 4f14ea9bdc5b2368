"""Answers of annotators: saved for good in one transaction, taken back, skipped and found again."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from aqfusion.errors import InputError
from aqfusion.labels.annotation_sessions import drop_draft
from aqfusion.labels.answer import BLIND, Answer, AnswerError, ItemGoneError
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database
from aqfusion.labels.event_log import Request, Saved, gist, save_once
from aqfusion.labels.item import reading_of, view_of
from aqfusion.labels.item_projection import ItemProjection
from aqfusion.labels.leases import Leased, drop, event_by, grant, kept_lease, lease_of, seat_free
from aqfusion.labels.schema import answers, label_events
from aqfusion.labels.similar_views import in_batch, propagate_answer, take_back
from aqfusion.labels.unblinding import as_seen, unblind
from aqfusion.permissions import Actor
from aqfusion.text_validation import several_lines

__all__ = ["AnswerStore", "LastAnswer", "UndoError", "answer_content", "check_corrections"]

_NEWEST = select(func.max(answers.c.event)).where(
    answers.c.user == bindparam("who"), answers.c.skipped == bindparam("skipped")
)
_LATE = (
    "Your time for this item was over and somebody else has it now."
    " Your answer is kept as an additional one."
)


class UndoError(InputError):
    """Nothing to take back, or an expert has built on it."""


@dataclass(frozen=True)
class LastAnswer:
    """The last answer of an annotator, which may be undone; a skip where `answer` is `None`."""

    event: int
    item: int
    at: datetime
    answer: Answer | None


class AnswerStore:
    """Writes of annotators; a request id that comes again returns what its first coming did."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def save(
        self,
        actor: Actor,
        token: str,
        request_id: str,
        answer: Answer,
        now: datetime,
        also: Collection[int] = (),
    ) -> Saved:
        """Keep the answer to a leased item, and let go of it; `also` are photos of the same view.

        A lease that has ended still counts where nobody else took the seat. Where somebody did,
        the answer is kept as one more opinion. Only once the item is decided or rejected is it
        refused, with `AnswerError`.
        """
        request = Request(request_id, "answer", actor, _content(token, answer, also))

        def work(connection: Connection) -> Saved:
            lease = lease_of(connection, actor.id, token)
            projection = ItemProjection.open(connection, lease.item)
            return _in_time(connection, projection, request, answer, now, lease, also)

        return save_once(self._database, request, "annotator", work)

    def save_shown(
        self,
        actor: Actor,
        leased: Leased,
        request_id: str,
        answer: Answer,
        now: datetime,
        also: Collection[int] = (),
    ) -> Saved:
        """Keep the answer to an item as it was shown, whatever has become of its lease.

        Where the person has answered it otherwise since, in another tab, that answer stays and
        this one raises `ItemGoneError`, as does an item that is decided or rejected.
        """
        content = _content(leased.token, answer, also)
        request = Request(request_id, "answer", actor, content)

        def work(connection: Connection) -> Saved:
            projection = ItemProjection.open(connection, leased.task.id)
            _unanswered_since(projection, leased, actor)
            lease = kept_lease(connection, actor.id, leased.token)
            return _in_time(connection, projection, request, answer, now, lease, also)

        return save_once(self._database, request, "annotator", work)

    def skip_shown(self, actor: Actor, leased: Leased, request_id: str, now: datetime) -> Saved:
        """Pass an item by as it was shown, whatever has become of its lease.

        Where the person has answered it since, in another tab, that raises `ItemGoneError`.
        """
        request = Request(request_id, "skip", actor, (leased.token, ""))

        def work(connection: Connection) -> Saved:
            projection = ItemProjection.open(connection, leased.task.id)
            _unanswered_since(projection, leased, actor)
            return _skip(connection, projection, request, "", now)

        return save_once(self._database, request, "annotator", work)

    def change(
        self, actor: Actor, item: int, request_id: str, answer: Answer, now: datetime
    ) -> Saved:
        """Replace one's own answer to an item that no expert has decided."""
        request = Request(request_id, "answer", actor, (item, answer_content(answer)))

        def work(connection: Connection) -> Saved:
            projection = ItemProjection.open(connection, item)
            event = projection.event_by(actor.id)
            if event is None or event.kind != "answer":
                raise AnswerError(f"You have not answered item {item}.")
            return _answer(connection, projection, request, answer, now)

        return save_once(self._database, request, "annotator", work)

    def last_answer(self, actor: Actor) -> LastAnswer | None:
        """Return what `undo` would take back, or `None`."""
        with self._database.read() as connection:
            require_role(connection, actor, "annotator", lock=False)
            last = _last_answer(connection, actor.id)
        if last is None:
            return None
        answer = Answer.from_event(last) if last.kind == "answer" else None
        return LastAnswer(last.id, last.item, last.at, answer)

    def undo(
        self,
        actor: Actor,
        request_id: str,
        now: datetime,
        only: int | None = None,
        tab: str = "",
    ) -> Saved:
        """Take back one's own last answer or skip, and lease its item again.

        An answer that was given to several photos goes back from all that nobody has decided.
        The answer that the person gave to the item before holds again. `only` is the event that the
        person was shown; where another is the last one by now, `UndoError`. Asked again with the
        same request id it changes nothing and leases nothing.
        """
        request = Request(request_id, "undo", actor, ())

        def work(connection: Connection) -> Saved:
            last = _last_answer(connection, actor.id)
            if last is None:
                raise UndoError("You have no answer to undo.")
            if only is not None and last.id != only:
                raise UndoError(
                    f"Nothing was undone: meanwhile your last answer is that to item {last.item}."
                )
            events = [last] if last.kind == "skip" else in_batch(connection, last)
            undone, stay = take_back(connection, request, events, now)
            if not undone:
                decided = ItemProjection.open(connection, last.item).standing.status
                raise UndoError(
                    f"Item {last.item} is {decided}, so your answer to it can no longer be undone."
                )
            (projection, saved), *others = undone
            own_event = event_by(connection, projection.item.id, actor.id)
            leased = grant(
                connection, actor.id, projection.item, now, (), own_event=own_event, tab=tab
            )
            words = f"{stay} of {len(events)} photos keep your answer: an expert has decided them."
            return replace(
                saved,
                leased=leased,
                covered=tuple(other_saved.item for _, other_saved in others),
                words=words if stay else None,
            )

        return save_once(self._database, request, "annotator", work)

    def skip(
        self, actor: Actor, token: str, request_id: str, now: datetime, reason: str = ""
    ) -> Saved:
        """Pass a leased item by: the person meets it again only on the way back to the skipped."""
        kept = several_lines("reason", reason, 500)
        request = Request(request_id, "skip", actor, (token, kept))

        def work(connection: Connection) -> Saved:
            projection = ItemProjection.open(connection, lease_of(connection, actor.id, token).item)
            return _skip(connection, projection, request, kept, now)

        return save_once(self._database, request, "annotator", work)

    def unskip(self, actor: Actor, item: int, request_id: str, now: datetime) -> Saved:
        """Put a skipped item back into the person's queue."""
        request = Request(request_id, "unskip", actor, (item,))

        def work(connection: Connection) -> Saved:
            projection = ItemProjection.open(connection, item)
            event = projection.event_by(actor.id)
            if event is None or event.kind != "skip":
                raise AnswerError(f"You have not skipped item {item}.")
            return projection.write(connection, request, now, about=event.id)

        return save_once(self._database, request, "annotator", work)


def answer_content(answer: Answer) -> dict[str, Any]:
    """Return what makes two answers the same: all but the time they took."""
    return {name: value for name, value in answer.columns().items() if name != "seconds"}


def _content(token: str, answer: Answer, also: Collection[int]) -> tuple[Any, ...]:
    return (token, answer_content(answer), *([sorted({*also})] if also else ()))


def check_corrections(item: Any, answer: Answer) -> None:
    """Refuse to correct a reading that the item does not have."""
    for name in answer.corrections.keys() - {*reading_of(item).present}:
        raise AnswerError(f"correction must be of a reading that item {item.id} has, got {name}")


def _unanswered_since(projection: ItemProjection, leased: Leased, actor: Actor) -> None:
    """Refuse what would replace an answer that the person had not before them."""
    event = projection.event_by(actor.id)
    if event is None or event.kind != "answer":
        return
    if leased.own_event is None or leased.own_event.id != event.id:
        raise ItemGoneError(
            f"You have answered item {projection.item.id} in another tab. That answer is kept; "
            "this one was not saved."
        )


def _in_time(
    connection: Connection,
    projection: ItemProjection,
    request: Request,
    answer: Answer,
    now: datetime,
    lease: Any | None,
    also: Collection[int],
) -> Saved:
    """Keep an answer; one that comes when somebody else has the seat is marked as late."""
    answer = as_seen(connection, request.actor.id, projection.item.id, answer)
    new, user = projection.event_by(request.actor.id) is None, request.actor.id
    ended = lease is None or lease.until <= now
    over = ended and not seat_free(connection, projection.item, user, now)
    saved = _answer(connection, projection, request, answer, now)
    saved = replace(saved, words=_LATE) if new and over else saved
    return propagate_answer(connection, request, saved, answer, also, now) if also else saved


def _answer(
    connection: Connection,
    projection: ItemProjection,
    request: Request,
    answer: Answer,
    now: datetime,
) -> Saved:
    """Write an answer as it was seen; the prediction, which is shown after it, is seen from now."""
    status, item = projection.standing.status, projection.item.id
    if status in {"settled", "rejected", "pending"}:
        raise ItemGoneError(
            f"Item {item} is no longer open: it is {status}. This answer was not saved."
        )
    check_corrections(projection.item, answer)
    drop(connection, request.actor.id, item)
    drop_draft(connection, request.actor.id, item)
    old = gist(projection.event_by(request.actor.id))
    answer = as_seen(connection, request.actor.id, item, answer)
    saved = projection.write(connection, request, now, **answer.columns(), old=old)
    revealed = view_of(projection.item.model_view) if answer.cant_tell is None else None
    if revealed is not None or answer.seen.mode != BLIND:
        unblind(connection, request.actor.id, (item,))
    return replace(saved, revealed=revealed)


def _skip(
    connection: Connection, projection: ItemProjection, request: Request, reason: str, now: datetime
) -> Saved:
    event = projection.event_by(request.actor.id)
    if event is not None and event.kind == "answer":
        raise ItemGoneError(
            f"You have answered item {projection.item.id} already, so you cannot skip it."
        )
    drop(connection, request.actor.id, projection.item.id)
    return projection.write(connection, request, now, reason=reason or None)


def _last_answer(connection: Connection, user: int) -> Any | None:
    # Each of the two is one step in the index; both at once would read all events of the user.
    newest = [
        connection.execute(_NEWEST, {"who": user, "skipped": skipped}).scalar()
        for skipped in (False, True)
    ]
    last = max((event for event in newest if event is not None), default=None)
    if last is None:
        return None
    return connection.execute(select(label_events).where(label_events.c.id == last)).first()
