"""The photo beside its map: by any method, for the AQI or a category."""

from html import escape

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.errors import InputError
from aqfusion.explain.haze_evidence import HEIGHTS
from aqfusion.explain.overlay import colour_bar
from aqfusion.explain.targets import METHOD_NAMES
from aqfusion.metrics import HeatMaps
from aqfusion.model.predict import Result
from aqfusion.ui import figures_found, models
from aqfusion.ui.explain import words
from aqfusion.ui.explain.contribution_view import bars
from aqfusion.ui.inputs import Given


@st.fragment
def show(inputs: Given, result: Result) -> None:
    """Draw choices and both pictures, or the reason why there is no map."""
    st.markdown(f"{words.HAZE_MAP} {words.MAP}" if result.haze else words.MAP)
    if inputs.photo is None or inputs.usable is None:
        why = "The photo is left out, so there is no map." if inputs.photo else "No photo, no map."
        st.html(f'<div class="aq aq-nophoto aq-muted">{why}</div>')
        return
    targets = [*words.TARGETS, *(category.name for category in standard("us").categories)]
    choices = st.columns(3)
    target = choices[0].selectbox(
        "Explain",
        targets,
        format_func=lambda name: _target(name, result),
        key="explain_target",
    )
    method = choices[1].selectbox("Method", METHOD_NAMES, key="explain_method", help=words.METHODS)
    opacity = choices[2].slider("Opacity", 0, 100, 60, 5, format="%d %%", key="explain_opacity")
    saliency_map = models.heat_map(inputs.model, inputs.photo, method, target)
    left, right = st.columns(2)
    with left.container(key="explain_photo"):
        st.image(inputs.photo.image, width="stretch", alt="The photo as it is")
    with right.container(key="explain_map"):
        st.image(
            models.marked(inputs.model, inputs.photo, method, target, opacity / 100),
            width="stretch",
            alt=f"The photo, marked where the network found {_target(target, result)}",
        )
    stops = ", ".join(colour_bar())
    st.html(
        '<div class="aq aq-small aq-colours"><span>little</span>'
        f'<i style="background:linear-gradient(to right, {escape(stops)})"></i>'
        "<span>most of this photo's evidence</span></div>"
    )
    st.html(f'<p class="aq aq-small">{escape(words.trust(method, _measured(inputs)))}</p>')
    if saliency_map.empty:
        st.info("No region of this photo speaks for that.")
    by_height = models.haze_evidence(inputs.model, inputs.photo)
    rows = {height.capitalize(): points for height, points in zip(HEIGHTS, by_height, strict=True)}
    st.html(
        f'<div class="aq aq-small"><p>{escape(words.share(result.photo_share))} '
        f"{escape(words.branches(inputs.model))}</p>{bars(rows)}</div>"
    )


def _target(name: str, result: Result) -> str:
    """The choice of the map's target: the haze score, where the model has one."""
    targets = words.HAZE_TARGETS if result.haze else words.TARGETS
    return targets.get(name, f"what looks {name}")


def _measured(inputs: Given) -> HeatMaps | None:
    """The evaluation of this backbone's saliency maps, if there is one."""
    try:
        metrics = figures_found.metrics()
    except InputError:
        return None  # the sentence then says that nothing was measured
    run = metrics.run("leak-safe", inputs.model.checkpoint.network.architecture.backbone)
    return run.heat_maps if run else None
