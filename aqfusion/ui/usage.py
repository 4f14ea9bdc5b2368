"""A visitor's own photo or readings are counted, once in a visit; examples are not.

The label store and what training looked like take seconds to load: that is done by a thread of
the tally, long after the page was drawn.
"""

import atexit
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import streamlit as st

from aqfusion.labels.usage_key import Cell
from aqfusion.model.predictor import Predictor
from aqfusion.monitoring.usage_counter import (
    CAMERA,
    READINGS,
    UPLOAD,
    PredictionUsage,
    UsageCounter,
    VisitUsage,
)
from aqfusion.settings import Settings, load_settings
from aqfusion.ui import photo_input, reading_input
from aqfusion.ui.inputs import PredictionInputs

if TYPE_CHECKING:
    from aqfusion.monitoring.reference import ReferenceDistribution

_ORIGINS = {
    photo_input.UPLOAD: UPLOAD,
    photo_input.CAMERA: CAMERA,
    photo_input.NONE: READINGS,
}
_VISIT = "counted_visit"


def note(inputs: PredictionInputs) -> None:
    """Let what was given count, unless it is an example or nothing of the visitor's own."""
    seen = _seen(inputs)
    if seen is None:
        return
    settings, visit = load_settings(), st.session_state.setdefault(_VISIT, VisitUsage())
    digest = "" if inputs.photo is None else inputs.photo.digest
    _tally(settings).note(visit, digest, seen, partial(reference, inputs.model, settings.model))


def _seen(inputs: PredictionInputs) -> PredictionUsage | None:
    origin = _ORIGINS.get(st.session_state.get("photo_source", photo_input.SAMPLES))
    reading = reading_input.own_reading()
    if origin == READINGS:
        return PredictionUsage(origin, reading) if reading.present else None
    if origin is None or inputs.embedding is None:  # not uploaded yet
        return None
    vector, refused = inputs.embedding.vector[0], inputs.embedding.problem is not None
    return PredictionUsage(origin, reading, vector, refused)


@lru_cache(maxsize=4)
def reference(model: Predictor, base: str) -> "ReferenceDistribution":
    """The training reference of a model that came from `base`, computed once; for any thread."""
    from aqfusion.monitoring.reference import reference_of

    return reference_of(model, base)


def _close(tally: UsageCounter) -> None:
    atexit.unregister(tally.close)
    tally.close()


@st.cache_resource(max_entries=2, show_spinner=False, on_release=_close)
def _tally(settings: Settings) -> UsageCounter:
    tally = UsageCounter(partial(_write, settings), partial(datetime.now, UTC))
    atexit.register(tally.close)
    return tally


def _write(settings: Settings, counts: Mapping[Cell, int]) -> None:
    from aqfusion.labels.store import LabelStore

    with closing(LabelStore.from_settings(settings)) as store:
        store.predictions.add(counts)
