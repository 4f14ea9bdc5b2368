"""Decisions of experts: each is saved once, and only on the item as it was shown."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from aqfusion.air.aqi import round_half_up
from aqfusion.errors import InputError
from aqfusion.labels.answer import Answer, AnswerContext
from aqfusion.labels.event_log import Saved
from aqfusion.labels.review import ItemView
from aqfusion.labels.store import LabelStore
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import Actor
from aqfusion.server import metrics
from aqfusion.ui.labels import store_session
from aqfusion.ui.markup import public_text
from aqfusion.ui.review import routing

ACCEPT, OVERRULE, SEND_BACK, MODERATE = "accept", "overrule", "send back", "moderate"
_SHOWN, _SAVED = "review_shown", "review_saved"
# The second half of a double click may meet the next item's button, which is there by then;
# nobody has looked at an item that fast.
TOO_SOON_SECONDS = 0.4
_CHANGED = (
    "Somebody else changed this item while you looked at it, so nothing was saved. "
    "The page now shows the item as it is."
)


@dataclass(frozen=True)
class DisplayedItem:
    """An item as an expert sees it: `request_id` is of the one decision that may follow."""

    item: int
    last_event: int
    request_id: str
    since: float


@dataclass(frozen=True)
class ReviewSession:
    """Where a decision is made: the store, who decides, and what they see."""

    store: LabelStore
    actor: Actor
    displayed: DisplayedItem


def desk(store: LabelStore, actor: Actor, view: ItemView) -> ReviewSession:
    """Take up an item; as long as nothing happens to it, it stays the same sight."""
    item, last = view.item.task.id, _last_event(view)
    displayed: DisplayedItem | None = st.session_state.get(_SHOWN)
    if displayed is None or (displayed.item, displayed.last_event) != (item, last):
        displayed = DisplayedItem(item, last, uuid.uuid4().hex, time.monotonic())
        st.session_state[_SHOWN] = displayed
    return ReviewSession(store, actor, displayed)


def accept(at: ReviewSession, user: int) -> None:
    """One annotator's answer holds."""
    item = at.displayed.item
    _save(at, ACCEPT, lambda id, now: at.store.review.accept(at.actor, item, user, id, now))


def overrule(at: ReviewSession, answer: Callable[[], Answer], reason: Callable[[], str]) -> None:
    """Another answer holds; it and the reason are read from the form when it is sent."""
    item = at.displayed.item
    _save(
        at,
        OVERRULE,
        lambda id, now: at.store.review.overrule(at.actor, item, answer(), reason(), id, now),
    )


def send_back(at: ReviewSession, reason: Callable[[], str]) -> None:
    """One more annotator is asked."""
    item = at.displayed.item
    _save(
        at,
        SEND_BACK,
        lambda id, now: at.store.review.send_back(at.actor, item, reason(), id, now),
    )


def moderate(at: ReviewSession, admit: bool, reason: Callable[[], str]) -> None:
    """A contribution comes in, or it does not."""
    item = at.displayed.item
    _save(
        at,
        MODERATE,
        lambda id, now: at.store.review.moderate(at.actor, item, admit, reason(), id, now),
    )


def seen_by_expert(displayed: DisplayedItem, view: ItemPrediction | None) -> AnswerContext:
    """How much of the model an expert saw when they decided: this page hides nothing."""
    seconds = round(time.monotonic() - displayed.since, 1)
    if view is None:
        return AnswerContext("assisted", seconds=seconds)
    aqi = min(500, max(0, round_half_up(view.aqi)))
    return AnswerContext("assisted", view.model_version, aqi, seconds)


def _save(at: ReviewSession, about: str, work: Callable[[str, datetime], Saved]) -> None:
    """Save a decision and go on; clicked again, it is the same decision."""
    state, displayed = st.session_state, at.displayed
    again = state.get(_SAVED) == displayed.request_id
    if again or time.monotonic() - displayed.since < TOO_SOON_SECONDS:
        return
    try:
        if _last_event(at.store.review.view(at.actor, displayed.item)) != displayed.last_event:
            routing.tell_fault(displayed.item, about, _CHANGED)
            return
        saved = work(displayed.request_id, store_session.now())
        state[_SAVED] = displayed.request_id
        metrics.labels_saved(about)
        text = f"{_done(about, saved)}: item {displayed.item} is {_now(saved)}."
        routing.go_on(at.store, at.actor, displayed.item, text)
    except InputError as error:
        routing.tell_fault(displayed.item, about, public_text(error))


def _done(about: str, saved: Saved) -> str:
    if about == MODERATE:
        return "Rejected" if saved.status == "rejected" else "Admitted"
    return {ACCEPT: "Accepted", OVERRULE: "Overruled", SEND_BACK: "Sent back"}[about]


def _now(saved: Saved) -> str:
    return {"open": "now in the queue", "sent back": "sent back"}.get(saved.status, saved.status)


def _last_event(view: ItemView) -> int:
    return view.history[-1].event if view.history else 0
