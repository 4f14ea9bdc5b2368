"""The work list of an expert: what is to be decided, filtered, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from aqfusion.air.aqi import round_half_up, standard
from aqfusion.errors import InputError
from aqfusion.fair_queue import BusyError
from aqfusion.images.photo import Photo
from aqfusion.labels.item import Item
from aqfusion.labels.review import Recorded
from aqfusion.labels.search import Filters
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor
from aqfusion.ui.markup import data_url, plain, show_error
from aqfusion.ui.result_view import pill
from aqfusion.ui.review import routing, text
from aqfusion.ui.review.answer_view import badge
from aqfusion.ui.review.routing import WorkList
from aqfusion.ui.review.text import answer_text, category_of

_MOST = 6  # answers that are named


def row(
    item: Item, answers: Sequence[Recorded], people: Mapping[int, str], thumbnail: str | None
) -> str:
    """All of a row; nothing in it from outside is markup."""
    return (
        f'<div class="aq aq-row aq-small">{_picture(item, thumbnail)}{_what(item)}'
        f"<div>{_answers(answers, people)}</div><div>{_why(item)}</div></div>"
    )


def label(item: Item, answers: Sequence[Recorded]) -> str:
    """A row's name for those who hear it; text, which still has to be made plain."""
    answers_text = "; ".join(
        f"{event.name}: {answer_text(event.answer)}" for event in answers[:_MOST] if event.answer
    )
    parts = (f"Open item {item.task.id}, {item.status}", item.task.place or "", answers_text)
    return ". ".join(part for part in parts if part)


def _picture(item: Item, thumbnail: str | None) -> str:
    if thumbnail is None:
        return '<div class="aq-noimage">photo cannot be shown</div>'
    return f'<img src="{escape(thumbnail)}" alt="" loading="lazy">'


def _what(item: Item) -> str:
    lines = [item.task.place or "", item.task.taken_text or ""]
    rest = "".join(f"<div class='aq-muted'>{escape(line)}</div>" for line in lines if line)
    return f"<div><strong>Item {item.task.id}</strong> · {escape(item.status)}{rest}</div>"


def _answers(answers: Sequence[Recorded], people: Mapping[int, str]) -> str:
    if not answers:
        return '<span class="aq-muted">No answers</span>'
    cells = "".join(_answer(event, people) for event in answers[:_MOST])
    more = f"<li>and {len(answers) - _MOST} more</li>" if len(answers) > _MOST else ""
    return f"<ul>{cells}{more}</ul>"


def _answer(event: Recorded, people: Mapping[int, str]) -> str:
    assert event.answer is not None
    category = category_of(event.answer)
    if category is None:
        what = escape(answer_text(event.answer))
    else:
        exact = "" if event.answer.aqi is None else f"<strong>{event.answer.aqi}</strong> "
        scale = "" if event.answer.standard == "us" else " India AQI"
        what = f"{exact}{pill(category)}{scale}"
    return f"<li>{badge(people, event.user, event.name)} {what}</li>"


def _why(item: Item) -> str:
    why = "; ".join(reason.words for reason in item.reasons)
    view = item.model_view
    formula = None if item.unstated else standard("us").index(item.task.reading).aqi
    numbers = [f"Model {round_half_up(view.aqi)}"] if view else []
    numbers += [f"US formula {formula}"] if formula is not None else []
    return f"<div>{escape(why)}</div><div class='aq-muted'>{' · '.join(numbers)}</div>"


_SIZE = (192, 128)  # pixels: twice as fine as it is shown


def thumbnail(store: LabelStore, photo_hash: str) -> str | None:
    """A photo of the store as a data URL of a few kB; `None` where it is lost or damaged."""
    return _made(store, store.photos.where, photo_hash)


@st.cache_data(ttl=3600, max_entries=600, show_spinner=False)
def _made(_store: LabelStore, where: str, photo_hash: str) -> str | None:
    try:
        image = Photo.decode(_store.photos.get(photo_hash)).image.copy()
    except BusyError:  # which the next run need not meet
        raise
    except InputError:  # the item itself tells what is wrong with it
        return None
    image.thumbnail(_SIZE)
    return data_url(image)


LISTS = {
    "Conflicts": ("conflict",),
    "Flagged": ("flagged",),
    "Sent back": ("sent back",),
    "Contributions": ("pending",),
    "Settled": ("settled",),
    "All": (),
}
_SAYS = {
    "Conflicts": "Annotators gave different answers.",
    "Flagged": "An annotator could not tell, or reported a wrong reading.",
    "Sent back": "One more annotator is asked. You can decide without waiting.",
    "Contributions": "Photos from visitors. Nobody else sees them before an expert admits them.",
    "Settled": "Decided by an expert. You can change the decision.",
    "All": "Every item in the store.",
}
_NEWER = "review_pages"
_ON_A_PAGE = 25


def render_work_list(store: LabelStore, actor: Actor) -> None:
    """Draw lists, filters and one page of items; a row opens its item wherever it is clicked."""
    text.done(None)
    name = st.segmented_control(
        "Which items",
        list(LISTS),
        default="Conflicts",
        required=True,
        key="review_choice_list",
        persist_state="session",
        label_visibility="collapsed",
        on_change=_first_page,
    )
    st.html(_counts(store, name))
    filters = replace(_filters(store, actor), statuses=LISTS[name])
    routing.keep_list(WorkList(name, filters))
    pages: list[int] = st.session_state.setdefault(_NEWER, [])
    try:
        page = store.search(actor, filters, pages[-1] if pages else None, _ON_A_PAGE)
    except InputError as error:
        show_error(error)
        return
    st.caption(_SAYS[name])
    if not page.items:
        st.info("No items match.", icon=":material/done_all:")
    else:
        _rows(store, actor, page.items)
    _ways(page.items, page.after)


def _counts(store: LabelStore, name: str) -> str:
    counts = store.overview.counts()
    numbers = {
        list_name: sum(counts[status] for status in statuses or counts)
        for list_name, statuses in LISTS.items()
    }
    # Not in the buttons: a click on one whose number changes meanwhile would be lost.
    cells = "".join(
        f"<li{' class=aq-here' if list_name == name else ''}>"
        f"{list_name} <strong>{number}</strong></li>"
        for list_name, number in numbers.items()
    )
    return f'<div class="aq aq-small"><ul class="aq-counted">{cells}</ul></div>'


def _filters(store: LabelStore, actor: Actor) -> Filters:
    people = store.annotation_records.people(actor)
    categories = standard("us").categories
    columns = st.columns(4, gap="small")
    where = columns[0].selectbox(
        "Place",
        _places(store, store.database.where),
        index=None,
        placeholder="Any place",
        key="review_choice_place",
        persist_state="session",
        on_change=_first_page,
    )
    who = columns[1].selectbox(
        "Answered by",
        list(people),
        index=None,
        format_func=lambda user: people.get(user, ""),
        placeholder="Anybody",
        key="review_choice_annotator",
        persist_state="session",
        on_change=_first_page,
    )
    what = columns[2].selectbox(
        "Answer",
        range(len(categories)),
        index=None,
        format_func=lambda number: categories[number].name,
        placeholder="Any category",
        key="review_choice_category",
        persist_state="session",
        on_change=_first_page,
    )
    text = columns[3].text_input(
        "Text",
        max_chars=200,
        placeholder="Source, place, note",
        key="review_choice_text",
        persist_state="session",
        on_change=_first_page,
        icon=":material/search:",
    )
    return Filters(place=where, annotator=who, category=what, text=text or "")


def _rows(store: LabelStore, actor: Actor, items: Sequence[Item]) -> None:
    """Draw the items; a row is a button over all that it shows, for mouse, keys and readers."""
    answers = store.review.answers_of(actor, [item.task.id for item in items])
    people = store.annotation_records.people(actor)
    with st.container(key="review_rows"):
        for item in items:
            events, number = answers[item.task.id], item.task.id
            with st.container(key=f"review_row_{number}"):
                picture = thumbnail(store, item.task.photo_hash)
                st.html(row(item, events, people, picture))
                st.button(
                    plain(label(item, events)),
                    key=f"review_open_{number}",
                    on_click=routing.open_item,
                    args=(number,),
                )


def _ways(items: Sequence[Item], after: int | None) -> None:
    """Begin with the first, go to a number, turn the page."""
    pages: list[int] = st.session_state.get(_NEWER, [])
    with st.container(horizontal=True, vertical_alignment="bottom", key="review_ways"):
        if items:
            st.button(
                f"Start with item {items[0].task.id:d}",
                key="review_begin",
                type="primary",
                icon=":material/play_arrow:",
                on_click=routing.open_item,
                args=(items[0].task.id,),
            )
        st.button("Newer", key="review_newer", disabled=not pages, on_click=_turn, args=(None,))
        st.button("Older", key="review_older", disabled=not after, on_click=_turn, args=(after,))
        st.number_input("Item", 1, 10**15, None, key="review_go_number", width=150)
        st.button("Open", key="review_go", on_click=_go)


def _go() -> None:
    number = st.session_state.get("review_go_number")
    if number is not None:
        routing.open_item(number)


def _turn(after: int | None) -> None:
    """Go to the page that begins after an item, or back to the one before."""
    pages: list[int] = st.session_state.get(_NEWER, [])
    st.session_state[_NEWER] = pages[:-1] if after is None else [*pages, after]


def _first_page() -> None:
    st.session_state[_NEWER] = []


@st.cache_data(ttl=60, max_entries=2, show_spinner=False)
def _places(_store: LabelStore, where: str) -> tuple[str, ...]:
    """The places there are; finding them reads every item of the database at `where`."""
    return _store.search.places()
