"""The map on a page, and the station that was clicked on it."""

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit_folium import st_folium

from aqfusion.ui.stations.map import base_map, mark_group
from aqfusion.ui.stations.mark import Mark


def choose(
    marks: Sequence[Mark],
    key: str,
    *,
    height: int = 480,
    chosen: str | None = None,
    on_choose: Callable[[str], None] | None = None,
    on_search: Callable[[float, float], None] | None = None,
) -> str | None:
    """Draw the map; return the id of the station clicked last, `None` before the first click.

    Only a click on a station or on the search button runs the page again; `on_choose` or
    `on_search` (degrees) is called then, before it runs. New marks are exchanged in place: the map
    stays where the visitor has moved it. `chosen` marks a station that was chosen elsewhere.
    """
    ids = {mark.id for mark in marks}
    if chosen != _clicked(key, ids):
        # The map knows its own clicks; to send them back would draw all marks anew.
        st.session_state[f"{key}_named"] = chosen
    dark = st.context.theme.type == "dark"

    def tell() -> None:
        clicked, centre = _clicked(key, ids), _centre(key)
        if on_choose is not None and clicked is not None:
            on_choose(clicked)
        if on_search is not None and centre is not None:
            on_search(*centre)

    st_folium(
        base_map(dark=dark, search=on_search is not None),
        key=key,
        height=height,
        use_container_width=True,
        returned_objects=[],  # map.js itself sends the one thing that is wanted
        feature_group_to_add=mark_group(marks, st.session_state.get(f"{key}_named")),
        on_change=tell,
    )
    return _clicked(key, ids)


def _clicked(key: str, ids: set[str]) -> str | None:
    """The station that the browser sent, if it is one of this map."""
    sent = st.session_state.get(key)
    chosen = sent.get("station") if isinstance(sent, dict) else None
    return chosen if isinstance(chosen, str) and chosen in ids else None


def _centre(key: str) -> tuple[float, float] | None:
    """The centre of the map where the search button was pressed last, latitude first."""
    sent = st.session_state.get(key)
    centre = sent.get("centre") if isinstance(sent, dict) else None
    if not isinstance(centre, list) or len(centre) != 2:
        return None
    latitude, longitude = centre
    is_number = isinstance(latitude, int | float) and isinstance(longitude, int | float)
    if not is_number or not abs(latitude) <= 90 or not abs(longitude) <= 180:
        return None
    return float(latitude), float(longitude)
