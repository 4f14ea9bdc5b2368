"""The desk of one annotator: the item that lies on it, and what is done with it.

All of it runs in callbacks: the page that is drawn afterwards simply shows what lies there now.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.annotation_sessions import Draft
from aqfusion.labels.answer import ASSISTED, BLIND, Answer, AnswerContext, ItemGoneError
from aqfusion.labels.answers import LastAnswer
from aqfusion.labels.event_log import RequestError, Saved
from aqfusion.labels.item import Task
from aqfusion.labels.leases import Leased
from aqfusion.labels.queue_sql import EVERYTHING, QueueFilter
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import Actor
from aqfusion.server import metrics
from aqfusion.text_validation import plain_integer
from aqfusion.ui.labels import account, browser_sessions
from aqfusion.ui.labels.store_session import now, store
from aqfusion.ui.markup import public_text


@dataclass
class AnnotationSession:
    """The item of one annotation session; `trail` are the items before it, in order."""

    actor: Actor
    since: datetime
    leased: Leased | None = None
    request: str = ""
    shown_at: float = 0.0
    trail: list[int] = field(default_factory=list)
    last: tuple[Task, Answer | None, ItemPrediction | None] | None = None
    undone: LastAnswer | None = None
    to_confirm: LastAnswer | None = None  # whether to take this back, given before this sign-in
    words: str | None = None
    turn: int = 0  # counts what has been done, so that the page knows an answer of the server
    mode: str = BLIND
    guidelines: bool = False  # whether the page has just asked for them
    chosen: QueueFilter = EVERYTHING  # what the person wants to be asked about
    cover: tuple[int, ...] = ()  # photos of the same view that the next answer is given to as well
    covered: int = 0  # how many others the last answer or undo was about
    draft: Draft | None = None  # what has been begun to say of the item
    suggestion: ItemPrediction | None = None  # as it was shown before the answer
    suggested: str = ""  # the showing for which it was asked for


def desk(actor: Actor) -> AnnotationSession:
    """The actor's desk, with an item on it where there is one to be had.

    Whoever has been signed out in another tab, or has lost the role, is led to the door.
    """
    here = account.current()
    if here is None or here.id != actor.id or not here.may("annotator"):
        st.rerun()
    kept: AnnotationSession | None = st.session_state.get("label_desk")
    if kept is None or kept.actor.id != here.id:
        kept = st.session_state["label_desk"] = _resumed(here)
    kept.actor = here  # perhaps by another sign-in
    if kept.leased is None:
        _try(kept, lambda: _next(kept))
    return kept


def set_mode(on: AnnotationSession, mode: str) -> None:
    """Label in this mode from now on, and the next time."""
    on.mode = mode
    _try(on, lambda: store().sittings.keep(on.actor, mode, on.since, now()))


def keep_draft(on: AnnotationSession, draft: Draft) -> None:
    """Save the draft of an answer to the current item; only a refusal gives a message."""
    if on.leased is None:
        return
    item, on.draft = on.leased.task.id, draft
    try:
        store().drafts.save(on.actor, item, draft, now())
    except InputError as error:
        on.words = public_text(error)
        on.turn += 1


def _resumed(actor: Actor) -> AnnotationSession:
    """The desk as a reload or another device finds it; an address may name an item."""
    begun = AnnotationSession(actor, now())

    def resume() -> None:
        sitting = store().sittings.resume(actor, begun.since)
        begun.since, begun.mode, begun.trail = sitting.since, sitting.mode, [*sitting.trail]

    _try(begun, resume)
    named = plain_integer(st.query_params.pop("item", ""))
    if named is not None:
        go_to(begun, named)
    return begun


def save(on: AnnotationSession, answer: Callable[[AnswerContext], Answer], mode: str) -> None:
    """Keep the answer to the item on the desk, and lay the next one there."""
    leased = on.leased
    if leased is None:
        return

    def work() -> None:
        new_answer = answer(_seen(on, mode))
        saved = store().answers.save_shown(
            on.actor, leased, on.request, new_answer, now(), on.cover
        )
        _done(on, leased.task, new_answer, saved)

    _try(on, work)


def skip(on: AnnotationSession) -> None:
    """Pass the item by; it stays among the skipped."""
    leased = on.leased
    if leased is None:
        return

    def work() -> None:
        if leased.own_event is not None and leased.own_event.kind == "answer":
            store().queue.release(on.actor, leased.token, now())  # answered before, and left so
            _next(on)
            return
        saved = store().answers.skip_shown(on.actor, leased, on.request, now())
        _done(on, leased.task, None, saved)

    _try(on, work)


def undo(on: AnnotationSession) -> None:
    """Take one's last answer or skip back, whose item lies on the desk again.

    One that was given before this sign-in is taken back only after a question.
    """

    def work() -> None:
        last = store().answers.last_answer(on.actor)
        if last is not None and last.at < on.since:
            on.to_confirm = last
            return
        _take_back(on, last)

    _try(on, work)


def confirm(on: AnnotationSession) -> None:
    """Take back what the question was about."""
    to_confirm = on.to_confirm
    if to_confirm is not None:
        _try(on, lambda: _take_back(on, to_confirm))


def cancel(on: AnnotationSession) -> None:
    """Leave it as it is."""
    _try(on, lambda: None)


def stale(on: AnnotationSession) -> None:
    """Say that a press was for something that is no longer shown."""
    _try(on, lambda: None)
    on.words = "No answer was saved: the key was pressed while another item was shown"


def back(on: AnnotationSession) -> None:
    """Go back to the item before; its answer holds until it is answered again."""
    here = on.leased.task.id if on.leased else None
    at = on.trail.index(here) if here in on.trail else len(on.trail)
    if at:
        go_to(on, on.trail[at - 1])


def go_to(on: AnnotationSession, item: int) -> None:
    """Lay an item of one's own on the desk: one answered before, or skipped."""
    tab = browser_sessions.tab()
    _try(on, lambda: _lay(on, store().queue.lease(on.actor, item, now(), tab)))


def choose(on: AnnotationSession, chosen: QueueFilter) -> None:
    """Be asked about something else from now on; what the filter does not let by is let go of."""

    def work() -> None:
        on.chosen, before = chosen, on.leased
        _next(on)
        if before is not None and on.leased is None:
            store().queue.release(on.actor, before.token, now())

    _try(on, work)


def cover_too(on: AnnotationSession, items: tuple[int, ...]) -> None:
    """Give the next answer to these photos of the same view as well; none goes back to one."""
    _try(on, lambda: None)
    on.cover = items


def _take_back(on: AnnotationSession, last: LastAnswer | None) -> None:
    only, tab = last.event if last is not None else None, browser_sessions.tab().id
    saved = store().answers.undo(on.actor, uuid.uuid4().hex, now(), only, tab)
    on.last, on.undone, on.covered, on.words = None, last, len(saved.covered), saved.words
    metrics.labels_saved("undo", 1 + len(saved.covered))
    if saved.item in on.trail:
        on.trail.remove(saved.item)
    _lay(on, saved.leased)


def _done(on: AnnotationSession, task: Task, answer: Answer | None, saved: Saved) -> None:
    if task.id not in on.trail:
        on.trail.append(task.id)
    on.last, on.words = (task, answer, saved.revealed), saved.words
    on.covered = len(saved.covered)
    metrics.labels_saved("skip" if answer is None else "answer", 1 + len(saved.covered))
    on.leased = None  # saved: whatever happens to the next item, this one is done
    store().sittings.keep(on.actor, on.mode, on.since, now())
    _next(on)


def _next(on: AnnotationSession) -> None:
    following = store().queue.next_item(
        on.actor, now(), on.chosen, browser_sessions.tab(), blind=on.mode == BLIND
    )
    _lay(on, following)


def _lay(on: AnnotationSession, leased: Leased | None) -> None:
    """Every showing has a request of its own, so that a double press is saved once."""
    on.leased, on.request, on.shown_at = leased, uuid.uuid4().hex, time.monotonic()
    on.cover = ()
    on.draft = store().drafts.get(on.actor, leased.task.id) if leased is not None else None


def suggest(on: AnnotationSession) -> bool:
    """Whether the model's prediction may be shown; the store has noted that it was, or it may not.

    It is asked for once for each showing, and is `on.suggestion`: `None` where there is none.
    """
    if on.leased is None or on.mode != ASSISTED:
        return False
    if on.suggested != on.request:
        try:
            on.suggestion = store().unblinding.suggestion(on.actor, on.leased.task.id)
        except InputError as error:
            on.words = public_text(error)
            return False
        on.suggested, on.leased = on.request, replace(on.leased, unblinded=True)
    return True


def _seen(on: AnnotationSession, mode: str) -> AnswerContext:
    seconds = round(min(time.monotonic() - on.shown_at, 86_400), 1)
    view = on.suggestion if mode == ASSISTED and on.suggested == on.request else None
    if view is None:
        return AnswerContext(mode, seconds=seconds)
    return AnswerContext(mode, view.model_version, round(view.aqi), seconds)


def _try(on: AnnotationSession, work: Callable[[], None]) -> None:
    """Run a write; a refusal of the store becomes a message, and the item stays."""
    on.words, on.to_confirm, on.undone = None, None, None
    on.turn += 1
    try:
        work()
    except ItemGoneError as error:
        _lead_on(on, public_text(error))
    except RequestError:
        # It was written, and the line broke before the reply came; another answer came then.
        _lead_on(on, "Your first answer to that item is saved. Go back to the item to change it.")
    except InputError as error:
        on.words = public_text(error)


def _lead_on(on: AnnotationSession, words: str) -> None:
    """The item takes no answer from here any more: lay the next one, and say why."""
    on.leased = None
    _try(on, lambda: _next(on))
    on.words = words
