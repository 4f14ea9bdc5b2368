"""The choice of the photo's site: one that the model knows, an own one, or an unknown place."""

import streamlit as st

from aqfusion.model.predict import Predictor
from aqfusion.sites.site import Site
from aqfusion.ui.site import mine

ELSEWHERE = "elsewhere"
KEY = "site_choice"
_KNOWN = "known:"


def choose(model: Predictor) -> None:
    """Draw the choice, and what it means for the answer."""
    titles = _titles(model)
    if st.session_state.get(KEY) not in titles:
        st.session_state[KEY] = ELSEWHERE
    with st.container(horizontal=True, vertical_alignment="bottom", key="site_choose"):
        st.selectbox(
            "Where was this taken?",
            list(titles),
            format_func=lambda key: titles[key],
            key=KEY,
            help="The same haze means another AQI at another place. A place with measured days "
            "makes the answer much better.",
        )
        if st.button("My places", key="site_mine_open", icon=":material/add_location_alt:"):
            st.switch_page("pages/places.py")
    st.caption(_meaning(current(model)))


def current(model: Predictor) -> Site | None:
    """The chosen site, whether the choice is drawn or not; `None` is somewhere else."""
    key = st.session_state.get(KEY, ELSEWHERE)
    if key.startswith(_KNOWN):
        learned_sites = {site.learned_as: site for site in model.known_sites()}
        return learned_sites.get(key.removeprefix(_KNOWN))
    own = mine.get(key)
    return None if own is None else own.with_recent_days


def take(key: str) -> None:
    """Select one of the own sites; for a callback."""
    st.session_state[KEY] = key


def _titles(model: Predictor) -> dict[str, str]:
    """The title of each choice, no two the same."""
    titles = {ELSEWHERE: "Somewhere else"}
    for key, name in mine.names().items():
        whose = "in your account" if key.startswith("account:") else "yours"
        titles[key] = f"{name} ({whose})"
    for site in model.known_sites():
        titles[f"{_KNOWN}{site.learned_as}"] = f"{site.name} (known to the model)"
    return titles


def _meaning(site: Site | None) -> str:
    if site is None:
        return "An unknown place: the model goes by what is common everywhere."
    count = f"{site.day_count} measured day{'' if site.day_count == 1 else 's'}"
    if site.day_count == 0:
        return "This place has no measured days yet: it is as unknown as any other."
    if site.learned_as is None:
        return f"{count} of this place count in the answer."
    return f"The model was trained on photos of this place, and {count} of it count in the answer."
