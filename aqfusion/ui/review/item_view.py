"""One item for review: photo, facts, prediction, all answers, decision, history."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from html import escape

import streamlit as st

from aqfusion.air.aqi import round_half_up, standard
from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.errors import InputError
from aqfusion.explain.formula_text import Sides, formula_words
from aqfusion.images.photo import Photo
from aqfusion.labels.item import Item
from aqfusion.labels.review import ItemView
from aqfusion.labels.store import LabelStore
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.permissions import Actor
from aqfusion.settings import ASSETS
from aqfusion.ui import browser_time_zone, formula_view, result_view
from aqfusion.ui.evaluation.text import KINDS
from aqfusion.ui.markup import plain, show_error
from aqfusion.ui.review import answer_view, decision_view, decisions, routing, text
from aqfusion.ui.review.answer_view import Slot, badge, slots
from aqfusion.ui.review.decisions import ReviewSession
from aqfusion.ui.review.text import given_label, unit, when

_UNSTATED = "The source does not state these units. The model's own units are assumed."


def readings(item: Item) -> str:
    """The readings with their units."""
    cells = "".join(
        f"<div><dt>{pollutant(name).pretty_label}</dt>"
        f"<dd>{getattr(item.task.reading, name):.4g} <small>{unit(name)}</small></dd></div>"
        for name in POLLUTANTS
        if name in item.task.reading.present
    )
    if not cells:
        return '<p class="aq aq-muted">No readings</p>'
    note = f'<p class="aq-muted aq-small">{_UNSTATED}</p>' if item.unstated else ""
    return f'<div class="aq"><dl class="aq-readings aq-small">{cells}</dl>{note}</div>'


def origin(item: Item, zone: tzinfo = UTC) -> str:
    """Where an item comes from, as far as that is known."""
    task = item.task
    entries = (
        ("Place", task.place),
        ("Taken", task.taken_text),
        ("Origin", item.origin),
        ("Source", item.source),
        ("Licence", task.licence),
        ("Consent", _consent(item, zone)),
        *([label] if (label := given_label(item)) else []),
        ("Split", "frozen: no training uses it" if item.split == "frozen" else None),
    )
    rows = "".join(f"<dt>{name}</dt><dd>{escape(str(fact))}</dd>" for name, fact in entries if fact)
    return f'<div class="aq aq-small"><dl class="aq-origin">{rows}</dl></div>'


def reasons(item: Item) -> str:
    """Why an item is here."""
    wanted = f"{item.wanted} answer{'s' * (item.wanted != 1)} wanted"
    words = [*(reason.words for reason in item.reasons), wanted]
    lines = "".join(f"<li>{escape(line)}</li>" for line in words)
    return (
        f'<div class="aq aq-small"><div class="aq-title">Why it is here</div>'
        f'<ul class="aq-why">{lines}</ul></div>'
    )


def _consent(item: Item, zone: tzinfo) -> str | None:
    if item.consent is None or item.consented_at is None:
        return item.consent
    return f"{item.consent}, given {when(item.consented_at, zone)}"


def card(view: ItemPrediction) -> str:
    """The model's view with its six bars."""
    names = [category.name for category in standard("us").categories]
    bars = result_view.bars(dict(zip(names, view.probabilities, strict=True)))
    seen = KINDS.get(view.kind, view.kind)
    return (
        f'<div class="aq"><div class="aq-title">The model: {escape(view.model_version)}</div>'
        f'<div class="aq-brief">{_number(view)}<div>{_pill(view)} in nine cases of ten between '
        f"<strong>{_span(view)}</strong>"
        f'<p class="aq-muted aq-small">Predicted from: {escape(seen.lower())}</p></div></div></div>'
        f"{bars}"
    )


def fair(view: ItemPrediction) -> str:
    """The view of a network that had not learned from this item, in one line."""
    return (
        f'<p class="aq aq-small">{_pill(view)} Predicted without training on this place and day: '
        f"<strong>{round_half_up(view.aqi)}</strong> ({_span(view)}), "
        f"by {escape(view.model_version)}</p>"
    )


def _number(view: ItemPrediction) -> str:
    aqi = round_half_up(view.aqi)
    return f'<div class="aq-number" aria-label="AQI {aqi}">{aqi}</div>'


def _pill(view: ItemPrediction) -> str:
    return result_view.pill(standard("us").category_of(max(0.0, view.aqi)))


def _span(view: ItemPrediction) -> str:
    return f"{round_half_up(view.low)} to {round_half_up(view.high)}"


_TO_TOP = "document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0);"
_BESIDE = 2  # answers in a row
_ACCEPT_KEYS = ("a", "s", "d", "f")
_KEYS = (ASSETS / "review" / "keys.js").read_text(encoding="utf-8")


def render_item_page(store: LabelStore, actor: Actor, number: int) -> None:
    """Draw an item, or the error that there is none."""
    try:
        view = store.review.view(actor, number)
        around = store.search.around(actor, routing.work_list().filters, number)
        people = store.annotation_records.people(actor)
    except InputError as error:
        _bar(number, "", None, None)
        show_error(error)
        return
    zone = browser_time_zone.here()
    _bar(number, view.item.status, around.newer, around.older)
    text.done(number)
    at = decisions.desk(store, actor, view)
    with st.container(key="review_item"):
        left, right = st.columns([5, 6], gap="medium")
        with left:
            _photo(store, view.item)
            st.html(readings(view.item))
            st.html(origin(view.item, zone))
            _twin(view.item)
        with right:
            if view.item.status == "pending":
                decision_view.moderation(at)
            else:
                _answers(at, view, people, zone)
            decision_view.render_decision(at, view)
            _decided(view, zone)
            st.html(reasons(view.item))
    _model(view.item)
    with st.container(border=True, key="review_history"):
        st.subheader("History", anchor=False)
        st.html(answer_view.history(view.item, view.history, zone))
    _script(number)


def _bar(number: int, status: str, newer: int | None, older: int | None) -> None:
    """The way to the list, to the neighbours, and back to here from elsewhere."""
    with st.container(horizontal=True, vertical_alignment="center", key="review_bar"):
        st.button(
            plain(routing.work_list().name),
            key="review_close",
            icon=":material/arrow_back:",
            shortcut="l",
            on_click=routing.close_item,
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
                on_click=routing.open_item,
                args=(to,),
            )
        with st.popover("Link", icon=":material/link:", key=f"review_link_{number}"):
            link = routing.link(st.context.url or "", number)
            st.code(link, language=None, wrap_lines=True)
            st.caption("This link opens the item for any expert who is signed in.")
        with st.popover("Keys `?`", icon=":material/keyboard:", key="review_keys"):
            st.html(text.keys())
        about = f": {plain(status)}" if status else ""
        st.subheader(f"Item {number:d}{about}", anchor=False)


def _script(number: int) -> None:
    """Keys that widgets have not, and the page's top for an item that is new to the eye."""
    top = f"if (window.aqReviewItem !== {number}) {{ window.aqReviewItem = {number}; {_TO_TOP} }}"
    st.html(f"<script>{_KEYS}\n{top}</script>", unsafe_allow_javascript=True)


def _twin(item: Item) -> None:
    if item.duplicate_of is not None:
        st.button(
            f"Near-duplicate of item {item.duplicate_of:d}",
            key=f"review_twin_{item.task.id}",
            on_click=routing.open_item,
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
            show_error(error, icon=":material/broken_image:")
            return
        st.image(data, width="stretch", alt=f"The photo of item {item.task.id}")


def _model(item: Item) -> None:
    """The predictions of the model, and the results of the official formulas."""
    view, fold = item.model_view, item.fold_view
    left, right = st.columns([7, 6], gap="medium")
    with left.container(border=True, height="stretch", key="review_model"):
        if view is None:
            st.html('<p class="aq aq-muted">No model has scored this item yet.</p>')
        else:
            st.html(card(view))
        if fold is not None:
            st.html(fair(fold))
    with right.container(border=True, height="stretch", key="review_formula"):
        st.html(formula_view.heads(item.task.reading, item.unstated))
        if view is not None:
            sides = Sides(view.aqi, view.low, view.high)
            st.caption(formula_words(item.task.reading, standard("us"), sides, item.unstated))


def _answers(at: ReviewSession, view: ItemView, people: Mapping[int, str], zone: tzinfo) -> None:
    """All current answers beside each other, everybody at their own place."""
    count = len(view.answers)
    with st.container(key="review_answers"):
        with st.container(horizontal=True, vertical_alignment="center", key="review_answers_head"):
            st.subheader(
                "1 answer" if count == 1 else f"{count or 'No'} answers",
                anchor=False,
                width="content",
            )
            text.fault(at.displayed.item, decisions.ACCEPT)
        places = slots(people, view.answers) if count else ()
        for start in range(0, len(places), _BESIDE):
            for number, column in enumerate(st.columns(_BESIDE, gap="small"), start):
                if number < len(places):
                    _answer(column, at, number, places[number], view, people, zone)


def _answer(
    column: "st.delta_generator.DeltaGenerator",
    at: ReviewSession,
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
                on_click=decisions.accept,
                args=(at, event.user),
            )
