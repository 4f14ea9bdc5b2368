"""Exports of a prediction: a picture to share, a file to repeat it, a link to the readings."""

import json
from datetime import UTC, datetime

import streamlit as st

from aqfusion.explain.report import Inputs, PredictionReport, as_json, report_of
from aqfusion.explain.share_card import card
from aqfusion.explain.text_layout import as_png
from aqfusion.ui import cached_models, heavy_work, reading_input
from aqfusion.ui.inputs import PredictionInputs


@st.fragment
@heavy_work.shown_busy("export")
def render_export(inputs: PredictionInputs) -> None:
    """Draw the two downloads, each made on request, and the link."""
    left, right = st.columns(2)
    with left:
        st.markdown(
            "The card is a picture to share. The report contains everything that is needed to "
            "repeat this prediction: the inputs, the model with its checksum, and the results. "
            "`python -m aqfusion explain --repeat` does so."
        )
        with st.container(horizontal=True, gap="small"):
            st.download_button(
                "Card as PNG",
                lambda: _card(inputs),
                "aqfusion-card.png",
                "image/png",
                key="take_card",
                on_click="ignore",
                icon=":material/image:",
            )
            st.download_button(
                "Report as JSON",
                lambda: json.dumps(as_json(_report(inputs)), indent=2, allow_nan=False),
                "aqfusion-report.json",
                "application/json",
                key="take_report",
                on_click="ignore",
                icon=":material/data_object:",
            )
    with right:
        reading_input.render_reading_link(inputs.reading, inputs.unstated)


def _report(inputs: PredictionInputs) -> PredictionReport:
    report_inputs = Inputs(inputs.reading, inputs.photo, inputs.trusted, not inputs.unstated)
    return report_of(inputs.model, report_inputs, datetime.now(UTC), inputs.embedding)


def _card(inputs: PredictionInputs) -> bytes:
    heat = None
    if inputs.photo is not None and inputs.usable is not None:
        heat = cached_models.heat_map(inputs.model, inputs.photo, "GradCAM", "raises")
    return as_png(card(_report(inputs), heat))
