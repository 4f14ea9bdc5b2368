"""Whatever goes wrong, a sentence names it, and the last good answer is shown with its age."""

import socket
import time
from datetime import timedelta

import pytest

from aqfusion.stations.live_stations import LiveStations
from tests.stations.openaq_server import KEY, location, page, row, send, sensor

DELHI = (28.563262, 77.186937)
LATER = timedelta(minutes=80)
STRANGE = "OpenAQ's answer does not have the form of its API"
LATE = "OpenAQ did not answer in time"


def check(live, server, now, sentence, fail):
    """Before `fail` all is well; after it the sentence is told, with and without earlier data."""
    first = live.nearest(*DELHI, now)
    assert first.problem is None
    fail()
    began = time.monotonic()
    told = live.nearest(*DELHI, now + LATER)
    assert time.monotonic() - began < 4
    assert (told.measurements, told.fetched_at) == (first.measurements, now)
    assert told.problem.startswith(
        f"{sentence}; the data shown are from 1 hour ago. The next request"
    )
    fresh = LiveStations(KEY, server.url, live._folder.with_name("empty"), request_seconds=2)
    nothing = fresh.nearest(*DELHI, now)
    assert nothing.measurements == ()
    assert nothing.fetched_at is None
    assert nothing.problem.startswith(
        f"{sentence}; there are no earlier data to show. The next request"
    )
    assert KEY not in told.problem + nothing.problem


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (400, "OpenAQ refuses (400)"),
        (401, "OpenAQ does not accept the key (401)"),
        (403, "OpenAQ refuses access with this key (403)"),
        (422, "OpenAQ refuses (422)"),
        (429, "OpenAQ's rate limit is used up (429)"),
        (500, "OpenAQ has an internal error (500)"),
        (504, "OpenAQ has an internal error (504)"),
        (599, "OpenAQ has an internal error (599)"),
    ],
)
def test_a_refusal_is_named(live, server, now, status, sentence):
    check(live, server, now, sentence, lambda: server.answer(status, b"<h1>no</h1>"))


GOOD = page([location(17, [sensor(35, "pm25")])])


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"null", b"[]", b"7", b'"results"', b"\xff\xfe", b"{}", GOOD[:-20]),
        *(b"[" * 100_000, b'{"meta": ' * 100_000, b'{"results": []}', b'{"meta": {}}'),
        *(page(None), page({}), page("abc"), page(17), page([1, 2]), page([{}]), page([None])),
        *(page([{"id": 17}]), page([location(17, []), "x"])),
        page([location(17, "none")]),
        page([location(17, [sensor(35, "pm25")], coordinates=[1, 2])]),
        page([location(17, [sensor(35, "pm25")], coordinates={"latitude": 1e999, "longitude": 0})]),
        page([location(17, [sensor(35, "pm25")], id="../17")]),
        page([location(17, [sensor(35, "pm25")], id=-1)]),
        page([location(17, [sensor(35, "pm25")], datetimeLast="soon")]),
        page([location(17, [sensor(35, "pm25")], provider=None)]),
        page([location(17, [sensor(35, "pm25")], name={"a": 1})]),
        GOOD,  # to the question for the latest readings too
    ],
)
def test_an_answer_of_another_form_is_named(live, server, now, body):
    check(live, server, now, STRANGE, lambda: server.answer(200, body))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(live, server, now, status):
    sentence = f"OpenAQ redirects to another address ({status}), which is not followed"
    check(live, server, now, sentence, lambda: server.answer(status, location=server.url + "else"))
    assert not [path for path in server.asked if "else" in path]


def test_a_server_that_is_not_there_is_named(live, server, now):
    check(live, server, now, "OpenAQ cannot be reached", server.close)


def test_a_server_that_breaks_off_is_named(live, server, now):
    sentence = "The answer from OpenAQ was incomplete"
    check(live, server, now, sentence, lambda: server.answer(200, GOOD, content_length="99999"))


def test_a_huge_answer_is_not_read_to_its_end(live, server, now):
    body = b" " * 8_000_001
    sentence = "The answer from OpenAQ is too long"
    check(live, server, now, sentence, lambda: server.answer(200, body))


def test_a_server_that_is_silent_is_not_waited_for(live, server, now):
    def silent(request):
        server.over.wait(5)
        return True

    check(live, server, now, LATE, lambda: setattr(server, "fail", silent))


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_slow_drip_has_an_end(live, server, now, part):
    def drip(request):
        head = b"HTTP/1.1 200 OK\r\n" + (b"content-length: 9999\r\n\r\n" if part == "body" else b"")
        try:
            request.wfile.write(head)
            while not server.over.wait(0.05):
                request.wfile.write(b"x")
        except OSError:
            request.close_connection = True
        return True

    check(live, server, now, LATE, lambda: setattr(server, "fail", drip))


def test_a_name_that_nobody_can_look_up_is_not_waited_for(now, tmp_path, monkeypatch):
    def slow(*args, **kwargs):
        time.sleep(1)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    live = LiveStations(KEY, "https://openaq.invalid/v3/", tmp_path, request_seconds=0.2)
    began = time.monotonic()
    assert live.nearest(*DELHI, now).problem.startswith(LATE)
    assert time.monotonic() - began < 0.9


def test_plain_http_in_the_place_of_https_is_named(server, now, tmp_path):
    live = LiveStations(KEY, server.url.replace("http:", "https:"), tmp_path, request_seconds=2)
    sentence = "The identity of the OpenAQ server could not be verified; there are no earlier data"
    assert live.nearest(*DELHI, now).problem.startswith(sentence)


@pytest.mark.parametrize("fail", ["no stations", "silent stations", "no rows", "stale rows"])
def test_an_empty_answer_leaves_the_last_good_one(live, server, now, fail):
    def empty():
        server.locations[0]["datetimeLast"] = {"utc": (now + LATER).isoformat(), "local": ""}
        if fail == "no stations":
            server.locations = []
        if fail == "silent stations":
            server.locations[0]["datetimeLast"] = None
        server.latest = {17: [row(35, 80, "2020-01-01T00:00:00Z")] if fail == "stale rows" else []}

    sentence = "OpenAQ has no data from the last day within 25 km"
    sentence += " (Left out: 1 reading more than a day old)" if fail == "stale rows" else ""
    check(live, server, now, sentence, empty)
    asked = len(server.asked)
    live.nearest(*DELHI, now + LATER + timedelta(minutes=9))
    assert len(server.asked) == asked


def test_one_station_that_fails_does_not_take_the_others_along(live, server, now):
    server.locations = [location(n, [sensor(n, "pm25")], 28.56 + n / 100) for n in (1, 2, 3)]
    server.latest = {1: [row(1, 10)], 2: [row(2, 20)], 3: [{"value": "wrong"}]}

    def fail(request):
        failing = request.path.endswith("/1/latest")
        if failing:
            send(request, 500, b"", {})
        return failing

    server.fail = fail
    found = live.nearest(*DELHI, now)
    assert [one.reading.pm25 for one in found.measurements] == [20]
    assert found.problem == "Left out: 2 stations whose readings could not be loaded."


def test_429_amid_the_stations_keeps_what_came_before_it(live, server, now):
    server.locations = [location(n, [sensor(n, "pm25")], 28.56 + n / 100) for n in (1, 2, 3)]
    server.latest = {1: [row(1, 10)]}

    def fail(request):
        failing = request.path.endswith("/2/latest")
        if failing:
            send(request, 429, b"", {"retry-after": "45"})
        return failing

    server.fail = fail
    found = live.nearest(*DELHI, now)
    assert [one.reading.pm25 for one in found.measurements] == [10]
    assert found.problem == "Left out: 2 stations whose readings could not be loaded."
    asked = len(server.asked)
    assert (
        "(429); there are no earlier" in live.nearest(10, 20, now + timedelta(seconds=44)).problem
    )
    assert len(server.asked) == asked == 3


def test_a_failing_server_is_left_alone_for_a_minute(live, server, now):
    server.answer(500)
    for seconds in (0, 5, 30, 59):
        live.nearest(*DELHI, now + timedelta(seconds=seconds))
    assert len(server.asked) == 1
    server.works()
    assert live.nearest(*DELHI, now + timedelta(seconds=62)).problem is None
