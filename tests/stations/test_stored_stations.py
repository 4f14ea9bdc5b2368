"""What is kept on disk comes back as it was, and a file that others made is not believed."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aqfusion.air.readings import Reading
from aqfusion.stations.live_stations import CachedStations, keep, read_kept
from aqfusion.stations.measurements import Station, StationMeasurement
from aqfusion.stations.openaq import LeftOut

URL = "https://api.openaq.org/v3/"
NOW = datetime(2026, 9, 24, 17, 30, tzinfo=UTC)
STATION = Station("openaq-17", "R K Puram", 28.56, 77.19, False, "OpenAQ, CPCB")
TIME = datetime(2026, 9, 24, 22, 30, tzinfo=ZoneInfo("Asia/Kolkata"))
KEPT = CachedStations(
    (StationMeasurement(STATION, TIME, Reading(pm25=80.5, co=0), None),), LeftOut(1, 2), NOW
)


@pytest.fixture
def path(tmp_path):
    keep(tmp_path / "stations" / "openaq_+28.56_+77.19.json", URL, KEPT)
    return tmp_path / "stations" / "openaq_+28.56_+77.19.json"


def test_what_was_kept_is_read_back(path):
    kept = read_kept(path, URL, NOW)
    assert kept == KEPT
    assert str(kept.measurements[0].time.tzinfo) == "Asia/Kolkata"


def test_another_servers_answer_is_not_read(path):
    assert read_kept(path, "http://127.0.0.1/", NOW) is None


def test_an_answer_from_the_future_is_not_read(path):
    assert read_kept(path, URL, NOW - timedelta(seconds=1)) is None


def changed(path, way, value):
    table = json.loads(path.read_text())
    *folders, last = way
    inner = table
    for key in folders:
        inner = inner[key]
    inner[last] = value
    path.write_text(json.dumps(table))


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (["fetched_at"], "never"),
        (["fetched_at"], 17),
        (["fetched_at"], "9999-12-31T23:59:59-14:00"),
        (["server"], None),
        (["measurements"], {}),
        (["measurements"], [1]),
        (["left_out"], {"__class__": 1}),
        (["left_out", "older"], -1),
        (["left_out", "older"], "many"),
        (["measurements", 0, "name"], ["x"]),
        (["measurements", 0, "latitude"], 91),
        (["measurements", 0, "longitude"], "east"),
        (["measurements", 0, "approximate"], 1),
        (["measurements", 0, "time"], "2026-09-24T19:00:00Z"),
        (["measurements", 0, "zone"], 5),
        (["measurements", 0, "reading"], {}),
        (["measurements", 0, "reading"], {"pm25": -1}),
        (["measurements", 0, "reading"], {"pm25": float("nan")}),
        (["measurements", 0, "reading"], {"pm25": 10**400}),
        (["measurements", 0, "reading"], {"humidity": 40}),
    ],
)
def test_a_file_that_breaks_a_rule_is_not_believed(path, way, value):
    changed(path, way, value)
    assert read_kept(path, URL, NOW) is None


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[" * 99_000, b" " * 200_000, b"\xff"])
def test_a_damaged_file_is_ignored_and_replaced(path, content):
    path.write_bytes(content)
    assert read_kept(path, URL, NOW) is None
    keep(path, URL, KEPT)
    assert read_kept(path, URL, NOW) == KEPT


def test_more_stations_than_are_ever_asked_are_not_believed(path):
    changed(path, ["measurements"], json.loads(path.read_text())["measurements"] * 6)
    assert read_kept(path, URL, NOW) is None


def test_a_name_in_the_file_is_plain_text_again(path):
    changed(path, ["measurements", 0, "name"], "\x1b[31m" + "m" * 500)
    [measured] = read_kept(path, URL, NOW).measurements
    assert measured.station.name == "[31m" + "m" * 75 + "…"


def test_a_pipe_in_its_place_is_not_waited_for(path):
    path.unlink()
    os.mkfifo(path)
    assert read_kept(path, URL, NOW) is None


def test_a_folder_in_its_place_is_no_fault(path):
    path.unlink()
    path.mkdir()
    keep(path, URL, KEPT)
    assert read_kept(path, URL, NOW) is None


def test_the_oldest_of_too_many_files_goes(path):
    for number in range(500):
        other = path.with_name(f"openaq_{number}.json")
        other.write_text("{}")
        os.utime(other, (number, number))
    (path.parent / "mine.json").write_text("{}")
    keep(path, URL, replace(KEPT, fetched_at=NOW))
    assert len([*path.parent.glob("openaq_*.json")]) == 500
    assert not (path.parent / "openaq_0.json").exists()
    assert (path.parent / "mine.json").exists()
