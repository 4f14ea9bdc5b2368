"""How long a step takes on this machine, and the reading that steps are timed with."""

import statistics
import time
from collections.abc import Callable

from aqfusion.air.readings import Reading

READING = Reading(pm25=48, pm10=95, o3=40, co=0.9, so2=9, no2=32)
REPEATS = 15


def median_ms(step: Callable[[], object], repeats: int = REPEATS) -> float:
    """The median of `repeats` runs in milliseconds, after one that pays for caches and imports."""
    step()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)
