"""Show one photo at a time, and keep what a person says of it."""

import streamlit as st

from aqfusion.ui import page
from aqfusion.ui.labels import account, answer_form, item_view, pace_view
from aqfusion.ui.labels.desk import ASSISTED, BLIND, Desk, back, desk, keep_mode, skip, undo
from aqfusion.ui.versions import gain_view

page.begin("Label", "One photo, one key. What you say is kept at once, and trains the model later.")
actor = account.require("annotator")
gain_view.line()


@st.fragment
def work() -> None:
    """All that changes from item to item."""
    on = desk(actor)
    bar = st.container(horizontal=True, vertical_alignment="center", key="label_bar")
    pace, last = st.container(), st.container(key="label_last")
    if on.leased is None:
        with st.container(key="label_end"):
            st.success("Nothing is waiting for you: every item has been answered.")
        with bar:
            ways(on)
    else:
        with bar:
            mode = ways(on)
        with st.container(key="label_card"):
            item_view.show(on, on.leased, mode)
        answer_form.remarks(on, on.leased.task)
    with last:
        item_view.last(on)
    with pace:
        pace_view.progress(on)


def ways(on: Desk) -> str:
    """How to label, which is returned, and the ways back and on."""
    mode = st.segmented_control(
        "How to label",
        [BLIND, ASSISTED],
        default=on.mode,
        required=True,
        format_func=str.capitalize,
        key="label_mode",
        persist_state="session",
        label_visibility="collapsed",
        help="Blind hides what the model says until you have answered.",
    )
    keep_mode(on, mode)
    st.button("Back", key="label_back", shortcut="b", on_click=back, args=(on,))
    st.button("Undo", key="label_undo", shortcut="u", on_click=undo, args=(on,))
    st.button("Skip", key="label_skip", shortcut="s", on_click=skip, args=(on,))
    more = st.popover("More", key="label_more", on_change="rerun")
    if more.open:
        with more:
            pace_view.goal(on)
            st.markdown("**Skipped**")
            pace_view.skipped(on)
    return mode


work()
page.end()
