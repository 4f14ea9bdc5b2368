"""The photo beside its saliency map, and its landmarks with their extinction."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.errors import InputError
from aqfusion.explain.haze_saliency import HEIGHTS
from aqfusion.explain.photo_overlays import colour_bar, landmark_picture
from aqfusion.explain.saliency_targets import METHOD_NAMES, HeatMapError
from aqfusion.images.photo import Photo
from aqfusion.metrics import SaliencyMetrics
from aqfusion.model.predictor import Result
from aqfusion.ui import cached_metrics, cached_models, heavy_work
from aqfusion.ui.deferred_parts import DeferredParts
from aqfusion.ui.explain import text
from aqfusion.ui.explain.attribution_view import bars
from aqfusion.ui.inputs import PredictionInputs
from aqfusion.ui.markup import data_url, plain, plain_list, show_error
from aqfusion.ui.sites.landmark_reading import days_with_landmarks, meaning, table

_PENDING = (480, 480)  # pixels at most


@st.fragment
@heavy_work.shown_busy("map")
def render_map(inputs: PredictionInputs, result: Result, parts: DeferredParts) -> None:
    """Draw choices and both pictures, or the reason why there is no map."""
    st.markdown(f"{text.HAZE_MAP} {text.MAP}" if result.haze else text.MAP)
    if inputs.photo is None or inputs.usable is None:
        why = (
            "The photo is left out, so there is no saliency map."
            if inputs.photo
            else "There is no photo, so there is no saliency map."
        )
        st.html(f'<div class="aq aq-nophoto aq-muted">{why}</div>')
        return
    targets = [*text.TARGETS, *(category.name for category in standard("us").categories)]
    choices = st.columns(3)
    target = choices[0].selectbox(
        "Explain",
        targets,
        format_func=lambda name: _target(name, result),
        key="explain_target",
    )
    method = choices[1].selectbox("Method", METHOD_NAMES, key="explain_method", help=text.METHODS)
    opacity = choices[2].slider("Opacity", 0, 100, 60, 5, format="%d %%", key="explain_opacity")
    photo = inputs.photo
    left, right = st.columns(2)
    with left.container(key="explain_photo"):
        st.image(photo.image, width="stretch", alt="The photo as it is")
    with right.container(key="explain_map"):
        place = st.empty()
    stops = ", ".join(colour_bar())
    st.html(
        '<div class="aq aq-small aq-colours"><span>little</span>'
        f'<i style="background:linear-gradient(to right, {escape(stops)})"></i>'
        "<span>most of this photo's evidence</span></div>"
    )
    st.html(f'<p class="aq aq-small">{escape(text.trust(method, _measured(inputs)))}</p>')
    note = st.empty()

    def draw(wait: bool) -> None:
        share = opacity / 100
        with note.container(), shown_faults(), heavy_work.shown_busy("map"):
            picture = cached_models.marked(inputs.model, photo, method, target, share, wait)
            alt = f"The photo, marked where the network found {_target(target, result)}"
            place.image(picture, width="stretch", alt=alt)
            if cached_models.heat_map(inputs.model, photo, method, target).empty:
                st.info("No region of this photo is evidence for that.")

    parts.draw(draw, lambda: place.html(_pending(photo)))
    by_height = cached_models.haze_evidence(inputs.model, photo)
    rows = {height.capitalize(): points for height, points in zip(HEIGHTS, by_height, strict=True)}
    st.html(
        f'<div class="aq aq-small"><p>{escape(text.share(result.photo_share))} '
        f"{escape(text.branches(inputs.model))}</p>{bars(rows)}</div>"
    )


@contextmanager
def shown_faults() -> Iterator[None]:
    """Say here why a map could not be computed."""
    try:
        yield
    except HeatMapError as error:
        show_error(error)


def _pending(photo: Photo) -> str:
    """The photo as pale as it is while its map is computed, of the size that the map will have."""
    picture = photo.image.copy()
    picture.thumbnail(_PENDING)
    return (
        '<div class="aq" role="status" style="position:relative">'
        f'<img src="{data_url(picture)}" alt="" style="width:100%;display:block;opacity:.35">'
        '<p style="position:absolute;inset:0;display:grid;place-items:center;margin:0">'
        "The saliency map is being computed ...</p></div>"
    )


def _target(name: str, result: Result) -> str:
    """The choice of the map's target: the haze score, where the model has one."""
    targets = text.HAZE_TARGETS if result.haze else text.TARGETS
    return targets.get(name, f"what looks {name}")


def _measured(inputs: PredictionInputs) -> SaliencyMetrics | None:
    """The evaluation of this backbone's saliency maps, if there is one."""
    try:
        metrics = cached_metrics.metrics()
    except InputError:
        return None  # the sentence then says that nothing was measured
    run = metrics.run("leak-safe", inputs.model.checkpoint.config.architecture.backbone)
    return run.heat_maps if run else None


_WHAT = (
    "Dark objects that are far away look paler in haze. The extinction is minus the logarithm of "
    "their contrast to the sky, that is, the light lost on the way. Orange marks the landmark, "
    "blue the sky that it is compared with."
)


def render_landmark(inputs: PredictionInputs, result: Result) -> None:
    """Draw the photo with its landmarks, their extinction and evidence, where a site has any."""
    site, photo = inputs.model.site, inputs.photo
    if site is None or not site.landmarks or photo is None or inputs.usable is None:
        return
    with st.container(border=True, key="exhibit_landmarks"):
        st.subheader("Evidence from the landmarks", anchor=False)
        st.markdown(_WHAT)
        extinctions = cached_models.extinctions(site, photo)
        if extinctions.refused is not None:
            st.warning(
                plain(f"The landmarks in this photo cannot be measured: {extinctions.refused}.")
            )
            return
        left, right = st.columns([6, 7], gap="medium")
        left.image(
            landmark_picture(photo.image, extinctions.sightings),
            width="stretch",
            alt="The photo with its landmarks: "
            + ", ".join(landmark.name for landmark in site.landmarks),
        )
        with right:
            st.html(table(extinctions).html("Landmarks in this photo"))
            if extinctions.refusals:
                st.warning(f"Not measured:\n{plain_list(extinctions.refusals, 20)}")
            st.markdown(meaning(result.landmarks, days_with_landmarks(site)))
