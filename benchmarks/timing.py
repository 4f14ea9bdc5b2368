"""Ways to do the same thing, timed in turn, so that a busy minute of the machine hits all alike."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

NAIVE, OURS = "naive", "ours"
_LEAST_ROUNDS, _MOST_SECONDS = 3, 20.0


@dataclass(frozen=True)
class Timing:
    """Milliseconds of the repeats of one way."""

    median_ms: float
    p95_ms: float
    least_ms: float


def compare(
    ways: Mapping[str, Callable[[], object]], repeats: int, base: str = NAIVE
) -> dict[str, Any]:
    """Time each way so many times, in turn and after one warm-up of each.

    On a busy machine it ends after 20 seconds with fewer rounds, at least three.

    `times_faster` is by how much a way is faster than `base`: the median over the rounds of the
    ratio in that round, which a slow minute changes less than it changes milliseconds.
    """
    for way in ways.values():
        way()
    took: dict[str, list[float]] = {name: [] for name in ways}
    end = time.monotonic() + _MOST_SECONDS
    for number in range(repeats):
        if number >= _LEAST_ROUNDS and time.monotonic() > end:
            break
        order = list(ways) if number % 2 == 0 else list(ways)[::-1]
        for name in order:
            started = time.perf_counter()
            ways[name]()
            took[name].append(1000 * (time.perf_counter() - started))
    return {
        "repeats": len(took[base]),
        **{name: asdict(timing(values)) for name, values in took.items()},
        "times_faster": {
            name: round(median_ratio(took[base], values), 3)
            for name, values in took.items()
            if name != base
        },
    }


def timing(milliseconds: Sequence[float]) -> Timing:
    """The figures of some repeats."""
    return Timing(
        round(statistics.median(milliseconds), 3),
        round(percentile(milliseconds, 0.95), 3),
        round(min(milliseconds), 3),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least `share` of them do not exceed.

    >>> percentile([3, 1, 2, 4], 0.5)
    2
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the ratios, round by round.

    >>> median_ratio([10, 30, 20], [1, 2, 4])
    10.0
    """
    return statistics.median(a / b for a, b in zip(above, below, strict=True))
