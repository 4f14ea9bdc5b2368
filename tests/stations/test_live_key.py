"""The key goes to OpenAQ and nowhere else."""

import json
import logging
from datetime import timedelta

import pytest

from aqfusion.stations.live_stations import LiveStations
from tests.stations.openaq_server import KEY, location, sensor

DELHI = (28.563262, 77.186937)
LATER = timedelta(minutes=80)


@pytest.mark.parametrize("key", ["short", "F" * 64, KEY + "0", "\r\nX: y", "é" * 64])
def test_a_key_that_is_none_is_refused_without_repeating_it(server, tmp_path, now, key):
    told = LiveStations(key, server.url, tmp_path).nearest(*DELHI, now).problem
    rule = "AQFUSION_OPENAQ_KEY must be 64 characters, 0-9 and a-f"
    assert told == f"{rule}; there are no earlier data to show."
    assert server.asked == []


def test_the_key_is_nowhere_but_in_the_request(live, server, now, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    echo = location(17, [sensor(35, "pm25")], name=f"Key {KEY}", provider={"id": 1, "name": KEY})
    server.locations = [echo]
    found = live.nearest(*DELHI, now)
    server.answer(401, json.dumps({"message": f"invalid credentials {KEY}"}).encode())
    told = live.nearest(*DELHI, now + LATER)
    written = "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert written
    assert KEY not in f"{written} {found} {told} {caplog.text} {''.join(capfd.readouterr())}"
