"""What a visitor takes home: a picture to share, a file to repeat it, a link to the readings."""

import json
from datetime import UTC, datetime

import streamlit as st

from aqfusion.explain.card import card
from aqfusion.explain.paper import as_png
from aqfusion.explain.report import Inputs, Report, as_json, report_of
from aqfusion.ui import models, reading_link
from aqfusion.ui.inputs import Given


@st.fragment
def show(given: Given) -> None:
    """Draw the two downloads, each made when it is asked for, and the link."""
    left, right = st.columns(2)
    with left:
        st.markdown(
            "The card is one picture to share. The report holds everything needed to repeat this "
            "prediction: inputs, model and its checksum, results; "
            "`python -m aqfusion explain --repeat` does so."
        )
        with st.container(horizontal=True, gap="small"):
            st.download_button(
                "Card as PNG",
                lambda: _card(given),
                "aqfusion-card.png",
                "image/png",
                key="take_card",
                on_click="ignore",
                icon=":material/image:",
            )
            st.download_button(
                "Report as JSON",
                lambda: json.dumps(as_json(_report(given)), indent=2, allow_nan=False),
                "aqfusion-report.json",
                "application/json",
                key="take_report",
                on_click="ignore",
                icon=":material/data_object:",
            )
    with right:
        reading_link.show(given.reading, given.unstated)


def _report(given: Given) -> Report:
    inputs = Inputs(given.reading, given.photo, given.trusted, not given.unstated)
    return report_of(given.model, inputs, datetime.now(UTC), given.embedding)


def _card(given: Given) -> bytes:
    heat = None
    if given.photo is not None and given.usable is not None:
        heat = models.heat_map(given.model, given.photo, "GradCAM", "raises")
    return as_png(card(_report(given), heat))
