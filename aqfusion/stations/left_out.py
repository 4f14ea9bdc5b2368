"""Counts of the measurements of a live source that were excluded."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class LeftOut:
    """Counts: readings in unknown units, impossible ones, older ones, and silent stations."""

    unknown_units: int = 0
    impossible: int = 0
    older: int = 0
    unanswered: int = 0

    def __add__(self, other: "LeftOut") -> "LeftOut":
        """Count both."""
        sums = (getattr(self, f.name) + getattr(other, f.name) for f in fields(self))
        return LeftOut(*sums)

    @property
    def sentence(self) -> str | None:
        """The excluded measurements in a sentence; `None` where there are none.

        >>> LeftOut(unknown_units=1, older=2).sentence
        'Left out: 1 reading in an unknown unit, 2 readings more than a day old.'
        """
        counted = (
            (self.unknown_units, "reading{s} in an unknown unit"),
            (self.impossible, "reading{s} with an impossible value or time"),
            (self.older, "reading{s} more than a day old"),
            (self.unanswered, "station{s} whose readings could not be had"),
        )
        phrases = [f"{n} {what.format(s='s' * (n > 1))}" for n, what in counted if n]
        return f"Left out: {', '.join(phrases)}." if phrases else None
