"""Show one photo at a time, and keep what a person says of it."""

import streamlit as st

from aqfusion.ui import heavy_work, page
from aqfusion.ui.labels import (
    account,
    annotation_view,
    progress_view,
    queue_filter,
    scoring_view,
    similar_views,
)
from aqfusion.ui.labels.annotation_session import desk
from aqfusion.ui.registry import label_impact_view

page.begin(
    "Label",
    "One photo, one key. Each answer is saved at once and trains the model later.",
    layout="label_desk" if account.has_cookie() else "",
)
actor = account.require("annotator")


@st.fragment
@heavy_work.shown_busy("label")
def work() -> None:
    """All that changes from item to item; what stands below the desk moves none of its buttons."""
    on = desk(actor)
    with st.container(key="label_card"):
        annotation_view.render_item(on)
    if on.leased is None:
        with st.container(key="label_end"):
            st.caption("Items that you skipped are under More.")
    with st.container(horizontal=True, vertical_alignment="center", key="label_below"):
        similar_views.button(on)
        queue_filter.render_queue_filter(on)
        progress_view.render_team(on)
        more = st.popover("More", key="label_more", on_change="rerun")
        if more.open:
            with more:
                progress_view.goal(on)
                st.markdown("**Skipped**")
                progress_view.skipped(on)
    similar_views.look(on)


work()
label_impact_view.line()
scoring_view.note()
page.end()
