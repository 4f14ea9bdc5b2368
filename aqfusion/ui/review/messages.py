"""Places for messages to an expert, what was done or why not: always there, always as high.

A message that came and went would push the buttons of decisions under the pointer. So each place
is drawn empty too, and what does not fit scrolls inside it.
"""

from html import escape

import streamlit as st

from aqfusion.ui.review import place
from aqfusion.ui.review.place import Notice

__all__ = ["KEYS", "done", "fault", "keys"]

# Brings a message into view, wherever the page was left; `nearest` moves nothing that is seen.
_SHOW = (
    '<script>document.getElementById("{id}")?.scrollIntoView({{block: "nearest"}}); // {once}'
    "</script>"
)
KEYS = (
    *(("A, S, D, F", "accept the first, second, third, fourth answer"),),
    *(("1 to 6", "choose the category to overrule with"), ("E", "write the reason")),
    *(("O", "overrule"), ("B", "send back"), ("N, P", "next and previous item")),
    *(("U", "back to the item that was decided last"), ("L", "back to the list")),
    *(("Esc", "leave the text"), ("Ctrl+Enter", "send the form whose text is being written")),
    *(("A, X", "at a contribution: let it in, reject it"), ("?", "this list")),
)


def done(at: int | None) -> None:
    """Tell what was decided before this item, or at the list, with the way back to it."""
    notice = place.notice(at)
    success = notice if notice is not None and notice.about is None else None
    with st.container(horizontal=True, vertical_alignment="center", key="review_told"):
        _slot("done", success, "aq-slot-done", "status")
        if success is not None:
            st.button(
                f"Back to item {success.item}",
                key=f"review_back_{success.item}",
                icon=":material/undo:",
                shortcut="u",
                on_click=place.open_item,
                args=(success.item,),
            )


def fault(at: int, about: str) -> None:
    """Tell beside what it is about why a decision was not saved."""
    notice = place.notice(at)
    fault_notice = notice if notice is not None and notice.about == about else None
    _slot(about.replace(" ", "_"), fault_notice, "aq-slot-fault", "alert")


def keys() -> str:
    """The keys as HTML."""
    rows = "".join(f"<dt>{escape(key)}</dt><dd>{escape(does)}</dd>" for key, does in KEYS)
    return f'<dl class="aq aq-small aq-keys">{rows}</dl>'


def _slot(name: str, notice: Notice | None, kind: str, role: str) -> None:
    id = f"aq-slot-{name}"
    text = escape(notice.text[:1].upper() + notice.text[1:]) if notice else ""
    show = _SHOW.format(id=id, once=notice.once) if notice else ""
    st.html(
        f'<div class="aq aq-slot {kind if notice else ""}" id="{id}" role="{role}">'
        f"<p>{text}</p></div>{show}",
        unsafe_allow_javascript=True,  # all of the text is escaped
    )
