"""The inputs of a visitor, photo, site and readings: the same on every page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import streamlit as st

from aqfusion.air.readings import Reading
from aqfusion.explain.what_if import WhatIfInput
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Embedding, NothingKnownError, Predictor, Result
from aqfusion.server import metrics
from aqfusion.sites.site import Site
from aqfusion.ui import cached_models, consent, heavy_work, photo_input, reading_input
from aqfusion.ui.markup import plain
from aqfusion.ui.sites import site_choice
from aqfusion.ui.sites.save_days import taken_at

_KEPT = ("sensor_", "photo_source", "photo_sample", "photo_trust_", site_choice.KEY)
_NOT_KEPT = "sensor_presets"
_ORIGIN = "readings_origin"  # the fragment of the sentence above the sliders
_HELD = "inputs_held"  # of no widget, so that Streamlit never drops it


@dataclass(frozen=True)
class PredictionInputs:
    """A model at a site, a photo with its screening, and readings.

    All may be absent: no photo, no reading, and the model at no site. `unstated` names the readings
    of unknown unit.
    """

    model: Predictor
    photo: Photo | None
    embedding: Embedding | None
    trusted: bool
    reading: Reading
    unstated: tuple[str, ...] = ()

    @property
    def refused(self) -> str | None:
        """Why the photo may not count, where it may not."""
        return None if self.embedding is None or self.trusted else self.embedding.problem

    @property
    def usable(self) -> Embedding | None:
        """The photo's embedding where it may count."""
        return None if self.refused else self.embedding

    @property
    def scene(self) -> WhatIfInput:
        """The same as what-ifs and explanations take it."""
        has_photo = self.usable is not None
        ask = partial(self.model.ask, self.usable)
        has_landmarks = has_photo and self.model.landmarks is not None
        return WhatIfInput(ask, self.reading, has_photo, self.model.knows_site, has_landmarks)

    def result(self) -> Result | None:
        """The prediction; `None` without any usable input."""
        try:
            result = self.model.predict(self.reading, self.embedding, trust_photo=self.trusted)
        except NothingKnownError:
            return None
        metrics.predicted(self.model.model_version, result.modalities)
        return result


class CurrentPrediction:
    """The inputs of a page and their result, kept up to date by fragments that run by themselves.

    In such a run only the readings can have changed; anything else is a run of the whole page.
    """

    def __init__(self, serving: Predictor, inputs: PredictionInputs) -> None:
        """Predict from the inputs; `serving` is the model as it was loaded."""
        self._serving = serving
        self._now = inputs, inputs.result()

    @property
    def inputs(self) -> PredictionInputs:
        """The inputs of the last update."""
        return self._now[0]

    @property
    def result(self) -> Result | None:
        """Their result; `None` without any usable input."""
        return self._now[1]

    def update(self) -> None:
        """Predict anew where a reading has moved.

        The whole page runs where there is a result now and was none, or the other way round, and
        where another version of the model serves by now.
        """
        inputs, result = self._now
        moved = replace(inputs, reading=reading_input.current(), unstated=reading_input.unstated())
        if moved == inputs:
            return
        if cached_models.predictor() is not self._serving:
            st.rerun()
        self._now = moved, moved.result()
        if (self.result is None) != (result is None):
            st.rerun()


def keep() -> None:
    """Hold on to the inputs: Streamlit forgets a widget that the page of the moment lacks.

    The next run may interrupt this one at any key, so that all are held in one dictionary, too.
    """
    state = st.session_state
    held = {**state.get(_HELD, {})}
    for key in [str(key) for key in state]:
        if key.startswith(_KEPT) and key != _NOT_KEPT:
            held[key] = state.get(key, held.get(key))
    state[_HELD] = held
    for key, value in held.items():
        state[key] = value


def prepare() -> None:
    """Give the widgets their first values; called before any of them is drawn."""
    photo_input.prepare()
    reading_input.prepare()


def current(model: Predictor) -> PredictionInputs:
    """The current inputs, whether the widgets are drawn or not."""
    photo = photo_input.current()
    embedding = cached_models.embedding(model, photo) if photo else None
    trusted = photo is not None and photo_input.is_trusted(photo)
    site = site_choice.current(model)
    counts = embedding is not None and (trusted or embedding.problem is None)
    here = at_place(model, site, photo if counts else None, taken_at(photo, site))
    reading, unstated = reading_input.current(), reading_input.unstated()
    return PredictionInputs(here, photo, embedding, trusted, reading, unstated)


def at_place(
    model: Predictor, site: Site | None, photo: Photo | None, time: datetime | None
) -> Predictor:
    """The model at a place, with what a photo that counts shows at the landmarks there."""
    if site is None or photo is None or not site.landmarks:
        return cached_models.at(model, site, time)
    return cached_models.at(model, site, time, cached_models.extinctions(site, photo).values)


def choose_photo(model: Predictor) -> None:
    """Draw the choice of a photo and of its place, and whether to insist on a refused one."""
    photo = photo_input.choose()
    problem = cached_models.embedding(model, photo).problem if photo else None
    if photo and problem:
        photo_input.trust(photo, problem)
    site_choice.choose(model)
    if not photo_input.is_example():
        st.caption(consent.COUNTED)


def explain_no_prediction(inputs: PredictionInputs) -> None:
    """Write why there is no prediction, and what would give one."""
    if inputs.refused is None:
        st.info("There is no input yet: choose a photo or switch on a reading.")
        return
    st.info(
        f"**No AQI is predicted.** The photo is left out ({plain(inputs.refused)}), and there is "
        "no other input. Choose another photo, switch on a reading, name a place with measured "
        "days, or use the photo anyway."
    )


def choose_reading(redrawn: Sequence[str] = ()) -> None:
    """Draw the sliders, and example readings below them; `redrawn` as `reading_input.choose`."""
    with st.container(key="sensor_told"):
        _tell_origin()
    reading_input.choose((_ORIGIN, *redrawn) if redrawn else ())
    with st.container(
        horizontal=True, gap="small", vertical_alignment="center", key="sensor_presets"
    ):
        st.markdown("Example readings", width="content")
        for name in reading_input.PRESETS:
            st.button(name, key=f"preset_{name}", on_click=reading_input.example, args=(name,))
        st.button(
            "Switch all off", key="readings_off", on_click=reading_input.fill, args=(Reading(),)
        )
        st.button(
            "Reset", key="reset", icon=":material/restart_alt:", type="tertiary", on_click=_reset
        )


@st.fragment(key=_ORIGIN)
@heavy_work.shown_busy("origin")
def _tell_origin() -> None:
    st.caption(plain(reading_input.origin()))


def _reset() -> None:
    """Start again as the page was first seen."""
    photo_input.reset()
    reading_input.reset()
