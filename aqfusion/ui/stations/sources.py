"""The source of the stations: the sample ones, a person's own, or OpenAQ's now."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from weakref import WeakValueDictionary

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.fair_queue import HEAVY
from aqfusion.images.decoding import MOST_MEMORY, reserved
from aqfusion.own_process import run_in_own_process
from aqfusion.settings import load_settings
from aqfusion.stations.measurements import StationMeasurement, latest, time_steps
from aqfusion.stations.sample_stations import sample_measurements
from aqfusion.stations.station_table import Parsed, UploadedStation, parse_stations

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
# Rows and faults of all visitors' tables, of 530 bytes each; a table goes with its session.
_MOST_HELD, _SMALL, _ROW_BYTES = 110_000, 5_000, 530
_held: WeakValueDictionary[int, Parsed] = WeakValueDictionary()
_holding = threading.Lock()


@dataclass(frozen=True)
class Source:
    """Measurements of one kind: `SAMPLE`, `OWN` or `LIVE`."""

    name: str
    measurements: tuple[StationMeasurement, ...]
    _latest: dict[datetime, tuple[StationMeasurement, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @cached_property
    def steps(self) -> tuple[datetime, ...]:
        """The moments of its measurements, oldest first."""
        return time_steps(self.measurements)

    def latest(self, at: datetime) -> tuple[StationMeasurement, ...]:
        """Each station's last measurement at a time, kept until another time is asked for."""
        kept = self._latest.get(at)
        if kept is None:
            self._latest.clear()
            kept = self._latest[at] = latest(self.measurements, at)
        return kept

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


def of(parsed: Parsed) -> Source:
    """The measurements of a person's own file as one source for as long as they stay."""
    kept: Source | None = st.session_state.get("stations_source")
    if kept is None or kept.measurements is not parsed.measurements:
        kept = st.session_state["stations_source"] = Source(OWN, parsed.measurements)
    return kept


# Bytes that reading a table holds for each of its own, with lists of cells and rows.
_READING = 45
# Bytes of a table whose reading others would feel, which takes longer than to start a process.
_LARGE = 100_000


def parse(content: bytes, place: UploadedStation | None) -> Parsed:
    """Read a table in turn with other heavy work, and within the memory of that."""

    def work() -> Parsed:
        now = datetime.now(UTC)
        if len(content) <= _LARGE:
            return parse_stations(content, now, place=place)
        with reserved(min(MOST_MEMORY, _READING * len(content))):
            return run_in_own_process(parse_stations, content, now, place=place)

    return HEAVY.run(work)


def hold(parsed: Parsed) -> None:
    """Keep an uploaded table in the session; `InputError` where the server holds too many rows."""
    reserve(parsed)
    st.session_state["stations_uploaded"] = parsed


def reserve(parsed: Parsed) -> None:
    """Count a table that a session keeps in any way, with its file while its place is asked for."""
    rows = _rows(parsed)
    with _holding:
        others = sum(_rows(held) for held in [*_held.values()] if held is not parsed)
        if rows > _SMALL and rows + others > _MOST_HELD:
            raise InputError(
                f"the server holds many tables of other visitors just now; one of at most "
                f"{_SMALL:,} rows can be read at any time, a larger one later"
            )
        _held[id(parsed)] = parsed


def _rows(parsed: Parsed) -> int:
    file = parsed.file_bytes // _ROW_BYTES if parsed.unplaced else 0
    return len(parsed.measurements) + len(parsed.unplaced) + len(parsed.faults) + file


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
    content = path.read_bytes()
    return HEAVY.run(lambda: parse_stations(content, datetime.now(UTC), "the file in the settings"))
