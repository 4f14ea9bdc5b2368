"""Token buckets: so many at once, and so many a second after that, for each key."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock


class TokenBuckets:
    """One bucket for each key (an address, a connection); a key that rests is forgotten."""

    def __init__(
        self,
        capacity: float,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        most_keys: int = 10_000,
    ) -> None:
        """Let `capacity` pass at once and `per_second` in the long run."""
        self._capacity, self._per_second = capacity, per_second
        self._clock, self._most_keys = clock, most_keys
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, key: Hashable, tokens: float = 1) -> bool:
        """Take tokens if all of them are there."""
        with self._lock:
            level, now = self._level(key)
            if level < tokens:
                return False
            self._keep(key, level - tokens, now)
            return True

    def wait(self, key: Hashable) -> float:
        """Take one token, on credit if need be, and return the seconds until it is there."""
        with self._lock:
            level, now = self._level(key)
            self._keep(key, level - 1, now)
            return max(0.0, (1 - level) / self._per_second)

    def _level(self, key: Hashable) -> tuple[float, float]:
        now = self._clock()
        level, then = self._levels.get(key, (self._capacity, now))
        return min(self._capacity, level + (now - then) * self._per_second), now

    def _keep(self, key: Hashable, level: float, now: float) -> None:
        self._levels[key] = level, now
        self._levels.move_to_end(key)
        while len(self._levels) > self._most_keys:
            self._levels.popitem(last=False)
