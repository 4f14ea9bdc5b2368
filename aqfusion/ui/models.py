"""Loaded models and photo embeddings, kept between reruns and shared between visitors."""

import streamlit as st

from aqfusion.model.predict import Embedding, Predictor, load_model
from aqfusion.photo import Photo
from aqfusion.settings import load_settings


def predictor() -> Predictor:
    """The model that the settings name; a bad one raises `ModelError`."""
    return loaded(load_settings().model)


@st.cache_resource(show_spinner="Loading the model ...")
def loaded(model: str) -> Predictor:
    """A model by its name or folder, loaded once; a bad one raises `ModelError`."""
    return load_model(model)


def embedding(of: Predictor, photo: Photo) -> Embedding:
    """The photo's embedding (1, 128); a photo is looked at once, however often a slider moves."""
    return _embedding(of.checkpoint.sha256, photo.digest, of, photo)


@st.cache_resource(max_entries=512, show_spinner=False)
def _embedding(weights: str, digest: str, _of: Predictor, _photo: Photo) -> Embedding:
    return _of.embed(_photo)
