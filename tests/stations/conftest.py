"""An OpenAQ of one's own, and live stations that ask it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aqfusion.stations.live_stations import LiveStations
from tests.stations.openaq_server import KEY, OpenAQServer


@pytest.fixture
def server() -> Iterator[OpenAQServer]:
    server = OpenAQServer()
    yield server
    server.close()


@pytest.fixture
def live(server: OpenAQServer, tmp_path: Path) -> LiveStations:
    return LiveStations(KEY, server.url, tmp_path / "stations", request_seconds=2.0)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 9, 24, 17, 30, tzinfo=UTC)
