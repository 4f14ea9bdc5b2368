"""The moving part of the Stations page: time, map, the chosen station, list, history."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape

import streamlit as st
from streamlit_folium import st_folium

from aqfusion.fair_queue import HEAVY
from aqfusion.settings import load_settings
from aqfusion.stations.measurements import StationMeasurement, is_old
from aqfusion.stations.station_selection import Area
from aqfusion.ui import result_view
from aqfusion.ui.markup import plain
from aqfusion.ui.stations import (
    live_view,
    many_stations,
    map_values,
    station_list,
    station_view,
    timeline,
)
from aqfusion.ui.stations.many_stations import StationSelection
from aqfusion.ui.stations.map import base_map, legend, mark_group
from aqfusion.ui.stations.map_values import ERROR, INDIA, MODEL, US, Mark, bands, judge, marks
from aqfusion.ui.stations.sources import Source

_MOST_HISTORY = 2000  # points of a chart
_MOST_IN_CSV = 10_000  # measurements, each of which is judged by two standards: half a millisecond


def pick_on_map(
    marks: Sequence[Mark],
    key: str,
    *,
    height: int = 480,
    chosen: str | None = None,
    look: Area | None = None,
    on_choose: Callable[[str], None] | None = None,
    on_search: Callable[[float, float], None] | None = None,
) -> str | None:
    """Draw the map; return the id of the station clicked last, `None` before the first click.

    Only a click on a station or on the search button runs the page again; `on_choose` or
    `on_search` (degrees) is called then, before it runs. New marks are exchanged in place: the map
    stays where the visitor has moved it, unless `look` is another. `chosen` marks a station that
    was chosen elsewhere.
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
        feature_group_to_add=mark_group(marks, st.session_state.get(f"{key}_named"), look),
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


def render_explorer(source: Source) -> None:
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
    estimates = map_values.leak_safe(load_settings().model) if source.is_sample else {}
    at = _time(source)
    chosen_key = f"stations_choice_station_{source.name}"
    everywhere = source.latest(at)
    selection = many_stations.select(everywhere, source.name, st.session_state.get(chosen_key))
    measurements = selection.listed

    def choose(id: str) -> None:
        if not selection.open_group(id, source.name):
            st.session_state[chosen_key] = id
            _give(everywhere, id)

    left, right = st.container(key="stations_body").columns([8, 5], gap="medium")
    with right.container(border=True, height="stretch", key="stations_card"):
        chosen = _list(measurements, chosen_key)
        if chosen is None:
            _invite(selection, source, view, at)
        else:
            station_view.render_chosen(chosen, view, estimates, at)
    with left.container(key="stations_place_of_map"):
        pick_on_map(
            (
                *marks(selection.alone, view, estimates, at, live=source.is_live),
                *selection.group_marks(),
            ),
            f"stations_map_{source.name}{live_view.place() if source.is_live else ''}",
            height=520,
            chosen=chosen.station.id if chosen else None,
            look=selection.look,
            on_choose=choose,
            on_search=live_view.search if source.is_live else None,
        )
        st.html(legend(bands(view)))
        if view in (MODEL, ERROR):
            st.caption(map_values.SAYS)
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
            of_station.sort(key=lambda measurement: measurement.time)
            if len(of_station) > _MOST_HISTORY:
                st.caption(f"The last {_MOST_HISTORY:,} of {len(of_station):,} measurements.")
            station_view.history(of_station[-_MOST_HISTORY:], view, estimates, at)
    is_all = len(measurements) == len(everywhere)
    st.subheader(f"{'All s' if is_all else 'S'}tations at this time", anchor=False)
    station_list.render_station_list(measurements, view, estimates, at, source.is_live, choose)
    count = len(source.measurements)
    st.download_button(
        "All measurements as CSV"
        if count <= _MOST_IN_CSV
        else f"The first {_MOST_IN_CSV:,} of {count:,} measurements as CSV",
        lambda: HEAVY.run(
            lambda: station_list.as_csv(source.measurements[:_MOST_IN_CSV], estimates)
        ),
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


def _list(measurements: Sequence[StationMeasurement], key: str) -> StationMeasurement | None:
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


def _give(measurements: Sequence[StationMeasurement], id: str | None) -> None:
    """Put the chosen measurement into the sliders of the Predict page."""
    for measurement in measurements:
        if measurement.station.id == id and measurement.reading.present:
            station_view.give(measurement)


def _invite(selection: StationSelection, source: Source, view: str, at: datetime) -> None:
    """Draw a summary before a station is chosen; only of stations that are all listed."""
    measurements = selection.listed
    if not measurements:
        st.markdown(
            "No station matches the search. Try a part of its name, its id, or a position as in "
            "`28.61, 77.21`."
            if selection.is_search
            else "There are no stations to show yet."
        )
        return
    new = [
        measurement
        for measurement in measurements
        if not is_old(measurement.time, at, source.is_live)
    ]
    st.markdown(
        "Click a station to copy its readings into the sliders of the Predict page"
        + (", with a photo of that hour if a data folder is set." if source.is_sample else ".")
    )
    if len(measurements) < selection.total:
        return
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
