"""Attribution of the AQI to each input as bars, and the short answer to "why?"."""

from collections.abc import Mapping
from contextlib import suppress
from html import escape

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from aqfusion.air.readings import Reading
from aqfusion.explain.attribution import LANDMARKS, SITE, Attribution, contributions
from aqfusion.explain.explanation_text import moved
from aqfusion.explain.saliency_targets import RAISES, HeatMapError
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Predictor, Result
from aqfusion.ui import cached_models, heavy_work
from aqfusion.ui.cached_models import StillComputedError
from aqfusion.ui.explain import text
from aqfusion.ui.inputs import CurrentPrediction, PredictionInputs
from aqfusion.ui.markup import show_error

_LEAST_SCALE = 60.0  # AQI points: small contributions should look small


def contribution_bars(
    attribution: Attribution,
    input_names: tuple[str, ...],
    reading: Reading,
    knows_places: bool = True,
) -> str:
    """One row per input, present or not: raised to the right, lowered to the left.

    A model that knows no sites has no row for one; without landmarks there is none for them.
    """
    rows = {
        text.with_amount(name, reading): points if name in input_names else None
        for name, points in attribution.points.items()
        if (name != SITE or knows_places) and (name != LANDMARKS or name in input_names)
    }
    return (
        '<div class="aq aq-small"><div class="aq-title">Contribution of each input</div>'
        f'<p class="aq-muted">Without any input, the model predicts {attribution.base:.0f}. '
        f"The inputs change this to {attribution.aqi:.0f}:</p>"
        f"{bars(rows)}</div>"
    )


def bars(points: Mapping[str, float | None]) -> str:
    """A row per name: AQI points raised to the right, lowered to the left, `None` not given."""
    moves = [abs(value) for value in points.values() if value is not None]
    scale = max([_LEAST_SCALE, *moves])
    rows = "".join(
        f'<span class="aq-muted">{escape(name)}</span><div class="aq-move"></div>'
        '<span class="aq-value aq-muted">not given</span>'
        if value is None
        else _row(name, value, scale)
        for name, value in points.items()
    )
    return f'<div class="aq-rows aq-moves">{rows}</div>'


def _row(name: str, points: float, scale: float) -> str:
    side, length = ("left" if points > 0 else "right"), 50 * abs(points) / scale
    kind = "aq-up" if points > 0 else "aq-down"
    return (
        f'<span>{escape(name)}</span><div class="aq-move"><i class="{kind}" '
        f'style="{side}:50%;width:{length:.1f}%"></i></div>'
        f'<span class="aq-value">{moved(points)}</span>'
    )


_OPACITY = 0.6
_AGAIN = 1.0  # seconds until a map that was not there is asked for again
WHY = "predict_why"


def render_short(prediction: CurrentPrediction) -> None:
    """Draw both; the map comes last, because it is the slower one."""
    left, right = st.columns([6, 7], gap="medium")
    with right:
        _contributions(prediction)
        # A button, not a link: Streamlit refuses to draw a link to a page it has not met yet.
        if st.button("Full explanation", key="explain_open", icon=":material/search_insights:"):
            st.switch_page("pages/explain.py")
    if prediction.result is not None:
        with left.container(key="why_map"):
            _map(prediction.inputs, prediction.result)


@st.fragment(key=WHY)
@heavy_work.shown_busy("why")
def _contributions(prediction: CurrentPrediction) -> None:
    """All of the explanation that a moved slider changes; the map is of the photo alone."""
    prediction.update()
    inputs, result = prediction.inputs, prediction.result
    if result is None:
        return
    coalitions = inputs.scene.coalitions()
    bars = contribution_bars(
        contributions(coalitions),
        coalitions.present,
        inputs.reading,
        inputs.model.checkpoint.sites is not None,
    )
    share = "" if inputs.usable is None else escape(text.share(result.photo_share))
    st.html(f'{bars}<p class="aq aq-small aq-muted aq-share">{share}</p>')


def _map(inputs: PredictionInputs, result: Result) -> None:
    if inputs.photo is None or inputs.usable is None:
        why = (
            "The photo is left out."
            if inputs.photo
            else "There is no photo, so there is no saliency map."
        )
        st.html(f'<div class="aq aq-nophoto aq-muted">{why}</div>')
        return
    try:
        picture = _marked(inputs.model, inputs.photo)
    except StillComputedError:
        st.image(inputs.photo.image, width="stretch", alt="The photo")
        st.caption("The saliency map is being computed ...")
        _await_map(inputs.model, inputs.photo)
        return
    except HeatMapError as error:
        show_error(error)
        return
    st.image(
        picture,
        width="stretch",
        alt="The photo, brighter where the network found evidence for dirtier air",
    )
    st.caption(f"Marked: evidence for {'a higher haze score' if result.haze else 'dirtier air'}.")


def _marked(model: Predictor, photo: Photo) -> bytes:
    return cached_models.marked(model, photo, "GradCAM", RAISES, _OPACITY, wait=False)


@st.fragment(run_every=_AGAIN)
@heavy_work.shown_busy("why_map")
def _await_map(model: Predictor, photo: Photo) -> None:
    """Let the page run anew once the map is there; a run that waits for it would let none in."""
    context = get_script_run_ctx()
    if context is None or not context.fragment_ids_this_run:
        return  # the page has just asked for it
    with suppress(HeatMapError):
        try:
            _marked(model, photo)
        except StillComputedError:
            return
    st.rerun()
