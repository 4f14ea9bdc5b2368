"""One item whole: photo, readings, the model, all answers, what may be decided, its history."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor
from aqfusion.labels.item import Item
from aqfusion.labels.review import ItemView, Recorded
from aqfusion.labels.store import LabelStore
from aqfusion.photo import Photo
from aqfusion.ui import formula_view
from aqfusion.ui.plain import plain
from aqfusion.ui.review import answer_view, decide, decision_view, facts, model_card, place
from aqfusion.ui.review.decide import Desk

_BESIDE = 2  # answers in a row


def show(store: LabelStore, actor: Actor, number: int) -> None:
    """Draw an item; one that is not there is told."""
    try:
        view = store.review.view(actor, number)
        around = store.search.around(actor, place.work_list().filters, number)
    except InputError as error:
        _bar(number, None, None)
        st.error(plain(str(error)), icon=":material/error:")
        return
    _bar(number, around.newer, around.older)
    at = decide.desk(store, actor, view)
    st.subheader(f"Item {number}: {view.item.status}", anchor=False)
    left, right = st.columns([7, 6], gap="medium")
    with left:
        _photo(store, view.item)
        st.html(facts.readings(view.item))
        st.html(facts.origin(view.item))
        if view.item.duplicate_of is not None:
            st.button(
                f"Nearly the same as item {view.item.duplicate_of}",
                key=f"review_twin_{number}",
                on_click=place.open_item,
                args=(view.item.duplicate_of,),
            )
    with right:
        st.html(facts.reasons(view.item))
        if view.decision is not None:
            with st.container(border=True, key="review_decided"):
                st.html(answer_view.decided(view.decision, view.history, view.item.task.reading))
        if view.item.status == "pending":
            decision_view.moderation(at)
        else:
            _answers(at, view)
    _model(view.item)
    decision_view.show(at, view)
    with st.container(border=True, key="review_history"):
        st.subheader("History", anchor=False)
        st.html(answer_view.history(view.item, view.history))


def _bar(number: int, newer: int | None, older: int | None) -> None:
    """The way to the list, to the neighbours, and back to here from elsewhere."""
    with st.container(horizontal=True, vertical_alignment="center", key="review_bar"):
        st.button(
            place.work_list().name,
            key="review_close",
            icon=":material/arrow_back:",
            on_click=place.close_item,
        )
        for words, icon, to in (
            ("Previous", ":material/chevron_left:", newer),
            ("Next", ":material/chevron_right:", older),
        ):
            st.button(
                words,
                key=f"review_{words.lower()}_{number}",
                icon=icon,
                disabled=to is None,
                on_click=place.open_item,
                args=(to,),
            )
        with st.popover("Link", icon=":material/link:", key=f"review_link_{number}"):
            link = place.link(st.context.url or "", number)
            st.code(link, language=None, wrap_lines=True)
            st.caption("Opens this item for any expert who has signed in.")
    place.show_notice(number)


def _photo(store: LabelStore, item: Item) -> None:
    """The photo as it is kept; one that is lost or damaged is told."""
    with st.container(key="review_photo"):
        try:
            data = store.photos.get(item.task.photo_hash)
            Photo.decode(data)
        except InputError as error:
            st.error(plain(str(error)), icon=":material/broken_image:")
            return
        st.image(data, width="stretch", alt=f"The photo of item {item.task.id}")


def _model(item: Item) -> None:
    """What the model says, and what the official formulas do."""
    view, fold = item.task.model_view, item.fold_view
    left, right = st.columns([7, 6], gap="medium")
    with left.container(border=True, height="stretch", key="review_model"):
        if view is None:
            st.html('<p class="aq aq-muted">No model has judged this item yet.</p>')
        else:
            st.html(model_card.card(view))
        if fold is not None:
            st.html(model_card.fair(fold))
    with right.container(border=True, height="stretch", key="review_formula"):
        st.html(formula_view.heads(item.task.reading))
        st.caption(formula_view.WHY_DIFFERENT)


def _answers(at: Desk, view: ItemView) -> None:
    """All current answers beside each other."""
    count = len(view.answers)
    st.subheader("1 answer" if count == 1 else f"{count or 'No'} answers", anchor=False)
    for start in range(0, count, _BESIDE):
        row = view.answers[start : start + _BESIDE]
        for column, event in zip(st.columns(_BESIDE, gap="small"), row, strict=False):
            _answer(column, at, event, view)


def _answer(
    column: "st.delta_generator.DeltaGenerator", at: Desk, event: Recorded, view: ItemView
) -> None:
    item = view.item
    with column.container(
        border=True, height="stretch", key=f"review_answer_{at.shown.item}_{event.user}"
    ):
        st.html(answer_view.card(event, item.task.reading))
        if item.known_aqi is None and item.status not in {"pending", "rejected"}:
            st.button(
                f"Accept {plain(event.name)}'s answer",
                key=f"review_accept_{at.shown.item}_{event.user}",
                icon=":material/check:",
                width="stretch",
                on_click=decide.accept,
                args=(at, event.user),
            )
