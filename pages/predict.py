"""Predict the AQI from a photo, readings, or both."""

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui import (
    formula_view,
    models,
    page,
    photo_input,
    presets,
    reading_link,
    result_view,
    sensor_input,
)

page.begin(
    "How clean is this air?",
    "Choose a photo of the sky, add what your sensors say, and read the Air Quality Index.",
)
photo_input.prepare()
sensor_input.prepare()
reading_link.restore()


def reset() -> None:
    """Start again as the page was first seen."""
    photo_input.reset()
    sensor_input.reset()


try:
    model = models.predictor()
except InputError as error:
    st.error(f"The model cannot be used: {error}", icon=":material/error:")
    page.end()
    st.stop()

upper = st.columns([6, 7], gap="medium")
lower = st.columns([6, 7], gap="medium")
with upper[0].container(border=True, height="stretch", key="card_photo"):
    st.subheader("Photo", anchor=False)
    photo = photo_input.choose()
    embedding = models.embedding(model, photo) if photo else None
    trusted = bool(
        photo and embedding and embedding.problem and photo_input.trust(photo, embedding.problem)
    )
with lower[0].container(border=True, height="stretch", key="card_sensors"):
    st.subheader("Readings", anchor=False)
    with st.container(horizontal=True, gap="small", key="sensor_presets"):
        for name, preset in presets.PRESETS.items():
            st.button(name, key=f"preset_{name}", on_click=sensor_input.fill, args=(preset,))
        st.button(
            "Reset", key="reset", icon=":material/restart_alt:", type="tertiary", on_click=reset
        )
    reading = sensor_input.choose()

result_card = upper[1].container(border=True, height="stretch", key="card_result")
result_card.subheader("Air Quality Index", anchor=False)
if photo is None and not reading.present:
    with result_card.container(key="result_aqi"):
        st.info("Nothing to go on yet: choose a photo or switch a reading on.")
    page.end()
    st.stop()

result = model.predict(reading, embedding, trust_photo=trusted)
with result_card.container(key="result_aqi"):
    st.html(result_view.headline(result))
    st.html(result_view.modalities(result))
with lower[1].container(border=True, height="stretch", key="card_details"):
    st.html(result_view.probabilities(result.fused))
    st.subheader("By the official formulas", anchor=False)
    st.html(formula_view.formulas(reading))
page.end()
