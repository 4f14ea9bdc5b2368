"""My places: their measured days, and the effect of these on the next photo."""

import streamlit as st

from aqfusion.ui import inputs, page
from aqfusion.ui.sites import (
    add_day,
    days_list,
    export_view,
    landmark_view,
    site_choice,
    site_prediction_view,
)

page.begin(
    "My places",
    "A photo predicts the AQI far better at a place where the AQI has been measured before. Name "
    "a place, add the AQI of a few days, and see how each day changes the prediction.",
)
inputs.prepare()
model = page.model()
if model.checkpoint.sites is None:
    st.warning("This model has an older format: it cannot use the measured days of a place.")
own = site_choice.select_site()
if own is None:
    page.end(model)
    st.stop()

left, right = st.columns([6, 7], gap="medium")
with right.container(border=True, key="card_says"):
    st.subheader("Prediction for this place", anchor=False)
    moved = site_prediction_view.render_says(inputs.current(model), own.with_recent_days)
with left.container(border=True, key="card_add_day"):
    st.subheader("Add a day", anchor=False)
    add_day.render_add_day(model, own, moved)
with st.container(border=True, key="card_days"):
    st.subheader("Measured days", anchor=False)
    days_list.render_days_list(model, own, moved)
landmarks = st.expander("Landmarks", key="mysite_landmarks", on_change="rerun")
if landmarks.open:  # closed, it would still cost the time to look for them
    with landmarks:
        landmark_view.render_landmark(model, own)
with st.container(border=True, key="card_away"):
    st.subheader("Save or export", anchor=False)
    export_view.render_export(own)
page.end(model)
