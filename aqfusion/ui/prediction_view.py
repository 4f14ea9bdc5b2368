"""What the Predict page answers: fragments, so that a moved slider runs them and not the page."""

import streamlit as st

from aqfusion.air.aqi import Standard
from aqfusion.explain.explanation_text import place_sentence
from aqfusion.ui import formula_view, heavy_work, inputs, page, result_view, usage

ANSWER, DETAILS = "predict_answer", "predict_details"


@st.fragment(key=ANSWER)
@heavy_work.shown_busy("answer")
def render_answer(prediction: inputs.CurrentPrediction, standard: Standard) -> None:
    """Draw the number, or why there is none."""
    page.shorten()  # for runs of fragments too: what is imported late is imported after the page
    prediction.update()
    now, result = prediction.inputs, prediction.result
    if result is None:
        inputs.explain_no_prediction(now)
    else:
        formula = formula_view.beside(now.reading, standard, now.unstated)
        why = formula_view.why(result, now.reading, standard, now.unstated)
        place = place_sentence(result, now.model.checkpoint.sha256)
        st.html(result_view.headline(result, formula, why or place))
    usage.note(now)


@st.fragment(key=DETAILS)
@heavy_work.shown_busy("details")
def render_details(prediction: inputs.CurrentPrediction) -> None:
    """Draw advice, each input alone, probabilities and the official formulas."""
    prediction.update()
    now, result = prediction.inputs, prediction.result
    if result is None:
        return
    left = (
        result_view.advice(result.fused.category),
        result_view.modalities(result),
        result_view.probabilities(result.fused),
    )
    right = '<h3 class="aq-heading">Official formulas</h3>' + formula_view.formulas(
        now.reading, now.unstated
    )
    st.html(
        f'<div class="aq-columns"><div class="aq-stack">{"".join(left)}</div>'
        f'<div class="aq-stack">{right}</div></div>'
    )
