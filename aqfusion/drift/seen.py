"""The parts of one prediction that are counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aqfusion.air.sensors import POLLUTANTS, Reading

if TYPE_CHECKING:  # what it imports takes a second
    from aqfusion.drift.reference import Reference

__all__ = ["CAMERA", "FACTS", "READINGS", "UPLOAD", "Seen", "counted"]

UPLOAD, CAMERA, READINGS = "upload", "camera", "readings"  # where it came from
FACTS = ("predictions", "photo", "readings", "both", "refused")


@dataclass(frozen=True, eq=False)
class Seen:
    """One input of a visitor: `reading` is what they set themselves.

    `vector` is the photo's embedding (128,), `refused` whether the photo screen refuses it. In
    memory only, until it is counted.
    """

    origin: str
    reading: Reading
    vector: NDArray[np.float32] | None = None
    refused: bool = False


def counted(seen: Seen, reference: "Reference") -> Iterator[tuple[str, str, int]]:
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
