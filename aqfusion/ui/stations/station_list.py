"""The stations as a list and a table, for those who cannot use a map, and as CSV."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import streamlit as st

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.csv_cells import CsvCell, csv_text
from aqfusion.stations.station import Measurement
from aqfusion.stations.summary import age_in_words, is_old
from aqfusion.ui.stations.views import INDIA, US, Told, error_of, judge, said_of, when

_CSV_TITLES = (
    *("id", "name", "lat", "lon", "position approximate", "time"),
    *POLLUTANTS,
    *("aqi", "us category", "computed us aqi", "computed india aqi", "india category"),
    *("worst pollutant", "units stated"),
    *("model aqi", "model low", "model high", "source"),
)


def show(
    measurements: Sequence[Measurement],
    view: str,
    told: Told,
    shown: datetime,
    live: bool,
    on_choose: Callable[[str], None],
) -> None:
    """Draw the table; a row that is picked chooses its station."""

    def picked() -> None:
        table = st.session_state.get("stations_table")
        if table is not None and table.selection.rows:
            on_choose(measurements[table.selection.rows[0]].station.id)

    verdicts = [judge(one, view) for one in measurements]
    columns: dict[str, list[str | float | None]] = {
        "Station": [one.station.name for one in measurements],
        "AQI": [said.aqi for said in verdicts],
        "Category": [said.category.name if said.category else said.why for said in verdicts],
        "Worst": [pollutant(s.dominant).label if s.dominant else None for s in verdicts],
        "Model": [
            round(said.value) if (said := said_of(one, told)) else None for one in measurements
        ],
        "Model's error": [_rounded(error_of(one, told)) for one in measurements],
        **{
            f"{pollutant(name).label}": [getattr(one.reading, name) for one in measurements]
            for name in POLLUTANTS
        },
        "Measured": [when(one.time) for one in measurements],
        "Age then": [
            age_in_words(one.time, shown) + (", old" if is_old(one.time, shown, live) else "")
            for one in measurements
        ],
        "Position": ["approximate" if one.station.approximate else "known" for one in measurements],
    }
    if not told:
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


def as_csv(measurements: Sequence[Measurement], told: Told) -> str:
    """All measurements, one a line: what a spreadsheet or a script goes on with.

    `aqi` is the one that the source states, so that this table, read as a person's own, is the
    same again; what formulas make of the readings stands in columns that are computed anew.
    """
    return csv_text([_CSV_TITLES, *(_line(one, told) for one in measurements)])


def _line(one: Measurement, told: Told) -> tuple[CsvCell, ...]:
    station, us, india = one.station, judge(one, US), judge(one, INDIA)
    computed = us if one.aqi is None else judge(replace(one, aqi=None), US)
    said = said_of(one, told)
    return (
        *(station.id, station.name, station.latitude, station.longitude),
        *("yes" if station.approximate else "no", one.time.isoformat()),
        *(getattr(one.reading, name) for name in POLLUTANTS),
        *(one.aqi, us.category and us.category.name, computed.aqi),
        *(india.aqi, india.category and india.category.name, us.dominant),
        "yes" if station.units_stated else "no",
        *((said.value, said.low, said.high) if said else (None, None, None)),
        station.source,
    )


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)
