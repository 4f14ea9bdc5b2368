"""The last good answer for a place, kept on disk; its content is validated as untrusted input.

No key and no sentence is in the file: sentences are built from its counts.
"""

import contextlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from aqfusion.air.sensors import POLLUTANTS, Reading
from aqfusion.errors import InputError
from aqfusion.files import replace_file
from aqfusion.stations.latest import AHEAD
from aqfusion.stations.left_out import LeftOut
from aqfusion.stations.openaq_stations import STATIONS
from aqfusion.stations.outside import coordinate, in_zone, plain_text, time_of
from aqfusion.stations.station import Measurement, Station
from aqfusion.table_file import Field, read_table

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
        table = read_table(path)
        fetched_at = time_of(table["fetched_at"])
        entries = table["measurements"].entries()
        if table["server"].text() != server or fetched_at > now or len(entries) > STATIONS:
            return None
        excluded = LeftOut(**table["left_out"].each(_count))
        measurements = tuple(_measurement(measurement) for measurement in entries)
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


def _measurement(entry: Field) -> Measurement:
    station = Station(
        id=plain_text(entry["id"].text()),
        name=plain_text(entry["name"].text()),
        latitude=coordinate(entry["latitude"], 90),
        longitude=coordinate(entry["longitude"], 180),
        approximate=entry["approximate"].flag(),
        source=plain_text(entry["source"].text()),
    )
    reading = entry["reading"].each(lambda value: float(value.number()))
    if not reading or not {*reading} <= {*POLLUTANTS}:
        raise entry["reading"].fault("must name pollutants")
    time = in_zone(time_of(entry["time"]), entry["zone"].text())
    return Measurement(station, time, Reading(**reading), aqi=None)


def _count(field: Field) -> int:
    return int(field.size())
