"""Predict the AQI from a photo, its place and readings, any of them absent, and explain it."""

import streamlit as st

from aqfusion.explain.explanation_text import place_sentence
from aqfusion.ui import (
    contribution_form,
    formula_view,
    haze_view,
    inputs,
    page,
    reading_input,
    result_view,
    usage,
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
result_card = result_column.container(border=True, key="card_result")
with result_column.container(border=True, height="stretch", key="card_sensors"):
    st.subheader("Readings", anchor=False)
    inputs.choose_reading()

user_inputs = inputs.current(model)
result = user_inputs.result()
with photo_card.container(key="haze"):
    haze_view.render_haze(user_inputs, result)
with result_card, st.container(horizontal=True, vertical_alignment="center", key="result_head"):
    st.subheader("Air Quality Index", anchor=False, width="stretch")
    standard = formula_view.choose()
if result is None:
    with result_card.container(key="result_aqi"):
        inputs.explain_no_prediction(user_inputs)
    contribution_form.render_contribution_form(user_inputs)
    usage.note(user_inputs)
    page.end()
    st.stop()

with result_card.container(key="result_aqi"):
    formula = formula_view.beside(user_inputs.reading, standard, user_inputs.unstated)
    why = formula_view.why(result, user_inputs.reading, standard, user_inputs.unstated)
    place = place_sentence(result, model.checkpoint.sha256)
    st.html(result_view.headline(result, formula, why or place))
with st.container(border=True, key="card_details"):
    left, right = st.columns([6, 7], gap="medium")
    left.html(result_view.advice(result.fused.category))
    left.html(result_view.modalities(result))
    left.html(result_view.probabilities(result.fused))
    right.subheader("Official formulas", anchor=False)
    right.html(formula_view.formulas(user_inputs.reading, user_inputs.unstated))
with st.container(border=True, key="card_why"):
    st.subheader("Explanation", anchor=False)
    attribution_view.render_short(user_inputs, result)
contribution_form.render_contribution_form(user_inputs)
usage.note(user_inputs)
page.end(model)
