"""A person's own stations: a file to upload, what was read of it, and what could not be."""

import streamlit as st

from aqfusion.csv_table.errors import fault_report
from aqfusion.errors import InputError
from aqfusion.stations.import_report import counted, looks_like
from aqfusion.stations.station_table import Parsed, UploadedStation, template
from aqfusion.ui import photo_input
from aqfusion.ui.markup import plain, public_text, show_error
from aqfusion.ui.stations import sources

_SHOWN = 20
_HELP = (
    "A CSV file or a spreadsheet (.xlsx, its first sheet). One row is one station at one time: "
    "`id` or `name`, `lat`, `lon` and `time` are needed, then any of `pm25`, `pm10`, `o3`, `co`, "
    "`so2`, `no2` and `aqi` (a US AQI). Readings are in µg/m³, CO in mg/m³; another unit is "
    "stated in the title, as in `o3 (ppb)`. A time without an offset, as in "
    "`2023-02-01T08:30+05:30`, is in the time zone of the place or of the column `timezone`. "
    "Tables of OpenAQ, sensor.community, AirGradient, PurpleAir and CPCB can be read without "
    "changes."
)
_KEYS = ("stations_uploaded", "stations_problem", "stations_content", "stations_unconfirmed")
_OF_TABLE = ("stations_source", "stations_area_Your own", "stations_find_Your own")


def choose() -> sources.Source | None:
    """Draw upload and report; the stations, or `None` while there are none."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        # Any file may come: what is no table gets a sentence here, not a tooltip of the browser.
        st.file_uploader(
            "A table of stations (CSV or .xlsx), at most 5 MB",
            key="stations_upload",
            max_upload_size=photo_input.LARGEST_UPLOAD_MB,
            on_change=_uploaded,
            width=520,
        )
        st.download_button(
            "Example table",
            template(),
            "stations.csv",
            "text/csv",
            key="stations_template",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
        )
        if any(key in st.session_state for key in _KEYS):
            st.button("Remove these stations", key="stations_remove", on_click=_forget)
    with st.expander("What the file must look like", key="stations_form"):
        st.markdown(_HELP)
    problem = st.session_state.get("stations_problem")
    if problem:
        # What was read before stays on the map; its report would belong to another file.
        st.error(plain(problem), icon=":material/error:")
    unconfirmed: Parsed | None = st.session_state.get("stations_unconfirmed")
    if unconfirmed is not None:
        _ask(unconfirmed)
        return None
    try:
        parsed = sources.own()
    except InputError as error:
        show_error(error)
        return None
    if parsed is None:
        return None
    if not problem:
        _report(parsed)
    elif parsed.measurements:
        st.caption("The stations below are from the previous file.")
    return sources.of(parsed) if parsed.measurements else None


def _uploaded() -> None:
    """Read the file once; one that cannot be read leaves the stations as they were."""
    file = st.session_state.get("stations_upload")
    if file is None:
        return  # removed from the widget, or gone with another page
    for key in ("stations_problem", "stations_content", "stations_unconfirmed"):
        st.session_state.pop(key, None)
    _read(file.getvalue(), None)


def _read(content: bytes, place: UploadedStation | None) -> None:
    try:
        parsed = sources.parse(content, place)
        sources.reserve(parsed)
        if parsed.unplaced:
            st.session_state["stations_content"] = content
        if parsed.unplaced or (parsed.network and parsed.measurements and place is None):
            st.session_state["stations_unconfirmed"] = parsed
        else:
            _hold(parsed)
    except InputError as error:
        st.session_state["stations_problem"] = f"The file could not be read: {public_text(error)}"


def _hold(parsed: Parsed) -> None:
    """Show these stations, without the search and the area of those before."""
    sources.hold(parsed)
    for key in _OF_TABLE:
        st.session_state.pop(key, None)


def _ask(parsed: Parsed) -> None:
    """Show the network of a file; its stations are loaded when the visitor confirms."""
    _report(parsed)
    for sentence in looks_like(parsed):
        st.info(plain(f"{sentence[:1].upper()}{sentence[1:]}."), icon=":material/table_view:")
    if not parsed.unplaced:
        st.button("Use these stations", key="stations_confirm", on_click=_confirm, type="primary")
        return
    with st.form("stations_place"):
        st.markdown("The table does not state the position of its station.")
        with st.container(horizontal=True):
            st.text_input("Name", parsed.unplaced[0].station.name, 200, key="stations_place_name")
            st.number_input("Latitude", -90.0, 90.0, None, format="%.5f", key="stations_place_lat")
            st.number_input(
                "Longitude", -180.0, 180.0, None, format="%.5f", key="stations_place_lon"
            )
        st.form_submit_button("Use this station", key="stations_place_take", on_click=_placed)


def _confirm() -> None:
    parsed = st.session_state.pop("stations_unconfirmed", None)
    if parsed is None:
        return
    try:
        _hold(parsed)
    except InputError as error:
        st.session_state["stations_problem"] = f"The file could not be used: {public_text(error)}"


def _placed() -> None:
    latitude = st.session_state.get("stations_place_lat")
    longitude = st.session_state.get("stations_place_lon")
    content = st.session_state.get("stations_content")
    if latitude is None or longitude is None:
        st.session_state["stations_problem"] = "Latitude and longitude must both be given."
        return
    if content is None:
        return
    st.session_state.pop("stations_problem", None)
    name = str(st.session_state.get("stations_place_name") or "")
    st.session_state.pop("stations_unconfirmed", None)
    _read(content, UploadedStation(latitude, longitude, name.strip()))


def _forget() -> None:
    for key in (*_KEYS, *_OF_TABLE):
        st.session_state.pop(key, None)


def _report(parsed: Parsed) -> None:
    measurements = parsed.measurements or parsed.unplaced
    bad = len(parsed.bad_lines)
    cells = sum(fault.row_kept for fault in parsed.faults)
    stations = parsed.station_count
    read = f"Read {counted(len(measurements), 'measurement')} of {counted(stations, 'station')}."
    if parsed.ignored:
        titles = ", ".join(repr(title[:40]) for title in parsed.ignored[:8])
        more = " and others" if len(parsed.ignored) > 8 else ""
        read += f" Columns that are not read: {titles}{more}."
    if parsed.notes:
        with st.expander(
            f"{counted(len(parsed.notes), 'note')} on this file", key="stations_notes"
        ):
            for note in parsed.notes[:_SHOWN]:
                st.markdown(f"- {plain(note)}")
            if len(parsed.notes) > _SHOWN:
                st.caption(f"and {len(parsed.notes) - _SHOWN} more")
    if not parsed.faults:
        st.success(plain(read), icon=":material/check_circle:")
        return
    left = [counted(bad, "row")] * bool(bad) + [counted(cells, "single cell")] * bool(cells)
    st.warning(plain(f"{read} Left out: {' and '.join(left)}."), icon=":material/rule:")
    with st.expander(f"What is wrong with {' and '.join(left)}", key="stations_faults"):
        first_faults = parsed.faults[:_SHOWN]
        st.dataframe(
            {
                "Line": [fault.line for fault in first_faults],
                "Column": [fault.column for fault in first_faults],
                "Rule": [fault.rule for fault in first_faults],
                "Value": [fault.value for fault in first_faults],
                "Left out": ["cell" if fault.row_kept else "row" for fault in first_faults],
            },
            hide_index=True,
            key="stations_fault_table",
            alt=f"The first {len(first_faults)} of {len(parsed.faults)} faults",
        )
        st.download_button(
            f"All {len(parsed.faults)} faults as CSV",
            lambda: fault_report(parsed.faults),
            "stations-faults.csv",
            "text/csv",
            key="stations_fault_report",
            on_click="ignore",
            icon=":material/download:",
        )
