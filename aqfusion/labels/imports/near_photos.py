"""Which photos show nearly the same as one that came before, at the same place and day."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select

from aqfusion.labels.database import Database
from aqfusion.labels.fingerprint import FingerprintIndex
from aqfusion.labels.schema import items

__all__ = ["NearPhotos", "fingerprint_text", "fingerprint_value"]

_BITS = 1 << 64


class NearPhotos:
    """The items that are served, by group; those that are near one of them are not.

    Gold items stand apart: they are shown to measure people, and are nobody's duplicate.
    """

    def __init__(self, stored: Iterable[tuple[str | None, str, str]] = ()) -> None:
        """Begin with items: their group, fingerprint and key."""
        self._indexes: dict[str | None, FingerprintIndex] = defaultdict(FingerprintIndex)
        self._keys: dict[str | None, list[str]] = defaultdict(list)
        for group, fingerprint, key in stored:
            self.add(group, fingerprint, key)

    @classmethod
    def from_database(cls, database: Database) -> "NearPhotos":
        """Begin with what the store has."""
        query = select(items.c.group_key, items.c.fingerprint, items.c.key).where(
            items.c.fingerprint.is_not(None),
            items.c.duplicate_of.is_(None),
            items.c.kind == "normal",
            items.c.status.not_in(("rejected", "pending")),  # neither is served
        )
        with database.snapshot() as connection:
            ordered = query.order_by(items.c.id).execution_options(yield_per=1000)
            return cls((row[0], row[1], row[2]) for row in connection.execute(ordered))

    def add(self, group: str | None, fingerprint: str, key: str) -> None:
        """Keep an item that others may be near to."""
        self._indexes[group].add(fingerprint_value(fingerprint))
        self._keys[group].append(key)

    def nearest(self, group: str | None, fingerprint: str) -> str | None:
        """Return the key of the nearest item that is near at all, of equals the first."""
        if group not in self._indexes:
            return None
        matches = self._indexes[group].near(fingerprint_value(fingerprint))
        return self._keys[group][matches[0]] if matches else None


def fingerprint_text(value: int) -> str:
    """Return a fingerprint as items keep it, 16 hex digits.

    >>> fingerprint_text(-1), fingerprint_value("ffffffffffffffff")
    ('ffffffffffffffff', -1)
    """
    return f"{value % _BITS:016x}"


def fingerprint_value(text: str) -> int:
    """Return the signed number of 16 hex digits."""
    value = int(text, 16)
    return value - _BITS if value >= _BITS // 2 else value
