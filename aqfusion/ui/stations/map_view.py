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
    on_choose: Callable[[str], None] | None = None,
) -> str | None:
    """Draw the map; return the id of the station clicked last, `None` before the first click.

    Only a click on a station runs the page again, and `on_choose` is called then, before it runs.
    New marks are exchanged in place: the map stays where the visitor has moved it.
    """
    ids = {mark.id for mark in marks}
    dark = st.context.theme.type == "dark"

    def tell() -> None:
        chosen = _clicked(key, ids)
        if on_choose is not None and chosen is not None:
            on_choose(chosen)

    st_folium(
        base_map(dark=dark),
        key=key,
        height=height,
        use_container_width=True,
        returned_objects=[],  # map.js itself sends the one thing that is wanted
        feature_group_to_add=mark_group(marks),
        on_change=tell,
    )
    return _clicked(key, ids)


def _clicked(key: str, ids: set[str]) -> str | None:
    """What the browser sent, which is believed only where it is a station of this map."""
    sent = st.session_state.get(key)
    chosen = sent.get("station") if isinstance(sent, dict) else None
    return chosen if isinstance(chosen, str) and chosen in ids else None
