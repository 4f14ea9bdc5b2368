"""A person's own stations: a file to upload, what was read of it, and what could not be."""

from datetime import UTC, datetime

import streamlit as st

from aqfusion.csv_table.fault import fault_report
from aqfusion.errors import InputError
from aqfusion.stations.csv_file import Parsed, parse_stations, template
from aqfusion.ui.plain import plain
from aqfusion.ui.stations import sources

_SHOWN = 20
_HELP = (
    "One row is one station at one time: `id`, `lat`, `lon` and `time` are needed, then any of "
    "`name`, `pm25`, `pm10`, `o3`, `co`, `so2`, `no2` and `aqi` (a US AQI). Readings are in µg/m³, "
    "CO in mg/m³; another unit stands in the title, as in `o3 (ppb)`. Times name their offset, as "
    "in `2023-02-01T08:30+05:30`, or a column `timezone` does."
)


def choose() -> sources.Source | None:
    """Draw upload and report; the stations, or `None` while there are none."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.file_uploader(
            "A CSV file of stations, at most 5 MB",
            type=["csv", "txt"],
            key="stations_upload",
            on_change=_uploaded,
            width=520,
        )
        st.download_button(
            "An example to fill in",
            template(),
            "stations.csv",
            "text/csv",
            key="stations_template",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
        )
        if "stations_uploaded" in st.session_state:
            st.button("Remove these stations", key="stations_remove", on_click=_forget)
    with st.expander("What the file must look like", key="stations_form"):
        st.markdown(_HELP)
    problem = st.session_state.get("stations_problem")
    if problem:
        st.error(plain(problem), icon=":material/error:")
    try:
        parsed = sources.own()
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    if parsed is None:
        return None
    _report(parsed)
    return sources.Source(sources.OWN, parsed.measurements) if parsed.measurements else None


def _uploaded() -> None:
    """Read the file once; one that cannot be read leaves the stations as they were."""
    file = st.session_state.get("stations_upload")
    st.session_state.pop("stations_problem", None)
    if file is None:
        return  # taken out of the widget, or left behind with another page
    try:
        st.session_state["stations_uploaded"] = parse_stations(file.getvalue(), datetime.now(UTC))
    except InputError as error:
        st.session_state["stations_problem"] = f"This file was not read: {error}"


def _forget() -> None:
    st.session_state.pop("stations_uploaded", None)
    st.session_state.pop("stations_problem", None)


def _report(parsed: Parsed) -> None:
    good, bad = len(parsed.measurements), len(parsed.bad_lines)
    stations = len({one.station for one in parsed.measurements})
    read = f"Read {_count(good, 'measurement')} of {_count(stations, 'station')}."
    if parsed.ignored:
        titles = ", ".join(repr(title[:40]) for title in parsed.ignored[:8])
        more = " and others" if len(parsed.ignored) > 8 else ""
        read += f" Columns that nobody reads: {titles}{more}."
    if not bad:
        st.success(plain(read), icon=":material/check_circle:")
        return
    st.warning(plain(f"{read} {_count(bad, 'row')} left out."), icon=":material/rule:")
    with st.expander(f"What is wrong with {_count(bad, 'row')}", key="stations_faults"):
        shown = parsed.faults[:_SHOWN]
        st.dataframe(
            {
                "Line": [fault.line for fault in shown],
                "Column": [fault.column for fault in shown],
                "Rule": [fault.rule for fault in shown],
                "Value": [fault.value for fault in shown],
            },
            hide_index=True,
            key="stations_fault_table",
            alt=f"The first {len(shown)} of {len(parsed.faults)} faults",
        )
        st.download_button(
            f"All {len(parsed.faults)} faults as CSV",
            fault_report(parsed.faults),
            "stations-faults.csv",
            "text/csv",
            key="stations_fault_report",
            on_click="ignore",
            icon=":material/download:",
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
