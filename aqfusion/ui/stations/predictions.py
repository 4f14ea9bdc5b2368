"""Predictions of the sample sessions, each by a network not trained on the session's day."""

from datetime import datetime

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.figures import Estimate
from aqfusion.metrics import Run
from aqfusion.stations.sample import FOLDER, PLACES_NAME, load_places, session_time
from aqfusion.ui import figures_found

PROTOCOL = "leak-safe"
SAYS = (
    "The model's numbers are from networks that had seen no photo of that place on that day "
    "(leak-safe folds, photo and readings together)."
)


def leak_safe(backbone: str) -> dict[tuple[str, datetime], Estimate]:
    """The fused prediction by station and time; nothing where there are no figures."""
    try:
        run = figures_found.metrics().run(PROTOCOL, backbone)
    except InputError as error:
        st.warning(f"The model's figures cannot be shown: {error}", icon=":material/error:")
        return {}
    return _by_station(run) if run else {}


@st.cache_resource(max_entries=4, show_spinner=False)
def _by_station(_run: Run) -> dict[tuple[str, datetime], Estimate]:
    places = {place.location: place for place in load_places(FOLDER / PLACES_NAME)}
    estimates = {}
    for session in _run.sessions:
        place, estimate = places.get(session.place), session.predicted["fused"]
        time = session_time(session.key, place.timezone) if place else None
        if place and time and estimate:
            estimates[place.station.id, time] = estimate
    return estimates
