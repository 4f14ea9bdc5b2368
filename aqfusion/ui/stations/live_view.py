"""Live measurements near a place: the place, the request, and its result."""

from datetime import UTC, datetime

import streamlit as st

from aqfusion.data.sample_places import sample_places
from aqfusion.errors import InputError
from aqfusion.settings import load_settings
from aqfusion.stations.live_stations import nearest
from aqfusion.stations.measurements import age_in_words
from aqfusion.ui.markup import plain, show_error
from aqfusion.ui.stations import sources

_LATITUDE, _LONGITUDE, _PLACE = "stations_latitude", "stations_longitude", "stations_near"
_SEARCHED = "stations_searched"
_HOW = (
    "A key is available free of charge at https://explore.openaq.org. Set it in the environment "
    "variable `AQFUSION_OPENAQ_KEY` or in `.streamlit/secrets.toml`; everything else works "
    "without it."
)


def choose() -> sources.Source:
    """Draw the choice of a place and the state of its stations, which may be none."""
    places = {place.name: place for place in sample_places()}
    first = next(iter(places.values()))
    st.session_state.setdefault(_PLACE, first.name)
    st.session_state.setdefault(_LATITUDE, first.latitude)
    st.session_state.setdefault(_LONGITUDE, first.longitude)

    def go() -> None:
        place = places.get(st.session_state.get(_PLACE, ""))
        if place is not None:
            st.session_state[_LATITUDE] = place.latitude
            st.session_state[_LONGITUDE] = place.longitude

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Near",
            list(places),
            key=_PLACE,
            placeholder="a place of your own",
            on_change=go,
            width=240,
            persist_state="session",
        )
        latitude, longitude = (
            st.number_input(
                title,
                -limit,
                limit,
                format="%.4f",
                key=key,
                on_change=_moved,
                width=150,
                persist_state="session",
            )
            for title, limit, key in (
                ("Latitude", 90.0, _LATITUDE),
                ("Longitude", 180.0, _LONGITUDE),
            )
        )
    settings, now = load_settings(), datetime.now(UTC)
    if settings.openaq_key is None:
        st.info(f"Live stations need an OpenAQ key. {_HOW}", icon=":material/key:")
        return sources.Source(sources.LIVE, ())
    try:
        with st.spinner("Waiting for OpenAQ ..."):
            live = nearest(latitude, longitude, now, settings)
    except InputError as error:
        show_error(error)
        return sources.Source(sources.LIVE, ())
    if live.problem:
        st.warning(plain(live.problem), icon=":material/cloud_off:")
    if live.fetched_at is not None:
        age = age_in_words(live.fetched_at, now)
        st.caption(f"{len(live.measurements)} stations from OpenAQ; the data are {age}.")
    return sources.Source(sources.LIVE, live.measurements)


def search(latitude: float, longitude: float) -> None:
    """Select a place to search near, in degrees; called before the page runs."""
    st.session_state[_LATITUDE], st.session_state[_LONGITUDE] = latitude, longitude
    _moved()
    st.session_state[_SEARCHED] = True


def follow_search() -> None:
    """Run the whole page after a search on the map: a fragment alone would keep the old place."""
    if st.session_state.pop(_SEARCHED, False):
        st.rerun()


def place() -> str:
    """A name for the selected place, so that another one gets a map of its own."""
    state = st.session_state
    return f"{state.get(_LATITUDE, 0.0):.2f}, {state.get(_LONGITUDE, 0.0):.2f}"


def _moved() -> None:
    """The place is no longer the one that was picked from the list."""
    st.session_state[_PLACE] = None
