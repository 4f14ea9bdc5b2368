"""The card "Three backbones, one input": the shipped models' predictions and their cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from html import escape

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from aqfusion.air.readings import Reading
from aqfusion.explain import model_comparison
from aqfusion.explain.model_comparison import (
    ComparedModel,
    ModelAgreement,
    ModelPrediction,
    Unusable,
)
from aqfusion.explain.photo_overlays import overlay
from aqfusion.explain.saliency_targets import RAISES, HeatMapError
from aqfusion.fair_queue import BusyError
from aqfusion.images.photo import Photo
from aqfusion.model.config import ModelError
from aqfusion.model.predictor import (
    NothingKnownError,
    PhotoRefusedError,
    Predictor,
    Result,
    shipped_names,
)
from aqfusion.sites.site import Site
from aqfusion.ui import cached_models
from aqfusion.ui.deferred_parts import DeferredParts
from aqfusion.ui.markup import data_url, public_text
from aqfusion.ui.result_view import pill

_PICTURE = (480, 480)  # pixels at most
_OPACITY = 0.5  # of the map over the photo
_NUMBERS = ("No", "One", "Two", "Three")


@dataclass(frozen=True, eq=False)
class ComparisonState:
    """A model's embedding of a photo, and the URL of the photo under its saliency map.

    `evidence` is whether the map marks anything.
    """

    look: ModelPrediction
    picture: str
    evidence: bool = True


def render_model_comparison(
    photo: Photo | None,
    reading: Reading,
    trust_photo: bool = False,
    method: str = "GradCAM",
    target: str = RAISES,
    *,
    parts: DeferredParts,
    site: Site | None = None,
    taken_at: datetime | None = None,
    extinction: Mapping[str, float] | None = None,
) -> None:
    """Draw the card; there must be a photo, a reading or a site with days."""
    everyone = _contenders(tuple(shipped_names()))
    with st.container(border=True, height="stretch", key="exhibit_compare"):
        st.subheader(_title(len(everyone)), anchor=False)
        if not everyone:
            st.info("No model is shipped with this installation.")
            return
        summary = st.empty()
        results = []
        for column, model in zip(st.columns(len(everyone), gap="medium"), everyone, strict=True):
            if isinstance(model, Unusable):
                column.html(absent(model.title, model.problem))
                continue
            look = _look(model, photo) if photo else None
            try:
                verdict = model_comparison.model_agreement(
                    model.predictor.at(site, taken_at, extinction), reading, look, trust_photo
                )
            except PhotoRefusedError as error:
                draw = partial(silent, model.title, error.problem)
            except (ModelError, NothingKnownError) as error:
                column.html(absent(model.title, public_text(error)))
                continue
            else:
                results.append(verdict.result)
                draw = partial(card, model, verdict)
            place = column.empty()
            if photo is None or look is None:
                place.html(draw(None))
            else:
                _render_card(place, draw, ModelView(model, photo, look, method, target), parts)
        summary.html(f'<p class="aq">{escape(agreement(results))}</p>')


@dataclass(frozen=True, eq=False)
class ModelView:
    """A model's view of a photo, and what its saliency map is asked for."""

    model: ComparedModel
    photo: Photo
    look: ModelPrediction
    method: str
    target: str


def _render_card(
    place: DeltaGenerator,
    draw: Callable[[ComparisonState | None], str],
    view: ModelView,
    parts: DeferredParts,
) -> None:
    """Draw a card with its map, or with the photo until the map is there."""

    def render(wait: bool) -> None:
        try:
            state = _state(view, wait)
        except (BusyError, HeatMapError):  # the card above says it
            state = stand_in
        place.html(draw(state))

    stand_in = ComparisonState(view.look, _small(view.photo.digest, view.photo))
    parts.draw(render, lambda: place.html(draw(stand_in)))


def _look(model: ComparedModel, photo: Photo) -> ModelPrediction:
    return _kept(model.predictor.checkpoint.sha256, photo.digest, model.predictor, photo)


@st.cache_resource(show_spinner=False, max_entries=192)
def _kept(weights: str, digest: str, _of: Predictor, _photo: Photo) -> ModelPrediction:
    return model_comparison.predict_with(_of, _photo)


@st.cache_resource(show_spinner=False, max_entries=64)
def _small(digest: str, _photo: Photo) -> str:
    return data_url(_thumbnail(_photo), quality=75)


def _state(view: ModelView, wait: bool) -> ComparisonState:
    predictor = view.model.predictor
    names = predictor.checkpoint.sha256, view.photo.digest, view.method, view.target
    return _marked(*names, view, wait)


@st.cache_resource(show_spinner=False, max_entries=192)
def _marked(
    weights: str, digest: str, method: str, target: str, _view: ModelView, _wait: bool
) -> ComparisonState:
    heat = cached_models.heat_map(_view.model.predictor, _view.photo, method, target, _wait)
    picture = data_url(overlay(_thumbnail(_view.photo), heat, _OPACITY), quality=75)
    return ComparisonState(_view.look, picture, not heat.empty)


def _thumbnail(photo: Photo) -> Image.Image:
    image = photo.image.copy()
    image.thumbnail(_PICTURE)
    return image


@st.cache_resource(show_spinner="Loading the models ...", max_entries=2)
def _contenders(names: tuple[str, ...]) -> tuple[ComparedModel | Unusable, ...]:
    return model_comparison.contenders(cached_models.loaded)


def _title(count: int) -> str:
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"{number} backbone{'s' * (count != 1)}, one input"


def agreement(results: Sequence[Result]) -> str:
    """The models' agreement in one sentence."""
    if len(results) < 2:
        return "Fewer than two models give a prediction here, so there is nothing to compare."
    points = model_comparison.spread(results)
    named = {result.fused.category.name for result in results}
    same = "the same category" if len(named) == 1 else f"{len(named)} categories"
    if not points:
        return "All models predict the same AQI."
    return f"They differ by at most {points} AQI point{'s' * (points != 1)} and predict {same}."


def card(model: ComparedModel, verdict: ModelAgreement, seen: ComparisonState | None) -> str:
    """One model as HTML: map, number, interval, and what it costs."""
    result = verdict.result
    fused, alone = result.fused, result.image_only
    place = (("Weight of this place's days", f"{100 * result.site_share:.0f} %"),)
    rows = (
        (
            "Prediction from the photo",
            "–" if alone is None else f"{alone.aqi} ({alone.category.name})",
        ),
        ("Weight of the photo", f"{100 * result.photo_share:.0f} %"),
        *(place if result.site_days and result.site_only else ()),
        ("Size", f"{model.weights_bytes / 1e6:.1f} MB"),
        ("Time for the photo", "–" if seen is None else _milliseconds(seen.look.embed_ms)),
        ("Time for the prediction", _milliseconds(verdict.predict_ms)),
    )
    facts = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return (
        f'<section class="aq aq-contender"><h4 class="aq-title">{escape(model.title)}</h4>'
        f"{_image(model.title, seen)}"
        f'<div class="aq-head"><div class="aq-number" aria-label="AQI {fused.aqi}">{fused.aqi}'
        f"</div><div>{pill(fused.category)}"
        f'<p class="aq-small">{fused.low} to {fused.high} in nine cases out of ten</p></div></div>'
        f'<dl class="aq-facts aq-small">{facts}</dl>'
        f'<p class="aq-note aq-small aq-muted">{escape(_note(verdict.result, seen))}</p></section>'
    )


def absent(title: str, problem: str) -> str:
    """A model that cannot be used, in its place among the others."""
    return (
        f'<section class="aq aq-contender"><h4 class="aq-title">{escape(title)}</h4>'
        f'<div class="aq-nomap aq-small">This model cannot be used: {escape(problem)}</div>'
        "</section>"
    )


def silent(title: str, problem: str, seen: ComparisonState | None) -> str:
    """A model that leaves the photo out, where there is nothing else to go on."""
    sentence = (
        f"No AQI is predicted: the model leaves the photo out ({problem}), and there is no other "
        "input."
    )
    return (
        f'<section class="aq aq-contender"><h4 class="aq-title">{escape(title)}</h4>'
        f'{_image(title, seen)}<p class="aq-note aq-small aq-muted">{escape(sentence)}</p>'
        "</section>"
    )


def _image(title: str, seen: ComparisonState | None) -> str:
    if seen is None:
        return '<div class="aq-nomap aq-muted">No photo</div>'
    alt = f"The photo with the saliency map of {title}"
    return f'<img src="{seen.picture}" alt="{escape(alt)}">'


def _note(result: Result, seen: ComparisonState | None) -> str:
    if seen is not None and result.image_only is None:
        return f"The photo is left out: {result.photo_problem}."
    if seen is not None and not seen.evidence:
        return "No region of the photo is evidence for what the map shows."
    return ""


def _milliseconds(value: float) -> str:
    return f"{value:.0f} ms" if value >= 1 else "under 1 ms"
