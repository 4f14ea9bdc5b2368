"""99,000 stations in one table: what goes to the browser is bounded, and each can be reached."""

import time
from datetime import UTC, datetime

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.air.readings import Reading
from aqfusion.csv_table.errors import TableFault
from aqfusion.errors import InputError
from aqfusion.settings import ROOT
from aqfusion.stations.measurements import Station, StationMeasurement
from aqfusion.stations.station_selection import Area, grouped, matching, within
from aqfusion.stations.station_table import Parsed
from aqfusion.ui.stations import sources, upload_view
from aqfusion.ui.stations.many_stations import MOST_LISTED, MOST_MARKS

TIME, READING = datetime(2023, 2, 1, 8, 30, tzinfo=UTC), Reading(pm25=80)


def station(number: int, latitude: float, longitude: float, name: str = "") -> StationMeasurement:
    place = Station(f"s{number}", name or f"Station {number}", latitude, longitude, False, "file")
    return StationMeasurement(place, TIME, READING, None)


def many(count: int) -> tuple[StationMeasurement, ...]:
    """Stations all over the earth, the last of them called Zion, at 1.5, 2.5."""
    places = np.random.default_rng(1).uniform((-80, -179), (80, 179), (count - 1, 2)).tolist()
    spread = (station(number, *place) for number, place in enumerate(places))
    return (*spread, station(count, 1.5, 2.5, "Zion"))


def size(node) -> int:
    """Bytes of all that was sent."""
    own = getattr(node, "proto", None)
    below = getattr(node, "children", {}).values()
    return (own.ByteSize() if hasattr(own, "ByteSize") else 0) + sum(map(size, below))


@pytest.fixture(scope="module")
def all_stations():
    return many(99_000)


def page_of(stations: tuple[StationMeasurement, ...]) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / "stations.py"), default_timeout=60)
    page.session_state["stations_uploaded"] = Parsed(stations, (), ())
    page.session_state["stations_choice_source"] = "Your own"
    return page


def test_a_page_of_99000_stations_is_small_and_quick(all_stations):
    page = page_of(all_stations)
    page.run()
    started = time.thread_time()
    page.run()
    assert not page.exception
    assert size(page._tree) < 1_000_000
    assert time.thread_time() - started < 3
    assert "99,000 of 99,000 stations. The map shows groups of them" in page.caption[1].value
    assert len(page.selectbox(key="stations_choice_station_Your own").options) == MOST_LISTED
    assert len(page.dataframe[0].value) == MOST_LISTED


def test_a_search_finds_one_of_99000_and_it_can_be_chosen(all_stations):
    page = page_of(all_stations).run()
    page.text_input(key="stations_find_Your own").set_value("zion").run()
    assert page.caption[1].value == "1 of 99,000 stations."
    page.selectbox(key="stations_choice_station_Your own").set_value("s99000").run()
    assert not page.exception
    page.button(key="stations_all_Your own").click().run()
    assert "99,000 of 99,000" in page.caption[1].value
    chosen = page.selectbox(key="stations_choice_station_Your own")
    assert (chosen.value, len(chosen.options)) == ("s99000", MOST_LISTED + 1)


def test_a_search_that_nothing_matches_says_so(all_stations):
    page = page_of(all_stations).run()
    page.text_input(key="stations_find_Your own").set_value("nowhere").run()
    assert not page.exception
    assert page.caption[1].value == "None of 99,000 stations matches."
    texts = [each.value for each in page.markdown]
    assert any(text.startswith("No station matches the search.") for text in texts)
    assert "There are no stations to show yet." not in texts


def test_a_search_goes_beyond_the_group_that_is_open(all_stations):
    page = page_of(all_stations)
    page.session_state["stations_area_Your own"] = Area(40, 40, 80, 80)
    page.run()
    page.text_input(key="stations_find_Your own").set_value("zion").run()
    assert page.caption[1].value == "1 of 99,000 stations."


def test_few_stations_are_shown_as_ever(all_stations):
    page = page_of(all_stations[:MOST_MARKS]).run()
    assert [box.key for box in page.text_input] == []
    assert len(page.dataframe[0].value) == MOST_MARKS


def test_groups_count_all_and_are_few(all_stations):
    alone, groups = grouped(all_stations, MOST_MARKS)
    assert len(alone) + len(groups) <= MOST_MARKS
    assert len(alone) + sum(group.count for group in groups) == 99_000
    for group in groups[:20]:
        assert len(within(all_stations, group.area)) >= group.count


def test_looking_closer_comes_to_single_stations(all_stations):
    members, steps = all_stations, 0
    while (parts := grouped(members, MOST_MARKS))[1]:
        members, steps = within(members, max(parts[1], key=lambda g: g.count).area), steps + 1
    assert steps <= 3
    assert 1 < len(members) <= MOST_MARKS


def test_stations_of_one_place_stay_one_group():
    alone, groups = grouped([station(n, 10.0, 20.0) for n in range(1000)], MOST_MARKS)
    assert alone == ()
    assert [(group.count, group.area) for group in groups] == [(1000, Area(10, 20, 10, 20))]


def test_the_nearest_come_first_across_the_date_line():
    stations = [station(1, 0, 170), station(2, 0, -179), station(3, 0, 179.5)]
    nearest = matching(stations, "0, 180", 2)
    assert [m.station.id for m in nearest] == ["s3", "s2"]
    assert [m.station.id for m in matching(stations, "S1", 2)] == ["s1"]
    assert matching(stations, "91, 200", 2) == ()


def test_large_tables_of_many_visitors_do_not_add_up(monkeypatch, all_stations):
    monkeypatch.setattr(sources, "_held", type(sources._held)())
    monkeypatch.setattr(sources.st, "session_state", {})
    kept = [Parsed(all_stations, (), ()) for _ in range(2)]
    for parsed in kept[:1]:
        sources.hold(parsed)
    with pytest.raises(InputError, match="one of at most 5,000 rows can be read at any time"):
        sources.hold(kept[1])
    sources.hold(Parsed(all_stations[:5000], (), ()))
    sources.st.session_state.clear()
    del kept[:1], parsed
    sources.hold(kept[0])


FAULT = TableFault(2, "lat", "must be a number", "x")


@pytest.mark.parametrize(
    "kept",
    [
        lambda: Parsed((), (FAULT,) * 90_000, ()),
        lambda: Parsed((), (), (), unplaced=(station(1, 0, 0),) * 90_000),
        lambda: Parsed((), (), (), unplaced=(station(1, 0, 0),), file_bytes=90_000 * 530),
    ],
    ids=["faults", "without a place", "its file"],
)
def test_what_is_kept_besides_measurements_counts_too(kept, monkeypatch):
    monkeypatch.setattr(sources, "_held", type(sources._held)())
    tables = [kept() for _ in range(2)]
    for parsed in tables[:1]:
        sources.reserve(parsed)
        sources.reserve(parsed)  # counts once
    with pytest.raises(InputError, match="holds many tables of other visitors"):
        sources.reserve(tables[1])


def test_a_table_that_waits_to_be_confirmed_counts(monkeypatch, all_stations):
    monkeypatch.setattr(sources, "_held", type(sources._held)())
    state = {}
    monkeypatch.setattr(sources.st, "session_state", state)
    kept = [Parsed(all_stations, (), (), network="CPCB") for _ in range(2)]
    for parsed in kept:
        monkeypatch.setattr(sources, "parse_stations", lambda *_, parsed=parsed, **__: parsed)
        state.clear()
        upload_view._read(b"", None)
    assert "stations_unconfirmed" not in state
    assert "holds many tables of other visitors" in state["stations_problem"]
