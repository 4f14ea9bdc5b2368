"""The time that the map shows: a slider over all moments of measurement, and a button to play."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import streamlit as st

from aqfusion.stations.measurements import StationMeasurement, latest
from aqfusion.ui.stations.map_values import when
from aqfusion.ui.stations.sources import Source

PLAYING = "stations_playing"
_STEP_SECONDS = 1.2
_DAY = timedelta(hours=24)
_MOST_STEPS = 2000  # a slider is not for more; of a longer record the last ones


def pace() -> float | None:
    """Seconds between two runs of the page's moving part; `None` while it is paused."""
    return _STEP_SECONDS if st.session_state.get(PLAYING) else None


def choose(source: Source) -> datetime:
    """Draw slider and button, and return the selected time."""
    steps = source.steps[-_MOST_STEPS:]
    if len(steps) == 1:
        return steps[0]
    key = f"stations_choice_time_{source.name}"
    if st.session_state.get(key) not in steps:
        st.session_state[key] = _fullest(source.measurements, steps)
    shown = {*steps}
    clocks = {m.time: m.time for m in source.measurements if m.time in shown}
    labels = {moment: when(clock) for moment, clock in clocks.items()}
    with st.container(horizontal=True, wrap=False, vertical_alignment="bottom", key="timeline"):
        _play_button(key, steps)
        if st.session_state.get(PLAYING):
            _advance(key, steps)
        moment: datetime = st.select_slider(
            "Time",
            steps,
            format_func=lambda step: labels[step],
            key=key,
            label_visibility="collapsed",
        )
    return moment


def _play_button(key: str, steps: Sequence[datetime]) -> None:
    playing = bool(st.session_state.get(PLAYING))
    icon, name = (":material/pause:", "Pause") if playing else (":material/play_arrow:", "Play")
    if st.button(name, key="stations_play", icon=icon):
        if not playing and st.session_state.get(key) == steps[-1]:
            st.session_state["stations_rewind"] = True
        _set_playing(not playing)


def _advance(key: str, steps: Sequence[datetime]) -> None:
    """Go on by one step when it is time for it; at the end stop."""
    now = time.monotonic()
    if now - st.session_state.get("stations_stepped_at", 0.0) < 0.8 * _STEP_SECONDS:
        return  # the visitor has touched something in between
    st.session_state["stations_stepped_at"] = now
    current = st.session_state.get(key)
    rewind = st.session_state.pop("stations_rewind", False)
    at = steps.index(current) if current in steps and not rewind else -1
    if at + 1 < len(steps):
        st.session_state[key] = steps[at + 1]
    else:
        _set_playing(False)


def _set_playing(playing: bool) -> None:
    st.session_state[PLAYING] = playing
    st.rerun()  # the whole page, which sets how often this part runs


def _fullest(measurements: Sequence[StationMeasurement], steps: Sequence[datetime]) -> datetime:
    """The moment at which most stations have measured within a day; of equals the last."""
    if len(steps) > 300:
        return steps[-1]
    return max(
        steps,
        key=lambda step: (
            sum(step - measurement.time <= _DAY for measurement in latest(measurements, step)),
            step,
        ),
    )
