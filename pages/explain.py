"""Explain the prediction in full: saliency, attribution, counterfactuals."""

import streamlit as st

from aqfusion.explain.attribution import ablations, contributions
from aqfusion.ui import inputs, page, reading_input, result_view, usage
from aqfusion.ui.chart_style import png_button
from aqfusion.ui.deferred_parts import DeferredParts
from aqfusion.ui.explain import (
    export_view,
    model_comparison_view,
    photo_evidence_view,
    similar_photos_view,
    text,
    what_if_view,
)
from aqfusion.ui.explain.charts import ablation_chart, waterfall_chart

page.begin(
    "Explanation of the prediction",
    "How the photo and each reading affected the AQI, and what would change it.",
)
inputs.prepare()
reading_input.restore()
model = page.model()

choices = st.expander("Change photo and readings", key="explain_inputs", on_change="rerun")
if choices.open:  # closed, it would still cost the time to draw
    left, right = choices.columns([6, 7], gap="medium")
    with left:
        inputs.choose_photo(model)
    with right:
        inputs.choose_reading()
user_inputs = inputs.current(model)
result = user_inputs.result()
if result is None:
    inputs.explain_no_prediction(user_inputs)
    usage.note(user_inputs)
    page.end()
    st.stop()

parts = DeferredParts()
st.container(key="result_aqi").html(
    result_view.brief(result) + text.place(result, user_inputs.model.checkpoint.sha256)
)
with st.container(border=True, key="exhibit_map"):
    st.subheader("Saliency map", anchor=False)
    photo_evidence_view.render_map(user_inputs, result, parts)

photo_evidence_view.render_landmark(user_inputs, result)

input_coalitions = user_inputs.scene.coalitions()
left, right = st.columns(2)
with left.container(border=True, height="stretch", key="exhibit_shapley"):
    st.subheader("Contribution of each input", anchor=False)
    st.markdown(text.SHAPLEY)
    st.plotly_chart(
        waterfall_chart(
            contributions(input_coalitions), input_coalitions.present, user_inputs.reading
        ),
        width="stretch",
        key="chart_waterfall",
        config=png_button("aqfusion-contributions"),
        alt=(
            "Waterfall chart from the prediction without any input to the prediction with all "
            "inputs"
        ),
    )
with right.container(border=True, height="stretch", key="exhibit_ablation"):
    st.subheader("Prediction without parts of the input", anchor=False)
    st.markdown(text.ABLATION)
    st.plotly_chart(
        ablation_chart(ablations(input_coalitions)),
        width="stretch",
        key="chart_ablation",
        config=png_button("aqfusion-ablation"),
        alt="The predicted AQI from parts of the input, with intervals",
    )
with st.container(border=True, key="exhibit_what_if"):
    st.subheader("What-if analysis", anchor=False)
    what_if_view.render_what_if(user_inputs, result)
model_comparison_view.render_model_comparison(
    user_inputs.photo,
    user_inputs.reading,
    user_inputs.trusted,
    site=user_inputs.model.site,
    taken_at=user_inputs.model.taken_at,
    extinction=user_inputs.model.extinction,
    parts=parts,
)
if user_inputs.photo and user_inputs.embedding:
    similar_photos_view.render_similar_photos(
        model, user_inputs.photo, user_inputs.embedding, result.image_only
    )
with st.container(border=True, key="exhibit_take_away"):
    st.subheader("Export", anchor=False)
    export_view.render_export(user_inputs)
usage.note(user_inputs)
page.end(model)
parts.finish()
