"""The open one of the own sites: choose one, make a new one, or upload one."""

from functools import cache
from zoneinfo import available_timezones

import streamlit as st

from aqfusion.sites.site import LONGEST_NAME, Site
from aqfusion.sites.site_file import parse_site
from aqfusion.time_zones import zone_at
from aqfusion.ui.labels import told
from aqfusion.ui.plain import plain_list
from aqfusion.ui.site import choice, mine

PLACE = "mysite_open"
_KEY, _FAULTS = "mysite_which", "mysite_faults"
_NEW = ("mysite_name", "mysite_latitude", "mysite_longitude", "mysite_timezone")
_SHOWN = 20


def choose() -> mine.Own | None:
    """Draw the choice and the two ways to begin; `None` while there is no place."""
    names = mine.names()
    if names:
        _prepare(names)
        st.selectbox(
            "Which place",
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
    told.show(PLACE)
    faults = st.session_state.get(_FAULTS, ())
    if faults:
        st.warning(f"Left out of the file:\n{plain_list(faults, _SHOWN)}", icon=":material/rule:")
    key = st.session_state.get(_KEY)
    return mine.get(key) if key in names else None


def show(key: str) -> None:
    """Open this place from now on, and ask about it on all pages; for a callback."""
    st.session_state[_KEY] = key
    choice.take(key)


def _prepare(names: dict[str, str]) -> None:
    """At first the place that Predict asks about, else the last one."""
    if st.session_state.get(_KEY) not in names:
        wanted = st.session_state.get(choice.KEY)
        st.session_state[_KEY] = wanted if wanted in names else list(names)[-1]


def _follow() -> None:
    choice.take(st.session_state.get(_KEY, choice.ELSEWHERE))
    st.session_state.pop(_FAULTS, None)


def _title(key: str, name: str) -> str:
    return f"{name} (in your account)" if key.startswith("account:") else name


def _form() -> None:
    with st.form("mysite_new", border=False):
        st.text_input("Name", max_chars=LONGEST_NAME, key=_NEW[0], placeholder="My roof")
        st.markdown("If you know them, where it is and its clock:")
        with st.container(horizontal=True):
            st.number_input("Latitude", -90.0, 90.0, None, format="%.4f", key=_NEW[1])
            st.number_input("Longitude", -180.0, 180.0, None, format="%.4f", key=_NEW[2])
        st.selectbox(
            "Time zone",
            _zones(),
            index=None,
            key=_NEW[3],
            placeholder="by the coordinates, or not known",
        )
        st.form_submit_button("Make this place", key="mysite_make", type="primary", on_click=_make)


def _bring() -> None:
    st.file_uploader(
        "Or bring a place that you took away: its JSON file",
        key="mysite_file",
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
        show(mine.create(site))
        state.pop(_FAULTS, None)
        for key in _NEW:
            state[key] = "" if key == _NEW[0] else None
        return f"{site.name} is there. Predict and Explain ask about it from now on"

    told.attempt(PLACE, work)


def _read() -> None:
    file = st.session_state.get("mysite_file")
    if file is None:
        return
    st.session_state.pop(_FAULTS, None)

    def work() -> str:
        read = parse_site(file.getvalue(), " ".join(file.name.split())[:80] or "site file")
        show(mine.create(read.site))
        st.session_state[_FAULTS] = read.faults
        days = len(read.site.days)
        return f"{read.site.name} is there, with {days} day{'' if days == 1 else 's'}"

    told.attempt(PLACE, work, refused="This file was not read: ")


@cache
def _zones() -> list[str]:
    return sorted(name for name in available_timezones() if "/" in name)
