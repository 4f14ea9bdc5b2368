"""The work list: what is to be decided, filtered and page by page."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor
from aqfusion.labels.item import Item
from aqfusion.labels.search import Filters
from aqfusion.labels.store import LabelStore
from aqfusion.ui.plain import plain
from aqfusion.ui.review import messages, place, row_view
from aqfusion.ui.review.place import WorkList
from aqfusion.ui.review.thumbnails import thumbnail

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
    "Flagged": "Somebody could not tell, or says that a reading is wrong.",
    "Sent back": "One more annotator has been asked; it can be decided without waiting.",
    "Contributions": "Photos that visitors offered. Nobody else sees them before they are let in.",
    "Settled": "Decided by an expert; it can be decided anew.",
    "All": "Every item of the store.",
}
_NEWER = "review_pages"
_ON_A_PAGE = 25


def show(store: LabelStore, actor: Actor) -> None:
    """Draw lists, filters and one page of items; a row opens its item wherever it is clicked."""
    messages.done(None)
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
    place.keep_list(WorkList(name, filters))
    pages: list[int] = st.session_state.setdefault(_NEWER, [])
    try:
        page = store.search(actor, filters, pages[-1] if pages else None, _ON_A_PAGE)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.caption(_SAYS[name])
    if not page.items:
        st.info("Nothing here: no item fits.", icon=":material/done_all:")
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
        "Somebody said",
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
                st.html(row_view.row(item, events, people, picture))
                st.button(
                    plain(row_view.label(item, events)),
                    key=f"review_open_{number}",
                    on_click=place.open_item,
                    args=(number,),
                )


def _ways(items: Sequence[Item], after: int | None) -> None:
    """Begin with the first, go to a number, turn the page."""
    pages: list[int] = st.session_state.get(_NEWER, [])
    with st.container(horizontal=True, vertical_alignment="bottom", key="review_ways"):
        if items:
            st.button(
                f"Begin with item {items[0].task.id}",
                key="review_begin",
                type="primary",
                icon=":material/play_arrow:",
                on_click=place.open_item,
                args=(items[0].task.id,),
            )
        st.button("Newer", key="review_newer", disabled=not pages, on_click=_turn, args=(None,))
        st.button("Older", key="review_older", disabled=not after, on_click=_turn, args=(after,))
        st.number_input("Item", 1, 10**15, None, key="review_go_number", width=150)
        st.button("Open", key="review_go", on_click=_go)


def _go() -> None:
    number = st.session_state.get("review_go_number")
    if number is not None:
        place.open_item(number)


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
