"""Predict many photos, or the rows of a table, at once, and hand the results over as a file."""

import streamlit as st

from aqfusion.ui import cached_models, inputs, page
from aqfusion.ui.batch import batch_view, upload_view
from aqfusion.ui.sites import site_choice

page.begin(
    "Many photos at once",
    "Upload photos of the sky, a table of readings, or both, and download the AQI of each.",
)
inputs.prepare()
model = page.model()
with st.container(border=True, key="card_batch"):
    batch = upload_view.choose(model)
with st.container(border=True, key="card_batch_results"):
    st.subheader("Results", anchor=False)
    batch_view.render_batch(cached_models.at(model, site_choice.current(model)), batch)
page.end(model)
