"""The forms of an expert's decision: overrule, send back, let a contribution in."""

from collections.abc import Callable

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.errors import InputError
from aqfusion.labels.answer import CANT_TELL, Answer
from aqfusion.labels.item import Item
from aqfusion.labels.review import ItemView, Recorded
from aqfusion.ui.markup import plain
from aqfusion.ui.review import decisions, text
from aqfusion.ui.review.decisions import ReviewSession
from aqfusion.ui.review.text import corrected

_CATEGORY, _AQI, _CANT_TELL = "Category", "Exact AQI", "Can't tell"


def render_decision(at: ReviewSession, view: ItemView) -> None:
    """Draw what may be decided of an item that was let in, or say why nothing may."""
    item = view.item
    if item.status == "pending":
        return
    if item.known_aqi is not None:
        st.info(
            f"This is a gold item: its AQI is known to be {item.known_aqi:d}, and it measures the "
            "accuracy of annotators. There is nothing to decide.",
            icon=":material/workspace_premium:",
        )
    elif item.status == "rejected":
        st.info("This contribution was rejected. It needs no decision.")
    else:
        left, right = st.columns([3, 2], gap="small")
        with left.container(border=True, height="stretch", key="review_overrule"):
            _overrule(at, view)
        with right.container(border=True, height="stretch", key="review_send_back"):
            _send_back(at)


def moderation(at: ReviewSession) -> None:
    """Draw what may be decided of a contribution."""
    item = at.displayed.item
    reason = _text(f"review_moderation_reason_{item}")
    # Enter in the reason must not let in what is about to be rejected.
    with st.form(f"review_moderation_{item}", enter_to_submit=False):
        st.subheader("May annotators see this photo?", anchor=False)
        st.markdown(
            "A visitor contributed this photo. Reject it if it shows people or private places, or "
            "no sky. A rejected photo is deleted when an admin deletes photos that no item uses."
        )
        st.text_input("Reason (optional)", key=f"review_moderation_reason_{item}")
        with st.container(horizontal=True):
            for words, admit, key in (("Admit", True, "a"), ("Reject", False, "x")):
                st.form_submit_button(
                    words,
                    key=f"review_{'admit' if admit else 'reject'}_{item}",
                    type="primary" if admit else "secondary",
                    shortcut=key,
                    on_click=decisions.moderate,
                    args=(at, admit, reason),
                )
            text.fault(item, decisions.MODERATE)


def _overrule(at: ReviewSession, view: ItemView) -> None:
    item = at.displayed.item
    st.subheader("Overrule", anchor=False)
    kind = st.segmented_control(
        "Kind of answer",
        (_CATEGORY, _AQI, _CANT_TELL),
        default=_CATEGORY,
        required=True,
        key=f"review_kind_{item}",
        label_visibility="collapsed",
    )
    scale = _scale(view.answers)
    with st.form(f"review_overrule_form_{item}", border=False):
        with st.container(key="review_value_box"):
            _value(kind, scale, item)
        kept = [
            event for event in view.answers if event.answer is not None and event.answer.corrections
        ]
        for event in kept:
            _correction(event, view.item)
        st.text_area("Reason", key=f"review_reason_{item}", max_chars=500, height=68)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.form_submit_button(
                "Overrule",
                key=f"review_overrule_{item}",
                type="primary",
                icon=":material/gavel:",
                shortcut="o",
                on_click=decisions.overrule,
                args=(
                    *(at, lambda: _answer(at, view, kind, scale, kept)),
                    _text(f"review_reason_{item}"),
                ),
            )
            text.fault(item, decisions.OVERRULE)


def _value(kind: str, scale: str, item: int) -> None:
    key = f"review_value_{item}_{kind}"
    if kind == _CATEGORY:
        categories = standard(scale).categories
        st.pills(
            f"Category, {standard(scale).short_name}",
            range(len(categories)),
            format_func=lambda number: f"{number + 1:d} {categories[number].name}",
            key=key,
        )
    elif kind == _AQI:
        st.number_input(standard(scale).short_name, 0, 500, None, step=1, key=key)
    else:
        st.selectbox("Why nobody can tell", CANT_TELL, index=None, key=key, placeholder="Choose")


def _correction(event: Recorded, item: Item) -> None:
    assert event.answer is not None
    words = "; ".join(corrected(event.answer, item.task.reading))
    st.checkbox(
        f"Keep {plain(event.name)}'s correction: {plain(words)}",
        value=True,
        key=f"review_keep_{item.task.id}_{event.user}",
    )


def _answer(
    at: ReviewSession, view: ItemView, kind: str, scale: str, kept: list[Recorded]
) -> Answer:
    """The answer in the form; an empty one raises `InputError`."""
    item, state = at.displayed.item, st.session_state
    value = state.get(f"review_value_{item}_{kind}")
    if value is None:
        raise InputError(f"{kind.lower()} must be given to overrule, got none")
    corrections: dict[str, float | None] = {}
    for event in kept:
        if event.answer is not None and state.get(f"review_keep_{item}_{event.user}"):
            corrections |= event.answer.corrections
    return Answer(
        category=value if kind == _CATEGORY else None,
        aqi=value if kind == _AQI else None,
        cant_tell=value if kind == _CANT_TELL else None,
        standard=scale,
        corrections=corrections,
        seen=decisions.seen_by_expert(at.displayed, view.item.model_view),
    )


def _send_back(at: ReviewSession) -> None:
    item = at.displayed.item
    st.subheader("Send back", anchor=False)
    st.markdown("One more annotator is asked. The item comes first in the queue.")
    with st.form(f"review_send_back_form_{item}", border=False):
        st.text_area("Reason", key=f"review_back_reason_{item}", max_chars=500, height=68)
        st.form_submit_button(
            "Send back",
            key=f"review_send_back_{item}",
            icon=":material/undo:",
            shortcut="b",
            on_click=decisions.send_back,
            args=(at, _text(f"review_back_reason_{item}")),
        )
        text.fault(item, decisions.SEND_BACK)


def _scale(answers: tuple[Recorded, ...]) -> str:
    """The standard in which annotators answered, if they all used one; else the US one."""
    scales = {event.answer.standard for event in answers if event.answer is not None}
    return scales.pop() if len(scales) == 1 else "us"


def _text(key: str) -> Callable[[], str]:
    """A function that reads a text field when it is called."""
    return lambda: str(st.session_state.get(key, ""))
