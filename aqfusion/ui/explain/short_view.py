"""The short answer to "why?": the photo's map and what each input did."""

import streamlit as st

from aqfusion.explain.shapley import contributions
from aqfusion.explain.targets import RAISES
from aqfusion.model.predict import Result
from aqfusion.ui import models
from aqfusion.ui.explain import words
from aqfusion.ui.explain.contribution_view import contribution_bars
from aqfusion.ui.inputs import Given

_OPACITY = 0.6


def show(inputs: Given, result: Result) -> None:
    """Draw both; the map comes last, because it is the slower one."""
    left, right = st.columns([6, 7], gap="medium")
    scene = inputs.scene
    coalitions = scene.coalitions()
    with right:
        st.html(
            contribution_bars(
                contributions(coalitions),
                coalitions.present,
                inputs.reading,
                inputs.model.checkpoint.sites is not None,
            )
        )
        # A button, not a link: Streamlit refuses to draw a link to a page it has not met yet.
        if st.button("Explain in full", key="explain_open", icon=":material/search_insights:"):
            st.switch_page("pages/explain.py")
    with left.container(key="why_map"):
        _map(inputs, result)


def _map(inputs: Given, result: Result) -> None:
    if inputs.photo is None or inputs.usable is None:
        why = "The photo is left out." if inputs.photo else "No photo, so there is no map."
        st.html(f'<div class="aq aq-nophoto aq-muted">{why}</div>')
        return
    st.image(
        models.marked(inputs.model, inputs.photo, "GradCAM", RAISES, _OPACITY),
        width="stretch",
        alt="The photo, brighter where the network found what speaks for dirtier air",
    )
    st.caption(
        f"Marked: what speaks for {'a higher haze score' if result.haze else 'dirtier air'}. "
        f"{words.share(result.photo_share)}"
    )
