"""Days from stations: the sample ones, those of a table on the Stations page, or OpenAQ's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from aqfusion.air.aqi import standard
from aqfusion.errors import InputError
from aqfusion.settings import load_settings
from aqfusion.sites.site import MODEL_STANDARD, Day, Site
from aqfusion.stations.external_values import distance_km
from aqfusion.stations.live_stations import nearest
from aqfusion.stations.measurements import Station, StationMeasurement, summarise
from aqfusion.stations.sample_stations import sample_measurements
from aqfusion.ui.markup import plain, show_error
from aqfusion.ui.sites import own_sites, save_days
from aqfusion.ui.stations import sources

MOST = 30  # days at once
SAMPLE, NEAREST, OPENAQ = "sample station", "nearest station", "OpenAQ"


@dataclass(frozen=True)
class Measured:
    """A measurement and its AQI, stated or by the US formula."""

    measurement: StationMeasurement
    aqi: int


def render_station_days(own: own_sites.OwnSites, source: str) -> None:
    """Draw the choice of a station and of its measurements."""
    stations = _by_distance(own.site, _measured(own.site, source))
    if not stations:
        return
    station = st.selectbox(
        "Station (nearest first)" if own.site.latitude is not None else "Station",
        list(stations),
        format_func=lambda candidate: _title(own.site, candidate),
        key=f"mysite_station_{source}",
    )
    chosen = f"mysite_measured_{source}_{station.id}"
    st.multiselect(
        "Measured values",
        stations[station],
        format_func=_label,
        max_selections=MOST,
        key=chosen,
        placeholder="choose one or more",
    )
    st.button(
        "Add the selected days",
        key=f"mysite_take_{source}",
        type="primary",
        icon=":material/add:",
        on_click=_add,
        args=(own, source, chosen),
    )


def day_of(measured: Measured, source: str) -> Day:
    """A day of a place by what a station measured."""
    measurement = measured.measurement
    return Day(float(measured.aqi), source, measurement.time, reading=measurement.reading)


def _add(own: own_sites.OwnSites, source: str, chosen: str) -> None:
    measured: Sequence[Measured] = st.session_state.get(chosen, ())

    def work() -> save_days.SavedDays:
        return save_days.SavedDays(tuple(day_of(entry, source) for entry in measured[:MOST]))

    save_days.add(own, work)
    st.session_state[chosen] = []


def _measured(site: Site, source: str) -> list[Measured]:
    """All measurements that have an AQI; a message where there are none."""
    if source == OPENAQ:
        measurements = _live(site)
    elif source == NEAREST:
        measurements = _own()
    else:
        measurements = sample_measurements()
    us = standard(MODEL_STANDARD)
    judged = ((measurement, summarise(measurement, us).aqi) for measurement in measurements)
    measured = [Measured(measurement, aqi) for measurement, aqi in judged if aqi is not None]
    if measurements and not measured:
        st.info("None of these stations measures enough pollutants for an AQI.")
    return measured


def _own() -> tuple[StationMeasurement, ...]:
    try:
        parsed = sources.own()
    except InputError as error:
        show_error(error)
        return ()
    if parsed is None:
        st.info("First upload a table of stations on the Stations page; it is used here too.")
        return ()
    return parsed.measurements


def _live(site: Site) -> tuple[StationMeasurement, ...]:
    if site.latitude is None or site.longitude is None:
        st.info("OpenAQ can only find stations near a place with coordinates; this place has none.")
        return ()
    with st.spinner("Waiting for OpenAQ ..."):
        live = nearest(site.latitude, site.longitude, datetime.now(UTC), load_settings())
    if live.problem:
        st.warning(plain(live.problem), icon=":material/cloud_off:")
    return live.measurements


def _by_distance(site: Site, measured: Sequence[Measured]) -> dict[Station, list[Measured]]:
    """The measurements of each station, newest first; near stations first, else by name."""
    stations: dict[Station, list[Measured]] = {}
    for entry in sorted(measured, key=lambda entry: entry.measurement.time, reverse=True):
        stations.setdefault(entry.measurement.station, []).append(entry)
    order = sorted(stations, key=lambda station: (_away(site, station), station.name))
    return {station: stations[station] for station in order}


def _away(site: Site, station: Station) -> float:
    if site.latitude is None or site.longitude is None:
        return 0.0
    return distance_km((site.latitude, site.longitude), (station.latitude, station.longitude))


def _title(site: Site, station: Station) -> str:
    if site.latitude is None:
        return station.name
    return f"{station.name}, {_away(site, station):,.0f} km away"


def _label(measured: Measured) -> str:
    time = measured.measurement.time
    return f"{time.day} {time:%b %Y, %H:%M}: AQI {measured.aqi}"
