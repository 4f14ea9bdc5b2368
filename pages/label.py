"""Show one photo at a time, and keep what a person says of it."""

import streamlit as st

from aqfusion.ui import page
from aqfusion.ui.labels import (
    account,
    item_view,
    pace_view,
    queue_filter,
    same_view_strip,
    scoring_view,
    team_view,
)
from aqfusion.ui.labels.desk import desk
from aqfusion.ui.versions import gain_view

page.begin("Label", "One photo, one key. What you say is kept at once, and trains the model later.")
actor = account.require("annotator")


@st.fragment
def work() -> None:
    """All that changes from item to item; what stands below the desk moves none of its buttons."""
    on = desk(actor)
    with st.container(key="label_card"):
        item_view.show(on)
    if on.leased is None:
        with st.container(key="label_end"):
            st.caption("Items that you skipped are under More.")
    with st.container(horizontal=True, vertical_alignment="center", key="label_below"):
        same_view_strip.button(on)
        queue_filter.show(on)
        team_view.show(on)
        more = st.popover("More", key="label_more", on_change="rerun")
        if more.open:
            with more:
                pace_view.goal(on)
                st.markdown("**Skipped**")
                pace_view.skipped(on)
    same_view_strip.look(on)


work()
gain_view.line()
scoring_view.note()
page.end()
