"""Show stations that measure air, and put a station's readings into the sliders."""

import streamlit as st

from aqfusion.ui import heavy_work, inputs, page
from aqfusion.ui.stations import explorer, live_view, sources, timeline, upload_view

page.begin(
    "Measuring stations",
    "Choose a station to copy its readings into the sliders of the Predict page.",
)
inputs.prepare()

name = st.segmented_control(
    "Source of the stations",
    list(sources.SAYS),
    default=sources.SAMPLE,
    required=True,
    key="stations_choice_source",
    persist_state="session",
    label_visibility="collapsed",
)
st.caption(sources.SAYS[name])
if name == sources.OWN:
    source = upload_view.choose()
elif name == sources.LIVE:
    source = live_view.choose()
else:
    source = sources.sample()
if source is None:
    page.end()
    st.stop()
chosen: sources.Source = source  # the fragment outlives this run, and the check above


@st.fragment(run_every=timeline.pace())
@heavy_work.shown_busy("stations")
def moving() -> None:
    """Run by itself while the time plays; the rest of the page stays."""
    explorer.render_explorer(chosen)


moving()
page.end()
