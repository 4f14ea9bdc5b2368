"""More stations than a map and a list can take: a search, groups to look into, and how many."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from aqfusion.stations.measurements import StationMeasurement
from aqfusion.stations.station_selection import Area, StationGroup, grouped, matching, within
from aqfusion.ui.stations.map_values import Mark

MOST_MARKS = 400  # on a map: more, and a browser is busy for seconds
MOST_LISTED = 500  # in a list and a table
_NEAREST = 50
_COLOURS = ("#8A9299", "#000000")


@dataclass(frozen=True)
class StationSelection:
    """The stations that the visitor looks at: `listed` are the first of them, `alone` and `groups`
    what the map shows, `look` where it should look, `None` for everywhere. `is_search` means that
    only those were wanted that a text matches.
    """

    total: int
    listed: tuple[StationMeasurement, ...]
    alone: tuple[StationMeasurement, ...]
    groups: tuple[StationGroup, ...] = ()
    look: Area | None = None
    is_search: bool = False

    def group_marks(self) -> tuple[Mark, ...]:
        """The marks of the groups."""
        return tuple(
            Mark(
                _group_id(number),
                f"{group.count:,} stations",
                group.latitude,
                group.longitude,
                *_COLOURS,
                f"{group.count:,}",
                ("Click to look closer",),
                count=group.count,
            )
            for number, group in enumerate(self.groups)
        )

    def open_group(self, id: str, source: str) -> bool:
        """Look into the group of this mark; whether it is one. For a callback."""
        for number, group in enumerate(self.groups):
            if id == _group_id(number):
                st.session_state[_area_key(source)] = group.area
                return True
        return False


def _group_id(number: int) -> str:
    """No station has a NUL in its id: a table with one is refused."""
    return f"\0group {number}"


def select(
    measurements: Sequence[StationMeasurement], source: str, chosen: str | None
) -> StationSelection:
    """Draw search and count where there are too many stations; `chosen` is always listed."""
    if len(measurements) <= MOST_MARKS:
        return StationSelection(len(measurements), tuple(measurements), tuple(measurements))
    area: Area | None = st.session_state.get(_area_key(source))
    with st.container(horizontal=True, vertical_alignment="bottom", key="stations_many"):
        text = st.text_input(
            "Find stations by name, id or position (latitude, longitude)",
            max_chars=200,
            key=_text_key(source),
            placeholder="for example Delhi, or 28.61, 77.21",
            persist_state="session",
            width=420,
        )
        if area is not None or text:
            st.button(
                f"Show all {len(measurements):,}",
                key=f"stations_all_{source}",
                icon=":material/zoom_out_map:",
                on_click=_forget,
                args=(source,),
            )
    chosen_ones = tuple(measurements) if area is None else within(measurements, area)
    if text.strip():
        # beyond the group that was opened where nothing in it matches
        chosen_ones = matching(chosen_ones, text, _NEAREST) or matching(
            measurements, text, _NEAREST
        )
    alone, groups = grouped(chosen_ones, MOST_MARKS)
    st.caption(_words(len(measurements), len(chosen_ones), bool(groups)))
    listed = chosen_ones[:MOST_LISTED]
    if chosen is not None and all(m.station.id != chosen for m in listed):
        listed += tuple(m for m in measurements if m.station.id == chosen)
    look = None
    if chosen_ones and len(chosen_ones) < len(measurements):
        places = [(m.station.latitude, m.station.longitude) for m in chosen_ones]
        south, west = (min(values) for values in zip(*places, strict=True))
        north, east = (max(values) for values in zip(*places, strict=True))
        look = Area(south, west, north, east)
    is_search = bool(text.strip())
    return StationSelection(len(chosen_ones), listed, alone, groups, look, is_search)


def _words(total: int, count: int, has_groups: bool) -> str:
    """How much is shown of how much.

    >>> _words(99_000, 812, True)
    '812 of 99,000 stations. The map shows groups of them: click one to look closer, or search. \
The lists show the first 500.'
    >>> _words(99_000, 0, False)
    'None of 99,000 stations matches.'
    """
    if not count:
        return f"None of {total:,} stations matches."
    words = f"{count:,} of {total:,} stations."
    if has_groups:
        words += " The map shows groups of them: click one to look closer, or search."
    if count > MOST_LISTED:
        words += f" The lists show the first {MOST_LISTED}."
    return words


def _forget(source: str) -> None:
    st.session_state.pop(_area_key(source), None)
    st.session_state[_text_key(source)] = ""


def _area_key(source: str) -> str:
    return f"stations_area_{source}"


def _text_key(source: str) -> str:
    return f"stations_find_{source}"
