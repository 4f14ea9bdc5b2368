"""Loaded models and photo embeddings, kept between reruns and shared between visitors.

What a photo costs is computed in turn with other visitors' heavy work, and only where it is not
kept: a slider's prediction from a kept embedding waits for nobody.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from aqfusion.explain import haze_saliency as haze
from aqfusion.explain import saliency_process
from aqfusion.explain.photo_overlays import SaliencyMap, overlay
from aqfusion.explain.saved_report import site_digest
from aqfusion.fair_queue import HEAVY, MAPS
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Embedding, Predictor, load_model, model_folder
from aqfusion.registry.registry import Registry
from aqfusion.settings import load_settings
from aqfusion.sites.site import Site

if TYPE_CHECKING:
    from aqfusion.sites.extinction import Extinctions


def predictor() -> Predictor:
    """The version that serves now, else the settings' model; a bad one raises `ModelError`.

    Called once in a run of a page, so that all it shows is of one version.
    """
    return loaded(Registry.of(load_settings()).current().model)


# Three backbones side by side, and the versions that open pages still show.
@st.cache_resource(show_spinner="Loading the model ...", max_entries=8)
def loaded(model: str) -> Predictor:
    """A model by its name or folder, loaded once; a bad one raises `ModelError`."""
    predictor = load_model(model)
    _folders[predictor.checkpoint.sha256] = model_folder(model)
    return predictor


_folders: dict[str, Path] = {}  # of loaded models, by their weights


def loaded_count() -> int:
    """How many models have been loaded."""
    return len(_folders)


def at(
    model: Predictor,
    site: Site | None,
    taken_at: datetime | None = None,
    extinction: Mapping[str, float] | None = None,
) -> Predictor:
    """The model at a site, kept: what it makes of the days costs time once, not at every move."""
    if site is None:
        return model.at(None, taken_at)
    seen = None if extinction is None else tuple(sorted(extinction.items()))
    kept = _at(model.checkpoint.sha256, site_digest(site), taken_at, seen, model, site)
    if kept.site == site:
        return kept
    return model.at(site, taken_at, extinction)  # of another name, for example


@st.cache_resource(max_entries=8, show_spinner=False)  # up to 50 MB each
def _at(
    weights: str,
    digest: str,
    taken_at: datetime | None,
    seen: tuple[tuple[str, float], ...] | None,
    _of: Predictor,
    _site: Site,
) -> Predictor:
    return _of.at(_site, taken_at, None if seen is None else dict(seen))


def extinctions(site: Site, photo: Photo) -> "Extinctions":
    """The extinctions of a photo at a site's landmarks, computed once: it takes half a second."""
    reference = None if site.reference is None else site.reference.digest
    return _extinctions(reference, repr(site.landmarks), photo.digest, site, photo)


@st.cache_resource(max_entries=128, show_spinner=False)
def _extinctions(
    reference: str | None, landmarks: str, digest: str, _site: Site, _photo: Photo
) -> "Extinctions":
    from aqfusion.sites.extinction import extinctions as measured  # which loads OpenCV

    return HEAVY.run(lambda: measured(_site, _photo))


def embedding(model: Predictor, photo: Photo) -> Embedding:
    """The photo's embedding (1, 128); computed once per photo, however often a slider moves."""
    return _embedding(model.checkpoint.sha256, photo.digest, model, photo)


class StillComputedError(Exception):
    """What is asked for is not there yet, and is being computed."""


def heat_map(
    model: Predictor, photo: Photo, method: str, target: str, wait: bool = True
) -> SaliencyMap:
    """The photo's map, computed once per model, method and target.

    A new click of the visitor ends the wait. Where nobody is to wait, it may raise
    `StillComputedError`.
    """
    return _heat_map(model.checkpoint.sha256, photo.digest, method, target, model, photo, wait)


@st.cache_resource(max_entries=256, show_spinner=False)
def _heat_map(
    weights: str, digest: str, method: str, target: str, _of: Predictor, _photo: Photo, _wait: bool
) -> SaliencyMap:
    folder, names = _folders.get(weights, Path(_of.name)), (weights, digest, method, target)
    unclaimed = _unclaimed.pop(names, None)
    if unclaimed is not None:
        return unclaimed

    def work() -> SaliencyMap:
        computed = saliency_process.saliency_map(_of, folder, _photo, method, target)
        _unclaimed[names] = computed  # whoever asked may have gone
        while len(_unclaimed) > _MOST_UNCLAIMED:
            _unclaimed.pop(next(iter(_unclaimed)), None)
        return computed

    def waiting(_before: int = 0) -> None:
        if not _wait:
            raise StillComputedError
        # Where the session's state is read, Streamlit ends a run that the next one replaces.
        st.session_state.get("explain_method")

    with MAPS.watched(waiting, waiting):
        computed = MAPS.run(work)
    _unclaimed.pop(names, None)
    return computed


_MOST_UNCLAIMED = 16
_unclaimed: dict[tuple[str, ...], SaliencyMap] = {}


def unclaimed() -> int:
    """How many maps were computed that nobody has fetched yet."""
    return len(_unclaimed)


def marked(
    model: Predictor, photo: Photo, method: str, target: str, opacity: float, wait: bool = True
) -> bytes:
    """The photo under its map as JPEG, drawn once however often a slider moves."""
    weights = model.checkpoint.sha256
    return _marked(weights, photo.digest, method, target, opacity, model, photo, wait)


@st.cache_resource(max_entries=128, show_spinner=False)
def _marked(
    weights: str,
    digest: str,
    method: str,
    target: str,
    opacity: float,
    _model: Predictor,
    _photo: Photo,
    _wait: bool,
) -> bytes:
    drawn = heat_map(_model, _photo, method, target, _wait)  # a turn of its own
    return HEAVY.run(lambda: Photo.from_image(overlay(_photo.image, drawn, opacity)).to_jpeg())


def haze_evidence(model: Predictor, photo: Photo) -> tuple[float, ...]:
    """The share of the haze at each height in the photo's AQI."""
    return _haze_evidence(model.checkpoint.sha256, photo.digest, model, photo)


@st.cache_resource(max_entries=512, show_spinner=False)
def _haze_evidence(weights: str, digest: str, _of: Predictor, _photo: Photo) -> tuple[float, ...]:
    return HEAVY.run(lambda: haze.haze_evidence(_of, _photo))


@st.cache_resource(max_entries=512, show_spinner=False)
def _embedding(weights: str, digest: str, _of: Predictor, _photo: Photo) -> Embedding:
    return HEAVY.run(lambda: _of.embed(_photo))
