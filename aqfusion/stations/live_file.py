"""The last good answer for a place, kept on disk; its content is validated as untrusted input.

No key and no sentence is in the file: sentences are built from its counts.
"""

import contextlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from aqfusion.air.sensors import Reading
from aqfusion.errors import InputError
from aqfusion.files import replace_file
from aqfusion.io.json_models import Flag, Number, Size, Text, check, read_table
from aqfusion.stations.latest import AHEAD
from aqfusion.stations.left_out import LeftOut
from aqfusion.stations.openaq_stations import STATIONS
from aqfusion.stations.outside import Latitude, Longitude, UtcTime, in_zone, plain_text
from aqfusion.stations.station import Measurement, Station

_MOST_BYTES = 100_000
_MOST_FILES = 500


@dataclass(frozen=True)
class Kept:
    """Measurements near a place, nearest station first, and when they were fetched (UTC)."""

    measurements: tuple[Measurement, ...]
    left_out: LeftOut
    fetched_at: datetime


def keep(path: Path, server: str, kept: Kept) -> None:
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


def read_kept(path: Path, server: str, now: datetime) -> Kept | None:
    """Read the file; `None` where it is absent, damaged, another server's or from the future."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:  # nor a pipe nor a device
            return None
        stored: _Stored = check(_Stored, read_table(path), path.name)
        fetched_at = stored.fetched_at
        if stored.server != server or fetched_at > now or len(stored.measurements) > STATIONS:
            return None
        excluded = LeftOut(**{name: int(count) for name, count in stored.left_out.items()})
        measurements = tuple(map(_measurement, stored.measurements))
        if any(measurement.time > fetched_at + AHEAD for measurement in measurements):
            return None
        return Kept(measurements, excluded, fetched_at)
    except (InputError, OSError, TypeError, OverflowError):
        return None


def _as_json(measurement: Measurement) -> dict[str, object]:
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
class _Stored:
    fetched_at: UtcTime
    measurements: tuple[_StoredMeasurement, ...]
    server: Text
    left_out: dict[str, Size]


def _measurement(stored: _StoredMeasurement) -> Measurement:
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
    return Measurement(station, time, Reading(**stored.reading), aqi=None)
