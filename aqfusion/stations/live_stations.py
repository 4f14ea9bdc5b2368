"""Live stations near a place, from OpenAQ where a key is set; the last good answer is cached.

No key and no sentence is in the file: sentences are built from its counts.
"""

import contextlib
import json
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from openaq import ApiKeyMissingError, OpenAQ

from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.io.atomic_files import replace_file
from aqfusion.io.json_models import Flag, Latitude, Longitude, Number, Size, Text, check, read_table
from aqfusion.settings import Settings
from aqfusion.stations.external_values import UtcTime, in_zone, plain_text, rounded_place
from aqfusion.stations.measurements import Station, StationMeasurement
from aqfusion.stations.openaq import AHEAD, STATIONS, Fetched, LeftOut, fetch
from aqfusion.stations.openaq_transport import (
    REQUEST_SECONDS,
    USED_UP,
    BoundedTransport,
    TransportError,
)

_MOST_BYTES = 100_000
_MOST_FILES = 500


@dataclass(frozen=True)
class CachedStations:
    """Measurements near a place, nearest station first, and when they were fetched (UTC)."""

    measurements: tuple[StationMeasurement, ...]
    left_out: LeftOut
    fetched_at: datetime


def keep(path: Path, server: str, kept: CachedStations) -> None:
    """Write the file, and forget the oldest of too many; a disk that refuses is no fault."""
    table = {
        "server": server,
        "fetched_at": kept.fetched_at.isoformat(),
        "left_out": asdict(kept.left_out),
        "measurements": [_as_json(measurement) for measurement in kept.measurements],
    }
    with contextlib.suppress(OSError):
        replace_file(path, json.dumps(table, indent=1).encode())
        files = [file for file in path.parent.glob("openaq_*.json") if file.is_file()]
        by_age = sorted(files, key=lambda file: file.stat().st_mtime)
        for file in by_age[: max(0, len(by_age) - _MOST_FILES)]:
            file.unlink(missing_ok=True)


def read_kept(path: Path, server: str, now: datetime) -> CachedStations | None:
    """Read the file; `None` where it is absent, damaged, another server's or from the future."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:  # nor a pipe nor a device
            return None
        stored: _StoredStations = check(_StoredStations, read_table(path), path.name)
        fetched_at = stored.fetched_at
        if stored.server != server or fetched_at > now or len(stored.measurements) > STATIONS:
            return None
        excluded = LeftOut(**{name: int(count) for name, count in stored.left_out.items()})
        measurements = tuple(map(_measurement, stored.measurements))
        if any(measurement.time > fetched_at + AHEAD for measurement in measurements):
            return None
        return CachedStations(measurements, excluded, fetched_at)
    except (InputError, OSError, TypeError, OverflowError):
        return None


def _as_json(measurement: StationMeasurement) -> dict[str, object]:
    return {
        **asdict(measurement.station),
        "time": measurement.time.astimezone(UTC).isoformat(),
        "zone": str(measurement.time.tzinfo),
        "reading": {
            name: getattr(measurement.reading, name) for name in measurement.reading.present
        },
    }


@dataclass(frozen=True)
class _StoredMeasurement:
    id: Text
    name: Text
    latitude: Latitude
    longitude: Longitude
    approximate: Flag
    source: Text
    reading: dict[str, Number]
    time: UtcTime
    zone: Text


@dataclass(frozen=True)
class _StoredStations:
    fetched_at: UtcTime
    measurements: tuple[_StoredMeasurement, ...]
    server: Text
    left_out: dict[str, Size]


def _measurement(stored: _StoredMeasurement) -> StationMeasurement:
    station = Station(
        id=plain_text(stored.id),
        name=plain_text(stored.name),
        latitude=stored.latitude,
        longitude=stored.longitude,
        approximate=stored.approximate,
        source=plain_text(stored.source),
    )
    if not stored.reading:
        raise InputError("reading must name pollutants, got none")
    time = in_zone(stored.time, stored.zone)
    return StationMeasurement(station, time, Reading(**stored.reading), aqi=None)


FRESH = timedelta(minutes=10)
BUDGET_SECONDS = 12.0  # for all requests of one fetch
_MOST_PLACES = 200
_Place = tuple[float, float]


@dataclass(frozen=True)
class Live:
    """Measurements of nearby stations, nearest first, as fetched from OpenAQ at `fetched_at` (UTC).

    `problem` is a sentence or two on the error, what is shown instead and what is excluded.
    """

    measurements: tuple[StationMeasurement, ...]
    fetched_at: datetime | None
    problem: str | None


def nearest(latitude: float, longitude: float, now: datetime, settings: Settings) -> Live:
    """Return measurements of the stations nearest to a place (degrees); `now` names its zone.

    Takes seconds where OpenAQ is requested. Only a place off the map raises, `InputError`.
    """
    if settings.openaq_key is None:
        return Live((), None, "Live stations need an OpenAQ key in AQFUSION_OPENAQ_KEY.")
    with _one_source:
        source = _source(settings.openaq_key, settings.openaq_url, settings.home / "stations")
    return source.nearest(latitude, longitude, now)


@dataclass(frozen=True)
class _Pause:
    until: datetime
    sentence: str
    end_known: bool  # when it ends


class LiveStations:
    """One server and one key; threads that want the same place at once make one fetch."""

    def __init__(
        self, key: str, url: str, folder: Path, request_seconds: float = REQUEST_SECONDS
    ) -> None:
        """Ask nothing yet; `folder` is where the last good answers are kept."""
        self._key, self._url, self._folder = key, url, folder
        self._request_seconds = request_seconds
        self._locks = tuple(threading.Lock() for _ in range(64))  # a place always has the same one
        self._memory = threading.Lock()
        self._kept: dict[_Place, CachedStations] = {}
        self._pauses: dict[_Place | None, _Pause] = {}  # None: no place is being fetched

    def nearest(self, latitude: float, longitude: float, now: datetime) -> Live:
        """Return fresh measurements, else fetched ones, else the last good ones and the reason."""
        if now.tzinfo is None:
            raise InputError(f"now must name its time zone, got {now}")
        place, now = rounded_place(latitude, longitude), now.astimezone(UTC)
        with self._locks[hash(place) % len(self._locks)]:
            kept = self._last_good(place, now)
            if kept and _fresh(kept, now):
                return _live(kept)
            if (pause := self._pause(place, now)) is None:
                answer = self._ask(place, now)
                if isinstance(answer, CachedStations):
                    return _live(answer)
                pause = answer
            return _stale(pause, kept, now)

    def _ask(self, place: _Place, now: datetime) -> CachedStations | _Pause:
        began = time.monotonic()
        transport = BoundedTransport(began + BUDGET_SECONDS, self._request_seconds)
        fetched: Fetched | None = None
        try:
            fetched = fetch(self._client(transport), place, now)
            fault = fetched.fault
        except TransportError as error:
            fault = error
        if transport.exhausted_seconds is not None:
            sentence = fault.sentence if fault and fault.final else USED_UP
            fault = TransportError(sentence, transport.exhausted_seconds, final=True)
        if fault is not None and (fetched is None or fault.final):
            elapsed = timedelta(seconds=time.monotonic() - began)
            pause = self._hold(fault, place, now + elapsed)
        if fetched is None:
            return pause
        kept = CachedStations(fetched.measurements, fetched.left_out, now)
        keep(self._file(place), self._url, kept)
        self._remember(place, kept)
        return kept

    def _client(self, transport: BoundedTransport) -> OpenAQ:
        """Make one for a fetch: its own count of what is left of the rate limit starts anew."""
        try:
            return OpenAQ(self._key, auto_wait=False, base_url=self._url, _transport=transport)
        except ApiKeyMissingError as error:
            rule = "AQFUSION_OPENAQ_KEY must be 64 characters, 0-9 and a-f"
            raise TransportError(rule, wait_seconds=0) from error

    def _last_good(self, place: _Place, now: datetime) -> CachedStations | None:
        kept = self._kept.get(place)
        if kept is None or not _fresh(kept, now):
            on_disk = read_kept(self._file(place), self._url, now)
            if on_disk and (kept is None or on_disk.fetched_at > kept.fetched_at):
                kept = on_disk
        return kept

    def _file(self, place: _Place) -> Path:
        return self._folder / f"openaq_{place[0]:+.2f}_{place[1]:+.2f}.json"

    def _remember(self, place: _Place, kept: CachedStations) -> None:
        with self._memory:
            self._kept.pop(place, None)  # so that the newest is last
            self._kept[place] = kept
            if len(self._kept) > _MOST_PLACES:
                del self._kept[next(iter(self._kept))]

    def _hold(self, fault: TransportError, place: _Place, now: datetime) -> _Pause:
        until = now + timedelta(seconds=fault.wait_seconds)
        pause = _Pause(until, fault.sentence, end_known=fault.wait_seconds > 0)
        with self._memory:
            ended = [where for where, other in self._pauses.items() if other.until <= now]
            for where in ended:
                del self._pauses[where]
            self._pauses[place if fault.here_only else None] = pause
        return pause

    def _pause(self, place: _Place, now: datetime) -> _Pause | None:
        with self._memory:
            pauses = (self._pauses.get(None), self._pauses.get(place))
        return next((pause for pause in pauses if pause and now < pause.until), None)


_one_source = threading.Lock()


@cache
def _source(key: str, url: str, folder: Path) -> LiveStations:
    return LiveStations(key, url, folder)


def _fresh(kept: CachedStations, now: datetime) -> bool:
    return abs(now - kept.fetched_at) < FRESH  # of two visitors the second can be the earlier


def _live(kept: CachedStations) -> Live:
    return Live(kept.measurements, kept.fetched_at, kept.left_out.sentence)


def _stale(pause: _Pause, kept: CachedStations | None, now: datetime) -> Live:
    again = (
        f" The next request is possible after {pause.until:%H:%M:%S} UTC."
        if pause.end_known
        else ""
    )
    if kept is None:
        return Live((), None, f"{pause.sentence}; there are no earlier data to show.{again}")
    sentence = (
        f"{pause.sentence}; the data shown are from {_age(now - kept.fetched_at)} ago.{again}"
    )
    excluded = kept.left_out.sentence
    return Live(
        kept.measurements, kept.fetched_at, f"{sentence} {excluded}" if excluded else sentence
    )


def _age(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    for number, unit in ((minutes // 1440, "day"), (minutes // 60, "hour"), (minutes, "minute")):
        if number:
            return f"{number} {unit}{'s' * (number > 1)}"
    return "less than a minute"
