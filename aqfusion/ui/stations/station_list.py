"""The stations as a list and a table, for those who cannot use a map, and as CSV."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import streamlit as st

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.io.spreadsheet_csv import CsvCell, csv_text
from aqfusion.stations.measurements import StationMeasurement, age_in_words, is_old
from aqfusion.ui.stations.map_values import INDIA, US, Estimates, error_of, estimate_of, judge, when

_CSV_TITLES = (
    *("id", "name", "lat", "lon", "position approximate", "time"),
    *POLLUTANTS,
    *("aqi", "us category", "computed us aqi", "computed india aqi", "india category"),
    *("worst pollutant", "units stated"),
    *("model aqi", "model low", "model high", "source"),
)


def render_station_list(
    measurements: Sequence[StationMeasurement],
    view: str,
    estimates: Estimates,
    at: datetime,
    live: bool,
    on_choose: Callable[[str], None],
) -> None:
    """Draw the table; a row that is picked chooses its station."""

    def picked() -> None:
        table = st.session_state.get("stations_table")
        if table is not None and table.selection.rows:
            on_choose(measurements[table.selection.rows[0]].station.id)

    summaries = [judge(measurement, view) for measurement in measurements]
    columns: dict[str, list[str | float | None]] = {
        "Station": [measurement.station.name for measurement in measurements],
        "AQI": [summary.aqi for summary in summaries],
        "Category": [
            summary.category.name if summary.category else summary.why for summary in summaries
        ],
        "Dominant": [pollutant(s.dominant).label if s.dominant else None for s in summaries],
        "Model": [
            round(estimate.value) if (estimate := estimate_of(measurement, estimates)) else None
            for measurement in measurements
        ],
        "Model's error": [
            _rounded(error_of(measurement, estimates)) for measurement in measurements
        ],
        **{
            f"{pollutant(name).label}": [
                getattr(measurement.reading, name) for measurement in measurements
            ]
            for name in POLLUTANTS
        },
        "Measured": [when(measurement.time) for measurement in measurements],
        "Age at that time": [
            age_in_words(measurement.time, at)
            + (", old" if is_old(measurement.time, at, live) else "")
            for measurement in measurements
        ],
        "Position": [
            "approximate" if measurement.station.approximate else "known"
            for measurement in measurements
        ],
    }
    if not estimates:
        del columns["Model"], columns["Model's error"]
    st.dataframe(
        columns,
        hide_index=True,
        key="stations_table",
        on_select=picked,
        selection_mode="single-row",
        height=min(35 * (len(measurements) + 1) + 3, 420),
        alt=f"{len(measurements)} stations with their AQI, readings and time",
    )


def as_csv(measurements: Sequence[StationMeasurement], estimates: Estimates) -> str:
    """All measurements, one a line, for a spreadsheet or a script.

    `aqi` is the one that the source states, so that this table, read as a person's own, is the
    same again; the indices by formula are in columns that are computed anew.
    """
    return csv_text([_CSV_TITLES, *(_line(measurement, estimates) for measurement in measurements)])


def _line(measurement: StationMeasurement, estimates: Estimates) -> tuple[CsvCell, ...]:
    station, us, india = measurement.station, judge(measurement, US), judge(measurement, INDIA)
    computed = us if measurement.aqi is None else judge(replace(measurement, aqi=None), US)
    estimate = estimate_of(measurement, estimates)
    return (
        *(station.id, station.name, station.latitude, station.longitude),
        *("yes" if station.approximate else "no", measurement.time.isoformat()),
        *(getattr(measurement.reading, name) for name in POLLUTANTS),
        *(measurement.aqi, us.category and us.category.name, computed.aqi),
        *(india.aqi, india.category and india.category.name, us.dominant),
        "yes" if station.units_stated else "no",
        *((estimate.value, estimate.low, estimate.high) if estimate else (None, None, None)),
        station.source,
    )


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)
