"""The cells in which predictions are counted: light to import, for pages that open no store."""

from typing import NamedTuple

__all__ = ["Cell"]


class Cell(NamedTuple):
    """A cell of the counts: a UTC day (ISO 8601), a model's version, where the input came from.

    `figure` is a fact, as "photo", whose `bins` are "" and `bin` 0, or a histogram's name; `bins`
    is then the hash of its ranges, and `bin` the number of one.
    """

    day: str
    model: str
    origin: str
    figure: str
    bins: str
    bin: int
