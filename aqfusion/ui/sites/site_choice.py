"""The choice of a photo's site: a training site, an own one, or unknown; new and uploaded ones."""

from functools import cache
from zoneinfo import available_timezones

import streamlit as st

from aqfusion.model.predictor import Predictor
from aqfusion.sites.site import LONGEST_NAME, Site
from aqfusion.sites.site_file import parse_site
from aqfusion.time_zones import zone_at
from aqfusion.ui import photo_input
from aqfusion.ui.labels import flash
from aqfusion.ui.markup import plain_list
from aqfusion.ui.sites import own_sites

ELSEWHERE = "elsewhere"
KEY = "site_choice"
_KNOWN = "known:"


def choose(model: Predictor, question: str = "Where was this taken?") -> None:
    """Draw the choice, and what it means for the answer."""
    titles = _titles(model)
    if st.session_state.get(KEY) not in titles:
        st.session_state[KEY] = ELSEWHERE
    with st.container(horizontal=True, vertical_alignment="bottom", key="site_choose"):
        st.selectbox(
            question,
            list(titles),
            format_func=lambda key: titles[key],
            key=KEY,
            help=(
                "The same haze means a different AQI at a different place. Measured days of a "
                "place make the prediction much better."
            ),
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
    own = own_sites.get(key)
    return None if own is None else own.with_recent_days


def take(key: str) -> None:
    """Select one of the own sites; for a callback."""
    st.session_state[KEY] = key


def _titles(model: Predictor) -> dict[str, str]:
    """The title of each choice, no two the same."""
    titles = {ELSEWHERE: "Somewhere else"}
    for key, name in own_sites.names().items():
        whose = "in your account" if key.startswith("account:") else "yours"
        titles[key] = f"{name} ({whose})"
    for site in model.known_sites():
        titles[f"{_KNOWN}{site.learned_as}"] = f"{site.name} (known to the model)"
    return titles


def _meaning(site: Site | None) -> str:
    if site is None:
        return "An unknown place: the model uses what is typical of all places."
    count = f"{site.day_count:d} measured day{'' if site.day_count == 1 else 's'}"
    if site.day_count == 0:
        return "This place has no measured days yet, so the model treats it as an unknown place."
    if site.learned_as is None:
        return f"The prediction uses {count} of this place."
    return f"The model was trained on photos of this place, and the prediction uses {count} of it."


PLACE = "mysite_open"
_KEY, _FAULTS = "mysite_which", "mysite_faults"
_NEW = ("mysite_name", "mysite_latitude", "mysite_longitude", "mysite_timezone")
_SHOWN = 20


def select_site() -> own_sites.OwnSites | None:
    """Draw the choice and the two ways to begin; `None` while there is no place."""
    names = own_sites.names()
    if names:
        _prepare(names)
        st.selectbox(
            "Place",
            list(names),
            format_func=lambda key: _title(key, names[key]),
            key=_KEY,
            on_change=_follow,
            width=420,
        )
    # Another key: one that was opened for the first place would stay open.
    with st.expander("A new place", expanded=not names, key=f"mysite_begin_{bool(names)}"):
        new, file = st.columns([3, 2], gap="medium")
        with new:
            _form()
        with file:
            _bring()
    flash.render_flash(PLACE)
    faults = st.session_state.get(_FAULTS, ())
    if faults:
        st.warning(f"Left out of the file:\n{plain_list(faults, _SHOWN)}", icon=":material/rule:")
    key = st.session_state.get(_KEY)
    return own_sites.get(key) if key in names else None


def render_open_site(key: str) -> None:
    """Open this place from now on, and ask about it on all pages; for a callback."""
    st.session_state[_KEY] = key
    take(key)


def _prepare(names: dict[str, str]) -> None:
    """At first the place that Predict asks about, else the last one."""
    if st.session_state.get(_KEY) not in names:
        wanted = st.session_state.get(KEY)
        st.session_state[_KEY] = wanted if wanted in names else list(names)[-1]


def _follow() -> None:
    take(st.session_state.get(_KEY, ELSEWHERE))
    st.session_state.pop(_FAULTS, None)


def _title(key: str, name: str) -> str:
    return f"{name} (in your account)" if key.startswith("account:") else name


def _form() -> None:
    with st.form("mysite_new", border=False):
        st.text_input("Name", max_chars=LONGEST_NAME, key=_NEW[0], placeholder="My roof")
        st.markdown("Coordinates and time zone, if known:")
        with st.container(horizontal=True):
            st.number_input("Latitude", -90.0, 90.0, None, format="%.4f", key=_NEW[1])
            st.number_input("Longitude", -180.0, 180.0, None, format="%.4f", key=_NEW[2])
        st.selectbox(
            "Time zone",
            _zones(),
            index=None,
            key=_NEW[3],
            placeholder="from the coordinates, if given",
        )
        st.form_submit_button(
            "Create this place", key="mysite_make", type="primary", on_click=_make
        )


def _bring() -> None:
    st.file_uploader(
        "Or open a place that you exported: its JSON file",
        key="mysite_file",
        max_upload_size=photo_input.LARGEST_UPLOAD_MB,
        on_change=_read,
    )


def _make() -> None:
    state = st.session_state
    name, latitude, longitude, timezone = (state.get(key) for key in _NEW)

    def work() -> str:
        both = None if latitude is None or longitude is None else (latitude, longitude)
        local = None if both is None else zone_at(*both)
        site = Site(
            " ".join(str(name or "").split()),
            latitude,
            longitude,
            timezone or (None if local is None else str(local)),
        )
        render_open_site(own_sites.create(site))
        state.pop(_FAULTS, None)
        for key in _NEW:
            state[key] = "" if key == _NEW[0] else None
        return f"{site.name} was created. Predict and Explain use it from now on"

    flash.run_with_flash(PLACE, work)


def _read() -> None:
    file = st.session_state.get("mysite_file")
    if file is None:
        return
    st.session_state.pop(_FAULTS, None)

    def work() -> str:
        read = parse_site(file.getvalue(), " ".join(file.name.split())[:80] or "site file")
        render_open_site(own_sites.create(read.site))
        st.session_state[_FAULTS] = read.faults
        days = len(read.site.days)
        return f"{read.site.name} was opened, with {days} day{'' if days == 1 else 's'}"

    flash.run_with_flash(PLACE, work, refused="The file could not be read: ")


@cache
def _zones() -> list[str]:
    return sorted(name for name in available_timezones() if "/" in name)
