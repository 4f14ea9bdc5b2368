"""Where an expert is: at the item that the address names, within a work list, or at the list."""

import uuid
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from aqfusion.labels.search import Filters
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor
from aqfusion.text_validation import read_whole_number

_LIST, _NOTICE = "review_list", "review_notice"


@dataclass(frozen=True)
class WorkList:
    """The list that was looked at last: its name and what its items must be."""

    name: str = "Conflicts"
    filters: Filters = Filters(("conflict",))  # noqa: RUF009 - frozen


@dataclass(frozen=True)
class Notice:
    """The message at an item (`None`: at the list) until the expert goes elsewhere.

    `item` is the one that it is of, `about` what was tried in vain; `None` for what has been
    done. `once` tells one from another that says the same.
    """

    at: int | None
    item: int
    text: str
    about: str | None
    once: str = field(default_factory=lambda: uuid.uuid4().hex)


def item() -> int | None:
    """The item that the address names; what is no number raises `InputError`."""
    raw = st.query_params.get("item")
    if raw is None:
        return None
    return read_whole_number(raw, "item in the address", 0, 10**18 - 1)


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


def keep_list(work_list: WorkList) -> None:
    """Remember the list, so that the items follow each other in its order."""
    st.session_state[_LIST] = work_list


def go_on(store: LabelStore, actor: Actor, done: int, text: str) -> None:
    """Say that an item is done, and go to the next one of the list; after the last to the first."""
    filters = work_list().filters
    following = store.search.around(actor, filters, done).older
    if following is None:
        first = store.search(actor, filters, most=1).items
        following = first[0].task.id if first and first[0].task.id != done else None
    open_item(following) if following is not None else close_item()
    st.session_state[_NOTICE] = Notice(following, done, text, None)


def tell_fault(at: int, about: str, text: str) -> None:
    """Say at an item, beside what was tried, why it was not done."""
    st.session_state[_NOTICE] = Notice(at, at, text, about)


def notice(at: int | None) -> Notice | None:
    """The message at an item, or at the list."""
    kept: Notice | None = st.session_state.get(_NOTICE)
    return kept if kept is not None and kept.at == at else None


def link(page: str, number: int) -> str:
    """The address at which an item stays to be found.

    >>> link("http://localhost:8501/review?item=3#top", 17)
    'http://localhost:8501/review?item=17'
    """
    parts = urlsplit(page)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, f"item={number}", ""))
