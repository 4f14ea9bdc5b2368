"""Predict the AQI from a photo, readings, or both, and say in short why."""

import streamlit as st

from aqfusion.ui import contribute, counted, formula_view, inputs, page, reading_link, result_view
from aqfusion.ui.explain import short_view

page.begin(
    "How clean is this air?",
    "Choose a photo of the sky, add what your sensors say, and read the Air Quality Index.",
)
inputs.prepare()
reading_link.restore()
model = page.model()

upper = st.columns([6, 7], gap="medium")
lower = st.columns([6, 7], gap="medium")
with upper[0].container(border=True, height="stretch", key="card_photo"):
    st.subheader("Photo", anchor=False)
    inputs.choose_photo(model)
with lower[0].container(border=True, height="stretch", key="card_sensors"):
    st.subheader("Readings", anchor=False)
    inputs.choose_reading()

given = inputs.current(model)
result = given.result()
result_card = upper[1].container(border=True, height="stretch", key="card_result")
result_card.subheader("Air Quality Index", anchor=False)
if result is None:
    with result_card.container(key="result_aqi"):
        st.info("Nothing to go on yet: choose a photo or switch a reading on.")
    page.end()
    st.stop()

with result_card.container(key="result_aqi"):
    st.html(result_view.headline(result))
    st.html(result_view.modalities(result))
with lower[1].container(border=True, height="stretch", key="card_details"):
    st.html(result_view.probabilities(result.fused))
    st.subheader("By the official formulas", anchor=False)
    st.html(formula_view.formulas(given.reading))
with st.container(border=True, key="card_why"):
    st.subheader("Why this number?", anchor=False)
    short_view.show(given, result)
contribute.show(given)
counted.note(given)
page.end(model)
