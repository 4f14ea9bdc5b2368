"""The annotator's filter of the queue: a place, a reason; kept as long as the session."""

from collections.abc import Callable

import streamlit as st

from aqfusion.labels.progress import FilterOption
from aqfusion.labels.queue_sql import EVERYTHING, QueueFilter
from aqfusion.ui.labels import annotation_session
from aqfusion.ui.labels.annotation_session import AnnotationSession
from aqfusion.ui.labels.annotation_view import reason_words
from aqfusion.ui.labels.store_session import store
from aqfusion.ui.markup import plain

_PLACE, _REASON = "label_filter_place", "label_filter_reason"


def render_queue_filter(on: AnnotationSession) -> None:
    """Draw the filter, and the way out of one."""
    active = on.chosen != EVERYTHING
    fields = st.popover(
        "Filter: on" if active else "Filter",
        key="label_filter",
        icon=":material/filter_alt:",
        on_change="rerun",
    )
    if fields.open:
        with fields:
            _fields(on)
    if active:
        st.button("Clear the filter", key="label_filter_clear", on_click=_clear, args=(on,))
        st.caption(plain(_words(on.chosen)))


def _fields(on: AnnotationSession) -> None:
    choices = store().team.choices(on.actor)
    chosen = on.chosen
    for key, label, options, now, words in (
        (_PLACE, "Place", choices.places, chosen.place, str),
        (_REASON, "Reason", choices.reasons, chosen.reason, reason_words),
    ):
        _select(on, key, label, _with(options, now), now, words)
    st.caption("With a filter, no random items and no gold items are mixed in.")


def _select(
    on: AnnotationSession,
    key: str,
    label: str,
    options: tuple[FilterOption, ...],
    now: str | None,
    words: Callable[[str], str],
) -> None:
    counts = {option.value: option.items for option in options}
    values = [None, *counts]
    st.selectbox(
        label,
        values,
        index=values.index(now),
        format_func=lambda value: (
            "Any" if value is None else f"{words(value)} ({counts[value]:,} waiting)"
        ),
        key=key,
        on_change=_choose,
        args=(on,),
    )


def _with(options: tuple[FilterOption, ...], now: str | None) -> tuple[FilterOption, ...]:
    """What is chosen stays among the choices when the last item of it has been answered."""
    if now is None or now in {option.value for option in options}:
        return options
    return (*options, FilterOption(now, 0))


def _choose(on: AnnotationSession) -> None:
    state = st.session_state
    annotation_session.choose(on, QueueFilter(state.get(_PLACE), state.get(_REASON)))


def _clear(on: AnnotationSession) -> None:
    for key in (_PLACE, _REASON):
        st.session_state.pop(key, None)
    annotation_session.choose(on, EVERYTHING)


def _words(chosen: QueueFilter) -> str:
    parts = [chosen.place] if chosen.place is not None else []
    if chosen.reason is not None:
        parts.append(reason_words(chosen.reason))
    return "Only: " + "; ".join(parts)
