"""The moving part of the Stations page: time, map, the chosen station, list, history."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

import streamlit as st

from aqfusion.settings import load_settings
from aqfusion.stations.station import Measurement
from aqfusion.stations.summary import is_old, latest
from aqfusion.ui import result_view
from aqfusion.ui.plain import plain
from aqfusion.ui.stations import (
    chosen_view,
    live_view,
    map_view,
    predictions,
    station_list,
    timeline,
)
from aqfusion.ui.stations.legend import legend
from aqfusion.ui.stations.sources import Source
from aqfusion.ui.stations.views import ERROR, INDIA, MODEL, US, bands, judge, marks


def show(source: Source) -> None:
    """Draw it all for one source; a source without measurements has a bare map."""
    live_view.follow_search()
    views = [US, INDIA, *([MODEL, ERROR] if source.is_sample else [])]
    view = st.segmented_control(
        "What the map shows",
        views,
        default=US,
        required=True,
        key=f"stations_choice_view_{source.name}",
        persist_state="session",
        label_visibility="collapsed",
    )
    estimates = predictions.leak_safe(load_settings().model) if source.is_sample else {}
    at = _time(source)
    measurements = latest(source.measurements, at)
    chosen_key = f"stations_choice_station_{source.name}"

    def choose(id: str) -> None:
        st.session_state[chosen_key] = id
        _give(measurements, id)

    left, right = st.columns([8, 5], gap="medium")
    with right.container(border=True, height="stretch", key="stations_card"):
        chosen = _list(measurements, chosen_key)
        if chosen is None:
            _invite(measurements, source, view, at)
        else:
            chosen_view.show(chosen, view, estimates, at)
    with left:
        map_view.choose(
            marks(measurements, view, estimates, at, live=source.is_live),
            f"stations_map_{source.name}{live_view.place() if source.is_live else ''}",
            height=520,
            chosen=chosen.station.id if chosen else None,
            on_choose=choose,
            on_search=live_view.search if source.is_live else None,
        )
        st.html(legend(bands(view)))
        if view in (MODEL, ERROR):
            st.caption(predictions.SAYS)
    if not measurements:
        return
    if chosen is not None:
        of_station = [
            measurement
            for measurement in source.measurements
            if measurement.station == chosen.station
        ]
        with st.container(border=True, key="stations_history"):
            st.subheader(f"History: {plain(chosen.station.name)}", anchor=False)
            chosen_view.history(
                sorted(of_station, key=lambda measurement: measurement.time), view, estimates, at
            )
    st.subheader("All stations at this time", anchor=False)
    station_list.show(measurements, view, estimates, at, source.is_live, choose)
    st.download_button(
        "All measurements as CSV",
        lambda: station_list.as_csv(source.measurements, estimates),
        "aqfusion-stations.csv",
        "text/csv",
        key="stations_csv",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )


def _time(source: Source) -> datetime:
    if source.is_live or not source.measurements:
        return datetime.now(UTC)
    return timeline.choose(source)


def _list(measurements: Sequence[Measurement], key: str) -> Measurement | None:
    """Draw the list of stations by name; the one that is chosen there or on the map."""
    by_id = {measurement.station.id: measurement for measurement in measurements}
    if st.session_state.get(key) not in by_id:
        st.session_state.pop(key, None)
    names = Counter(measurement.station.name for measurement in measurements)

    def name(id: str) -> str:
        station = by_id[id].station
        return station.name if names[station.name] == 1 else f"{station.name} ({id})"

    chosen = st.selectbox(
        "Station",
        list(by_id),
        index=None,
        format_func=name,
        placeholder="Choose a station here or on the map",
        key=key,
        on_change=lambda: _give(measurements, st.session_state.get(key)),
        persist_state="session",
    )
    return by_id.get(chosen) if chosen else None


def _give(measurements: Sequence[Measurement], id: str | None) -> None:
    """Put the chosen measurement into the sliders of the Predict page."""
    for measurement in measurements:
        if measurement.station.id == id and measurement.reading.present:
            chosen_view.give(measurement)


def _invite(measurements: Sequence[Measurement], source: Source, view: str, at: datetime) -> None:
    """Draw a summary before a station is chosen."""
    if not measurements:
        st.markdown("No stations to show yet.")
        return
    new = [
        measurement
        for measurement in measurements
        if not is_old(measurement.time, at, source.is_live)
    ]
    st.markdown(
        "Click a station: its readings go into the sliders of the Predict page"
        + (", with a photo of that hour where a data folder is set." if source.is_sample else ".")
    )
    st.markdown(f"At this time **{len(new)} of {len(measurements)}** stations have fresh data.")
    by_aqi = sorted(
        (summary.aqi, measurement.station.name, summary.category)
        for measurement in new
        if (summary := judge(measurement, view)).aqi is not None and summary.category is not None
    )
    if by_aqi:
        for words, (aqi, name, category) in (("Worst air", by_aqi[-1]), ("Best air", by_aqi[0])):
            st.html(
                f'<div class="aq aq-brief"><div class="aq-number">{aqi}</div><div>'
                f"{result_view.pill(category)}<p>{words}: {escape(name)}</p></div></div>"
            )
