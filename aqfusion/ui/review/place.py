"""Where an expert is: at the item that the address names, within a work list, or at the list."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.labels.actor import Actor
from aqfusion.labels.search import Filters
from aqfusion.labels.store import LabelStore
from aqfusion.ui.plain import plain

_LIST, _NOTICE = "review_list", "review_notice"
# More digits than any database counts to are no number of an item.
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class WorkList:
    """The list that was looked at last: its name and what its items must be."""

    name: str = "Conflicts"
    filters: Filters = Filters(("conflict",))  # noqa: RUF009 - frozen


@dataclass(frozen=True)
class _Notice:
    """What has just been done, told where it led to until the expert goes elsewhere."""

    at: int | None
    item: int
    text: str
    fault: bool


def item() -> int | None:
    """The item that the address names; what is no number raises `InputError`."""
    given = st.query_params.get("item")
    if given is None:
        return None
    if not _NUMBER.fullmatch(given):
        raise InputError(f"item in the address must be a whole number, got {given[:40]!r}")
    return int(given)


def open_item(number: int) -> None:
    """Go to an item."""
    st.session_state.pop(_NOTICE, None)
    st.query_params["item"] = str(number)


def close_item() -> None:
    """Go back to the list."""
    st.session_state.pop(_NOTICE, None)
    st.query_params.pop("item", None)


def work_list() -> WorkList:
    """The list that was looked at last."""
    kept: WorkList = st.session_state.get(_LIST) or WorkList()
    return kept


def keep_list(known: WorkList) -> None:
    """Remember the list, so that the items follow each other in its order."""
    st.session_state[_LIST] = known


def go_on(store: LabelStore, actor: Actor, done: int, text: str) -> None:
    """Say that an item is done, and go to the next one of the list; after the last to the first."""
    filters = work_list().filters
    following = store.search.around(actor, filters, done).older
    if following is None:
        first = store.search(actor, filters, most=1).items
        following = first[0].task.id if first and first[0].task.id != done else None
    open_item(following) if following is not None else close_item()
    st.session_state[_NOTICE] = _Notice(following, done, text, fault=False)


def tell_fault(at: int, text: str) -> None:
    """Say at an item why something was not done."""
    st.session_state[_NOTICE] = _Notice(at, at, text, fault=True)


def show_notice(at: int | None) -> None:
    """Draw what there is to say at an item, or at the list."""
    notice: _Notice | None = st.session_state.get(_NOTICE)
    if notice is None or notice.at != at:
        return
    if notice.fault:
        st.error(plain(notice.text), icon=":material/error:")
        return
    with st.container(horizontal=True, vertical_alignment="center", key="review_done"):
        st.success(plain(notice.text), icon=":material/check:", width="stretch")
        st.button(
            f"Back to item {notice.item}",
            key=f"review_back_{notice.item}",
            on_click=open_item,
            args=(notice.item,),
        )


def link(page: str, number: int) -> str:
    """The address at which an item stays to be found.

    >>> link("http://localhost:8501/review?item=3#top", 17)
    'http://localhost:8501/review?item=17'
    """
    parts = urlsplit(page)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, f"item={number}", ""))
