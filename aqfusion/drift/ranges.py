"""Ten ranges that hold a tenth of the training each: what a number is counted in."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["MISSING", "Ranges", "deciles", "in_fifths"]

MISSING = 0  # the bin of what is not there; ranges count from 1


@dataclass(frozen=True)
class Ranges:
    """Ranges between ascending `edges`; the first and the last are open. `about`: of what value."""

    about: str
    edges: tuple[float, ...]

    @property
    def key(self) -> str:
        """Sixteen hex digits that are the same for the same ranges of the same thing."""
        return hashlib.sha256(repr((self.about, self.edges)).encode()).hexdigest()[:16]

    def bin_of(self, value: float | None) -> int:
        """The number of the range that a value lies in.

        >>> [Ranges("pm25", (10.0, 20.0)).of(value) for value in (None, 9.9, 10.0, 25.0)]
        [0, 1, 2, 3]
        """
        return MISSING if value is None else 1 + bisect_right(self.edges, value)

    def histogram(
        self, values: Iterable[float | None], weights: Iterable[float] | None = None
    ) -> tuple[float, ...]:
        """How much lies in each range, what is missing first; each value counts 1, or its weight.

        >>> Ranges("pm25", (10.0,)).histogram([None, 5.0, 12.0, 13.0])
        (1.0, 1.0, 2.0)
        """
        measured = list(values)
        bins = [self.bin_of(value) for value in measured]
        shares = None if weights is None else list(weights)
        counted = np.bincount(bins, shares, minlength=len(self.edges) + 2)
        return tuple(float(count) for count in counted)


def deciles(about: str, values: Sequence[float]) -> Ranges:
    """Ranges by the deciles of values; where many are the same, there are fewer than ten.

    >>> deciles("so2", [1, 1, 1, 1, 1, 1, 2, 3, 4, 5]).edges
    (1.0, 1.4, 2.3, 3.2, 4.1)
    """
    edges = np.quantile(values, np.arange(1, 10) / 10)
    return Ranges(about, tuple(sorted({round(float(edge), 9) for edge in edges})))


def in_fifths(histogram: Sequence[float]) -> tuple[float, ...]:
    """A histogram with each two neighbouring ranges as one; what is missing stays by itself.

    >>> in_fifths((9.0, 1.0, 2.0, 3.0, 4.0, 5.0))
    (9.0, 3.0, 7.0, 5.0)
    """
    missing, *ranges = histogram
    return (missing, *(sum(ranges[i : i + 2]) for i in range(0, len(ranges), 2)))
