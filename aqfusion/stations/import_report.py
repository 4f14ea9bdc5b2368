"""Report on a table of stations: as JSON for programs, as sentences for people."""

from typing import Any

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.stations.measurements import StationMeasurement
from aqfusion.stations.station_table import Parsed

__all__ = ["as_json", "looks_like", "summary"]

_MOST_FAULTS = 20


def as_json(parsed: Parsed) -> dict[str, Any]:
    """Return counts, measurements in canonical units, and all that was excluded.

    Coordinates are `None` where neither the table nor the user has any.
    """
    measurements = parsed.measurements or parsed.unplaced
    return {
        "stations": len({measurement.station.id for measurement in measurements}),
        "measurements": [
            _measurement(measurement, bool(parsed.measurements)) for measurement in measurements
        ],
        "left_out": [
            {"line": fault.line, "column": fault.column, "reason": fault.reason}
            for fault in parsed.faults
        ],
        "ignored_columns": list(parsed.ignored),
        "notes": [*looks_like(parsed), *parsed.notes],
    }


def summary(parsed: Parsed) -> list[str]:
    """Return the lines that the command prints for people."""
    measurements = parsed.measurements or parsed.unplaced
    stations = len({measurement.station.id for measurement in measurements})
    bad = len(parsed.bad_lines)
    cells = sum(fault.row_kept for fault in parsed.faults)
    lines = [
        f"{counted(len(measurements), 'measurement')} of {counted(stations, 'station')}; left out: "
        f"{counted(bad, 'row')} and {counted(cells, 'single cell')}"
    ]
    lines += [*looks_like(parsed), *parsed.notes]
    if parsed.ignored:
        lines.append(f"columns that are not read: {', '.join(map(repr, parsed.ignored))}")
    lines += [str(fault) for fault in parsed.faults[:_MOST_FAULTS]]
    more = len(parsed.faults) - _MOST_FAULTS
    return [*lines, f"and {more} more, which --json lists"] if more > 0 else lines


def looks_like(parsed: Parsed) -> list[str]:
    """Describe the network and content of a table; nothing where the network is unknown."""
    if parsed.network is None:
        return []
    measurements = parsed.measurements or parsed.unplaced
    stations = len({measurement.station.id for measurement in measurements})
    times = len({measurement.time for measurement in measurements})
    return [
        f"this looks like a table of {parsed.network}: {counted(stations, 'station')}, "
        f"{counted(times, 'time')}"
    ]


def counted(number: int, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "station"), counted(24, "hour")
    ('1 station', '24 hours')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _measurement(measurement: StationMeasurement, placed: bool) -> dict[str, Any]:
    values = ((name, getattr(measurement.reading, name)) for name in POLLUTANTS)
    return {
        "id": measurement.station.id,
        "time": measurement.time.isoformat(),
        "lat": measurement.station.latitude if placed else None,
        "lon": measurement.station.longitude if placed else None,
        "readings": {name: value for name, value in values if value is not None},
        "aqi": measurement.aqi,
    }
