"""Live stations are the nearest ones, asked once in ten minutes, and never louder than allowed."""

import threading
from datetime import timedelta

import pytest

from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.settings import load_settings
from aqfusion.stations import live_stations as live_module
from aqfusion.stations.live_stations import Live, LiveStations, nearest
from aqfusion.stations.measurements import Station, StationMeasurement
from tests.stations.openaq_server import KEY, location, row, sensor

DELHI = (28.563262, 77.186937)
MINUTE = timedelta(minutes=1)


def test_a_station_is_told_with_its_reading_its_source_and_its_own_time(live, server, now):
    server.locations = [location(17, [sensor(35, "pm25"), sensor(36, "o3"), sensor(9, "nox")])]
    server.latest = {17: [row(35, 80.5), row(36, 0.07), row(9, 5)]}
    station = Station("openaq-17", "R K Puram, Delhi - DPCC", 28.56, 77.19, False, "OpenAQ, CPCB")
    found = live.nearest(*DELHI, now)
    [measured] = found.measurements
    assert found == Live((measured,), now, None)
    assert measured == StationMeasurement(
        station, now.replace(minute=0), Reading(pm25=80.5, o3=137.34), None
    )
    assert measured.time.isoformat() == "2026-09-24T22:30:00+05:30"
    assert str(measured.time.tzinfo) == "Asia/Kolkata"
    assert server.keys == {KEY}


def test_the_rounded_place_is_asked_within_25_km(live, server, now):
    live.nearest(*DELHI, now)
    assert server.asked == [
        "/v3/locations?page=1&limit=1000&radius=25000&coordinates=28.56%2C77.19&mobile=false",
        "/v3/locations/17/latest",
    ]


def test_the_nearest_five_that_measure_now_are_asked_nearest_first(live, server, now):
    near = {n: 28.56 + 0.01 * n for n in (7, 3, 1, 6, 2, 5, 4)}
    silent = {"utc": "2018-02-22T04:00:00Z", "local": "2018-02-22T09:30:00+05:30"}
    server.locations = [location(n, [sensor(n, "pm25")], north) for n, north in near.items()] + [
        location(20, [sensor(20, "pm25")], datetimeLast=None),
        location(21, [sensor(21, "pm25")], datetimeLast=silent),
        location(22, [sensor(22, "temperature")]),
        location(23, [sensor(23, "pm25")], 29.5),
    ]
    server.latest = {n: [row(n, 10 * n)] for n in near}
    found = live.nearest(*DELHI, now).measurements
    assert [one.station.id for one in found] == [f"openaq-{n}" for n in (1, 2, 3, 4, 5)]
    assert [one.reading.pm25 for one in found] == [10, 20, 30, 40, 50]
    assert len(server.asked) == 6


def test_more_stations_than_one_answer_holds_are_asked_for_closer_by(live, server, now):
    server.locations *= 1000
    assert len(live.nearest(*DELHI, now).measurements) == 1
    assert [path.split("radius=")[1][:5] for path in server.asked[:2]] == ["25000", "5000&"]
    assert len(server.asked) == 3


def test_what_is_left_out_is_told(live, server, now):
    server.locations = [location(17, [sensor(n, "pm25") for n in (1, 2)] + [sensor(3, "o3", "%")])]
    server.latest = {17: [row(1, 80), row(2, -999), row(3, 40)]}
    told = "Left out: 1 reading in an unknown unit, 1 reading with an impossible value or time."
    assert live.nearest(*DELHI, now).problem == told


def test_names_from_outside_are_plain_text(live, server, now):
    name = "<b>R K</b>\n\x1b[31m\u202ePuram" + "m" * 500
    server.locations = [location(17, [sensor(35, "pm25")], name=name, timezone="../../etc/passwd")]
    [measured] = live.nearest(*DELHI, now).measurements
    assert measured.station.name == "<b>R K</b> [31m Puram" + "m" * 58 + "…"
    assert measured.time == now.replace(minute=0)


def test_within_ten_minutes_nothing_is_asked_again(live, server, now):
    first = live.nearest(*DELHI, now)
    server.answer(500)
    asked = len(server.asked)
    assert live.nearest(28.5644, 77.1911, now + 9 * MINUTE) == first  # the same rounded place
    assert len(server.asked) == asked
    live.nearest(*DELHI, now + 10 * MINUTE)
    assert len(server.asked) == asked + 1


def test_a_restart_goes_on_with_what_is_on_disk(live, server, now, tmp_path):
    first = live.nearest(*DELHI, now)
    again = LiveStations(KEY, server.url, tmp_path / "stations")
    assert again.nearest(*DELHI, now + MINUTE) == first
    assert len(server.asked) == 2


def test_a_home_that_cannot_be_written_costs_no_further_requests(server, now, tmp_path):
    (tmp_path / "stations").write_text("a file in the way")
    live = LiveStations(KEY, server.url, tmp_path / "stations")
    assert live.nearest(*DELHI, now) == live.nearest(*DELHI, now + MINUTE)
    assert len(server.asked) == 2


def test_two_visitors_at_once_make_one_fetch(live, server, now):
    server.delay_s = 0.1
    found: list[Live] = []
    visits = [
        threading.Thread(target=lambda n=n: found.append(live.nearest(*DELHI, now - n * MINUTE)))
        for n in range(4)
    ]
    for visit in visits:
        visit.start()
    for visit in visits:
        visit.join()
    assert len(server.asked) == 2
    assert len({one.fetched_at for one in found}) == 1
    assert len(found) == 4


def test_after_429_nobody_asks_before_the_reset(live, server, now):
    first = live.nearest(*DELHI, now)
    server.answer(429, x_ratelimit_remaining="0", x_ratelimit_reset="90")
    later = now + 20 * MINUTE
    told = live.nearest(*DELHI, later)
    assert told.measurements == first.measurements
    assert told.fetched_at == now
    assert told.problem == (
        "OpenAQ's rate limit is used up (429); the data shown are from 20 minutes ago."
        " The next request is possible after 17:51:30 UTC."
    )
    server.works()
    asked = len(server.asked)
    here = live.nearest(*DELHI, later + timedelta(seconds=89))
    assert here.problem == told.problem.replace("20", "21")
    elsewhere = live.nearest(10, 20, later + timedelta(seconds=89))
    assert elsewhere.problem == (
        "OpenAQ's rate limit is used up (429); there are no earlier data to show. The next "
        "request is possible after 17:51:30 UTC."
    )
    assert len(server.asked) == asked
    assert live.nearest(*DELHI, later + timedelta(seconds=92)).problem is None


def test_the_last_request_of_a_minute_is_the_last(live, server, now):
    server.headers = {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "50"}
    live.nearest(*DELHI, now)
    server.headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "50"}
    shown = live.nearest(*DELHI, now + 10 * MINUTE)
    assert len(server.asked) == 3  # the list; its station would have been one too many
    assert shown.problem.startswith(
        "OpenAQ's rate limit is used up; the data shown are from 10 min"
    )
    assert "17:40:50 UTC" in shown.problem


def test_headers_that_are_no_numbers_do_no_harm(live, server, now):
    server.headers = {"x-ratelimit-remaining": "²", "x-ratelimit-reset": "9" * 5000}
    assert live.nearest(*DELHI, now).problem is None


def test_a_server_without_rate_limit_headers_is_asked_all_the_same(live, server, now):
    server.headers = {}
    assert live.nearest(*DELHI, now).problem is None


@pytest.mark.parametrize("place", [(91, 0), (0, -181), (float("nan"), 0), (0, float("inf"))])
def test_a_place_off_the_map_is_named(live, now, place):
    with pytest.raises(InputError, match="itude must be -"):
        live.nearest(*place, now)


def test_without_a_key_nothing_is_asked(tmp_path, now):
    settings = load_settings({"AQFUSION_HOME": str(tmp_path)}, tmp_path / "none")
    told = "Live stations need an OpenAQ key in AQFUSION_OPENAQ_KEY."
    assert nearest(*DELHI, now, settings) == Live((), None, told)


def test_the_settings_say_whom_to_ask_and_where_to_keep_it(server, tmp_path, now):
    given = {"AQFUSION_OPENAQ_KEY": KEY, "AQFUSION_OPENAQ_URL": server.url}
    settings = load_settings(given | {"AQFUSION_HOME": str(tmp_path)}, tmp_path / "none")
    assert nearest(*DELHI, now, settings) == nearest(*DELHI, now + MINUTE, settings)
    assert len(server.asked) == 2
    assert [file.name for file in (tmp_path / "stations").iterdir()] == [
        "openaq_+28.56_+77.19.json"
    ]
    live_module._source.cache_clear()
