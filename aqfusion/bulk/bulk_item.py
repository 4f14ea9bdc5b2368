"""What a bulk prediction is made of: items, portions of them, and what all of them share.

Light to import: a process that computes gets these before it loads a model.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from aqfusion import __version__
from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.sites.site import Site

__all__ = ["BulkError", "BulkItem", "BulkSetup", "Portion", "Row", "portions"]

# A prediction as a row of the results; `prediction_row.COLUMNS` names what it holds.
Row = dict[str, Any]

# Photos that are computed, kept and lost together: two seconds' work, less where there are few.
_SIZES = ((128, 4), (256, 8), (512, 16))
_LARGEST = 32
_ROWS = 32  # without a photo, which cost as much as one with


class BulkError(InputError):
    """A bulk prediction that cannot begin or go on."""


@dataclass(frozen=True)
class BulkItem:
    """A photo, a row of readings, or both.

    `file` is its name in the results, `address` where the photo is read, `state` what changes when
    that file does. `line` is the table's. `problem` says which cells were left out, `error` why
    there can be no prediction.
    """

    file: str | None = None
    address: str | None = None
    state: str = ""
    reading: Reading = field(default_factory=Reading)
    taken_at: datetime | None = None
    line: int | None = None
    problem: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class BulkSetup:
    """The model, by name or folder and by the SHA-256 of its weights, and the site of all items."""

    model: str
    weights: str
    site: Site | None = None
    taken_at: datetime | None = None
    trust_photo: bool = False

    @cached_property
    def key(self) -> str:
        """What the predictions depend on besides the items, as a hash; no path is in it."""
        parts = (__version__, self.weights, self.site, self.taken_at, self.trust_photo)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Portion:
    """Items that are computed together; `key` is a hash of them and of the setup."""

    key: str
    items: tuple[BulkItem, ...]


def portions(setup: BulkSetup, items: Sequence[BulkItem]) -> Iterator[Portion]:
    """Cut items into portions of about equal work; the same items give the same portions."""
    costs = [1.0 if item.address else 1 / _ROWS for item in items]
    size = next((size for most, size in _SIZES if sum(costs) < most), _LARGEST)
    portion: list[BulkItem] = []
    cost = 0.0
    for item, more in zip(items, costs, strict=True):
        portion.append(item)
        cost += more
        if cost >= size:
            yield _portion(setup, portion)
            portion, cost = [], 0.0
    if portion:
        yield _portion(setup, portion)


def _portion(setup: BulkSetup, items: list[BulkItem]) -> Portion:
    key = hashlib.sha256(setup.key.encode())
    for item in items:
        key.update(repr(item).encode("utf-8", "surrogateescape"))
    return Portion(key.hexdigest(), tuple(items))
