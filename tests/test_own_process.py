"""Work in a process of its own comes back as if done here, and ends with whoever asked for it."""

import os
import signal
import time
from datetime import UTC, datetime

import pytest

from aqfusion import own_process
from aqfusion.csv_table.errors import CsvTableError
from aqfusion.own_process import OwnProcessError, run_in_own_process
from aqfusion.stations.station_table import parse_stations, template

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def process_number() -> int:
    return os.getpid()


def printed(text: str) -> str:
    os.write(1, b"noise of a library\n")
    return text


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def filled(size: int) -> int:
    return len(bytearray(size))


def test_a_table_is_read_as_it_is_read_here():
    content = template().encode()
    there = run_in_own_process(parse_stations, content, NOW)
    assert there == parse_stations(content, NOW)
    assert len(there.measurements) == 3


def test_it_is_another_process_and_what_it_prints_is_not_its_result():
    assert run_in_own_process(process_number) != os.getpid()
    assert run_in_own_process(printed, "ok") == "ok"


def test_what_is_raised_there_is_raised_here():
    with pytest.raises(CsvTableError, match="must have a row below its titles, got none"):
        run_in_own_process(parse_stations, b"id,lat,lon,time,pm25\n", NOW)


def test_one_that_dies_takes_too_long_or_grows_too_large_is_a_sentence(monkeypatch):
    with pytest.raises(OwnProcessError, match="a smaller file may pass"):
        run_in_own_process(killed)
    with pytest.raises(OwnProcessError, match="a smaller file may pass"):
        run_in_own_process(filled, 2_000_000_000)
    assert run_in_own_process(filled, 2_000_000) == 2_000_000
    monkeypatch.setattr(own_process, "_SECONDS", 0.5)
    started = time.monotonic()
    with pytest.raises(OwnProcessError, match="a smaller file may pass"):
        run_in_own_process(time.sleep, 60)
    assert time.monotonic() - started < 30
