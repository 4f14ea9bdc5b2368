"""Counts the inputs of predictions without storing them; nobody who predicts waits for that.

What a visitor brought waits in memory until they go on to something else, or rest: somebody who
moves a slider two hundred times counts once. Only then is it counted, and forgotten.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.labels.usage_key import Cell

if TYPE_CHECKING:
    from aqfusion.monitoring.reference import ReferenceDistribution

__all__ = [
    "CAMERA",
    "FACTS",
    "READINGS",
    "REST",
    "UPLOAD",
    "PredictionUsage",
    "UsageCounter",
    "VisitUsage",
    "counted",
]

UPLOAD, CAMERA, READINGS = "upload", "camera", "readings"  # where it came from
FACTS = ("predictions", "photo", "readings", "both", "refused")


@dataclass(frozen=True, eq=False)
class PredictionUsage:
    """One input of a visitor: `reading` is what they set themselves.

    `vector` is the photo's embedding (128,), `refused` whether the photo screen refuses it. In
    memory only, until it is counted.
    """

    origin: str
    reading: Reading
    vector: NDArray[np.float32] | None = None
    refused: bool = False


def counted(
    seen: PredictionUsage, reference: "ReferenceDistribution"
) -> Iterator[tuple[str, str, int]]:
    """Figure, bins and bin of all that one prediction counts in.

    Readings that are missing are counted where others are there. A photo that cannot be used has
    no place among those that can: its distance is not counted.
    """
    photo, readings = seen.vector is not None, bool(seen.reading.present)
    holds = (True, photo, readings, photo and readings, photo and seen.refused)
    yield from ((fact, "", 0) for fact, true in zip(FACTS, holds, strict=True) if true)
    if readings:
        for name in POLLUTANTS:
            if name in reference.sensors:
                ranges = reference.sensors[name].ranges
                yield name, ranges.key, ranges.bin_of(getattr(seen.reading, name))
    if seen.vector is not None and not seen.refused and reference.distances is not None:
        ranges = reference.distances.ranges
        yield "distance", ranges.key, ranges.bin_of(reference.distance_of(seen.vector))


REST = timedelta(minutes=2)
_EVERY = 15.0  # seconds between two checks of what has rested
_MOST_PHOTOS = 200  # of one visit: more are no sign of the air
_MOST_WAITING, _MOST_CELLS = 1000, 20_000

Write = Callable[[Mapping[Cell, int]], None]
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class VisitUsage:
    """One visitor's session: the digests of photos that have been counted, in memory only."""

    done: set[str] = field(default_factory=set)


@dataclass(frozen=True, eq=False)
class _Waiting:
    photo: str
    seen: PredictionUsage
    reference: "Callable[[], ReferenceDistribution]"
    at: datetime


class UsageCounter:
    """The counts of a process until `write` has taken them; threads share it."""

    def __init__(self, write: Write, now: Callable[[], datetime], every: float = _EVERY) -> None:
        """`write` may fail at any time: it is tried again `every` so many seconds."""
        self._write, self._now, self._every = write, now, every
        self._lock = threading.Lock()  # held for moments
        self._writing = threading.Lock()
        self._waiting: dict[VisitUsage, _Waiting] = {}  # who moved last comes last
        self._settled: list[_Waiting] = []
        self._counts: Counter[Cell] = Counter()  # of whoever holds `_writing`
        self._timer: threading.Timer | None = None
        self._warned = self._closed = False

    def note(
        self,
        visit: VisitUsage,
        photo: str,
        seen: PredictionUsage,
        reference: "Callable[[], ReferenceDistribution]",
    ) -> None:
        """A prediction from a photo (its digest, "" for none): counted once in a visit, later."""
        with self._lock:
            before = self._waiting.get(visit)
            if before is not None and before.photo != photo:
                self._settle(visit)
            if photo in visit.done or len(visit.done) >= _MOST_PHOTOS or self._closed:
                return
            self._waiting.pop(visit, None)
            self._waiting[visit] = _Waiting(photo, seen, reference, self._now())
            if len(self._waiting) > _MOST_WAITING:
                self._settle(next(iter(self._waiting)))
            self._start_timer()

    def flush(self, *, everything: bool = False) -> None:
        """Count what has rested, or all there is, and hand the counts on; raises nothing."""
        with self._writing:
            with self._lock:
                last = self._now() - REST
                for visit, waiting in [*self._waiting.items()]:
                    if everything or waiting.at <= last:
                        self._settle(visit)
                settled, self._settled = self._settled, []
            for waiting in settled:
                self._safely(partial(self._count, waiting))
            if self._counts and self._safely(partial(self._write, self._counts)):
                self._counts = Counter()
                self._warned = False

    def close(self) -> None:
        """Hand on all there is; nothing is counted after that."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
        self.flush(everything=True)

    def _settle(self, visit: VisitUsage) -> None:
        waiting = self._waiting.pop(visit)
        visit.done.add(waiting.photo)
        if len(self._settled) < _MOST_WAITING:
            self._settled.append(waiting)

    def _count(self, waiting: _Waiting) -> None:
        reference = waiting.reference()
        day = waiting.at.astimezone(UTC).date().isoformat()
        for figure, bins, number in counted(waiting.seen, reference):
            cell = Cell(day, reference.model, waiting.seen.origin, figure, bins, number)
            if cell in self._counts or len(self._counts) < _MOST_CELLS:
                self._counts[cell] += 1

    def _safely(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody asked for counts
            if not self._warned:
                _log.warning("counts of predictions must wait, and are tried again: %s", error)
            self._warned = True
            return False
        return True

    def _start_timer(self) -> None:
        if self._timer is None and not self._closed:
            self._timer = threading.Timer(self._every, self._tick)
            self._timer.daemon = True
            self._timer.start()

    def _tick(self) -> None:
        self.flush()
        with self._lock:
            self._timer = None
            if self._waiting or self._settled or self._counts:
                self._start_timer()
