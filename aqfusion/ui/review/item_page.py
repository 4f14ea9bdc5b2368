"""One item whole: photo, readings, the model, all answers, what may be decided, its history."""

from collections.abc import Mapping
from datetime import tzinfo

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.errors import InputError
from aqfusion.explain.formula_words import Sides, formula_words
from aqfusion.labels.actor import Actor
from aqfusion.labels.item import Item
from aqfusion.labels.review import ItemView
from aqfusion.labels.store import LabelStore
from aqfusion.photo import Photo
from aqfusion.settings import ASSETS
from aqfusion.ui import formula_view, reader_zone
from aqfusion.ui.plain import plain
from aqfusion.ui.review import (
    answer_view,
    decide,
    decision_view,
    facts,
    messages,
    model_card,
    place,
)
from aqfusion.ui.review.annotator_slots import Slot, badge, slots
from aqfusion.ui.review.decide import Desk

_TO_TOP = "document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0);"
_BESIDE = 2  # answers in a row
_ACCEPT_KEYS = ("a", "s", "d", "f")
_KEYS = (ASSETS / "review" / "keys.js").read_text(encoding="utf-8")


def show(store: LabelStore, actor: Actor, number: int) -> None:
    """Draw an item, or the error that there is none."""
    try:
        view = store.review.view(actor, number)
        around = store.search.around(actor, place.work_list().filters, number)
        people = store.annotation_records.people(actor)
    except InputError as error:
        _bar(number, "", None, None)
        st.error(plain(str(error)), icon=":material/error:")
        return
    zone = reader_zone.here()
    _bar(number, view.item.status, around.newer, around.older)
    messages.done(number)
    at = decide.desk(store, actor, view)
    with st.container(key="review_item"):
        left, right = st.columns([5, 6], gap="medium")
        with left:
            _photo(store, view.item)
            st.html(facts.readings(view.item))
            st.html(facts.origin(view.item, zone))
            _twin(view.item)
        with right:
            if view.item.status == "pending":
                decision_view.moderation(at)
            else:
                _answers(at, view, people, zone)
            decision_view.show(at, view)
            _decided(view, zone)
            st.html(facts.reasons(view.item))
    _model(view.item)
    with st.container(border=True, key="review_history"):
        st.subheader("History", anchor=False)
        st.html(answer_view.history(view.item, view.history, zone))
    _script(number)


def _bar(number: int, status: str, newer: int | None, older: int | None) -> None:
    """The way to the list, to the neighbours, and back to here from elsewhere."""
    with st.container(horizontal=True, vertical_alignment="center", key="review_bar"):
        st.button(
            place.work_list().name,
            key="review_close",
            icon=":material/arrow_back:",
            shortcut="l",
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
                shortcut=words[0].lower(),
                on_click=place.open_item,
                args=(to,),
            )
        with st.popover("Link", icon=":material/link:", key=f"review_link_{number}"):
            link = place.link(st.context.url or "", number)
            st.code(link, language=None, wrap_lines=True)
            st.caption("Opens this item for any expert who has signed in.")
        with st.popover("Keys `?`", icon=":material/keyboard:", key="review_keys"):
            st.html(messages.keys())
        st.subheader(f"Item {number}: {status}" if status else f"Item {number}", anchor=False)


def _script(number: int) -> None:
    """Keys that widgets have not, and the page's top for an item that is new to the eye."""
    top = f"if (window.aqReviewItem !== {number}) {{ window.aqReviewItem = {number}; {_TO_TOP} }}"
    st.html(f"<script>{_KEYS}\n{top}</script>", unsafe_allow_javascript=True)


def _twin(item: Item) -> None:
    if item.duplicate_of is not None:
        st.button(
            f"Nearly the same as item {item.duplicate_of}",
            key=f"review_twin_{item.task.id}",
            on_click=place.open_item,
            args=(item.duplicate_of,),
        )


def _decided(view: ItemView, zone: tzinfo) -> None:
    if view.decision is not None:
        reading = view.item.task.reading
        with st.container(border=True, key="review_decided"):
            st.html(answer_view.decided(view.decision, view.history, reading, zone))


def _photo(store: LabelStore, item: Item) -> None:
    """The photo as it is kept; or the error that it is lost or damaged."""
    with st.container(key="review_photo"):
        try:
            data = store.photos.get(item.task.photo_hash)
            Photo.decode(data)
        except InputError as error:
            st.error(plain(str(error)), icon=":material/broken_image:")
            return
        st.image(data, width="stretch", alt=f"The photo of item {item.task.id}")


def _model(item: Item) -> None:
    """The predictions of the model, and the results of the official formulas."""
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
        st.html(formula_view.heads(item.task.reading, item.unstated))
        if view is not None:
            sides = Sides(view.aqi, view.low, view.high)
            st.caption(formula_words(item.task.reading, standard("us"), sides, item.unstated))


def _answers(at: Desk, view: ItemView, people: Mapping[int, str], zone: tzinfo) -> None:
    """All current answers beside each other, everybody at their own place."""
    count = len(view.answers)
    with st.container(key="review_answers"):
        with st.container(horizontal=True, vertical_alignment="center", key="review_answers_head"):
            st.subheader(
                "1 answer" if count == 1 else f"{count or 'No'} answers",
                anchor=False,
                width="content",
            )
            messages.fault(at.displayed.item, decide.ACCEPT)
        places = slots(people, view.answers) if count else ()
        for start in range(0, len(places), _BESIDE):
            for number, column in enumerate(st.columns(_BESIDE, gap="small"), start):
                if number < len(places):
                    _answer(column, at, number, places[number], view, people, zone)


def _answer(
    column: "st.delta_generator.DeltaGenerator",
    at: Desk,
    number: int,
    slot: Slot,
    view: ItemView,
    people: Mapping[int, str],
    zone: tzinfo,
) -> None:
    item, event = view.item, slot.answer
    if event is None:
        if slot.user is not None:
            name = badge(people, slot.user, slot.name, " aq-person-none")
            column.html(f'<div class="aq aq-small">{name} <p>has not answered this item</p></div>')
        return
    with column.container(
        border=True, height="stretch", key=f"review_answer_{at.displayed.item}_{event.user}"
    ):
        name = badge(people, event.user, event.name)
        st.html(answer_view.card(event, item.task.reading, name, zone))
        if item.known_aqi is None and item.status not in {"pending", "rejected"}:
            st.button(
                f"Accept {plain(event.name)}'s answer",
                key=f"review_accept_{at.displayed.item}_{event.user}",
                icon=":material/check:",
                width="stretch",
                shortcut=_ACCEPT_KEYS[number] if number < len(_ACCEPT_KEYS) else None,
                on_click=decide.accept,
                args=(at, event.user),
            )
