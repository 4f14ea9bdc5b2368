"""The source of the stations: the sample ones, a person's own, or OpenAQ's now."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.settings import load_settings
from aqfusion.stations.measurements import StationMeasurement
from aqfusion.stations.sample_stations import sample_measurements
from aqfusion.stations.station_table import Parsed, parse_stations

SAMPLE, OWN, LIVE = "Sample", "Your own", "Live"
SAYS = {
    SAMPLE: (
        "Eight places of the public photo set, measured in 2022 and 2023: a historical record, "
        "not current air quality. It states no units for its readings, so no formula is applied "
        "to them."
    ),
    OWN: "Stations from your own table; nobody else sees them, and nothing is stored.",
    LIVE: "Current measurements near a place, as provided by OpenAQ.",
}


@dataclass(frozen=True)
class Source:
    """Measurements of one kind: `SAMPLE`, `OWN` or `LIVE`."""

    name: str
    measurements: tuple[StationMeasurement, ...]

    @property
    def is_live(self) -> bool:
        """Whether the stations are live."""
        return self.name == LIVE

    @property
    def is_sample(self) -> bool:
        """Whether the model has been evaluated on them."""
        return self.name == SAMPLE


def sample() -> Source:
    """The sessions of the public data set."""
    return Source(SAMPLE, sample_measurements())


def own() -> Parsed | None:
    """The visitor's upload, or else the file in the settings; `None` without both.

    A file that is no station file raises `InputError`.
    """
    uploaded: Parsed | None = st.session_state.get("stations_uploaded")
    if uploaded is not None:
        return uploaded
    path = load_settings().stations
    if path is None:
        return None
    try:
        return _from_settings(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise InputError(f"AQFUSION_STATIONS must be a readable file: {error.strerror}") from error


@st.cache_resource(max_entries=1, show_spinner="Reading the stations ...")
def _from_settings(path: Path, changed: int) -> Parsed:
    return parse_stations(path.read_bytes(), datetime.now(UTC), "the file in the settings")
