"""Predict the AQI from a photo, its place and readings, any of them absent, and explain it."""

import streamlit as st

from aqfusion.ui import (
    contribution_form,
    formula_view,
    haze_view,
    inputs,
    page,
    prediction_view,
    reading_input,
)
from aqfusion.ui.explain import attribution_view

page.begin(
    "How clean is this air?",
    "Choose a photo of the sky, add the readings of your sensors, and see the Air Quality Index.",
)
inputs.prepare()
reading_input.restore()
model = page.model()

photo_column, result_column = st.columns([6, 7], gap="medium")
photo_card = photo_column.container(border=True, height="stretch", key="card_photo")
with photo_card:
    st.subheader("Photo", anchor=False)
    inputs.choose_photo(model)
prediction = inputs.CurrentPrediction(model, inputs.current(model))
with result_column.container(border=True, key="card_result"):
    with st.container(horizontal=True, vertical_alignment="center", key="result_head"):
        st.subheader("Air Quality Index", anchor=False, width="stretch")
        standard = formula_view.choose()
    with st.container(key="result_aqi"):
        prediction_view.render_answer(prediction, standard)
with photo_card.container(key="haze"):
    haze_view.render_haze(prediction.inputs, prediction.result)
redrawn = (prediction_view.ANSWER, prediction_view.DETAILS, attribution_view.WHY)
with result_column.container(border=True, height="stretch", key="card_sensors"):
    st.subheader("Readings", anchor=False)
    offered = contribution_form.redrawn(prediction.inputs)
    inputs.choose_reading(() if prediction.result is None else (*redrawn, *offered))

if prediction.result is not None:
    with st.container(border=True, key="card_details"):
        prediction_view.render_details(prediction)
    with st.container(border=True, key="card_why"):
        st.subheader("Explanation", anchor=False)
        attribution_view.render_short(prediction)
contribution_form.render_contribution_form(prediction)
page.end(None if prediction.result is None else model)
