"""Candidates become items: decoded, encoded anew, near-duplicates marked, each once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import select

from aqfusion.air.aqi import round_half_up
from aqfusion.air.readings import Reading
from aqfusion.csv_table.errors import TableFault
from aqfusion.errors import InputError
from aqfusion.images.perceptual_hash import (
    FingerprintIndex,
    fingerprint_text,
    fingerprint_value,
    perceptual_hash,
)
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.labels.answer import Answer
from aqfusion.labels.authorization import require_role
from aqfusion.labels.database import Database, StoreError
from aqfusion.labels.imports.source_listing import ImportCandidate, Listing
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.schema import items
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor

__all__ = [
    "Imported",
    "NearPhotos",
    "SourceError",
    "Terms",
    "given_label",
    "import_items",
]


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


_BATCH = 100
_SAME_BUT_GOLD = "must not be in the store already without a gold AQI"


class SourceError(InputError):
    """Something that cannot be imported, or in which nothing is good."""


@dataclass(frozen=True)
class Terms:
    """How items come in: the answers wanted of each, "train" or "frozen", and a licence.

    Where a candidate names a licence of its own, that holds.
    """

    overlap: int = 1
    split: str = "train"
    licence: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no item may have, before any photo is opened."""
        NewItem(photo_hash="0" * 64, reading=Reading(), **asdict(self))


@dataclass(frozen=True)
class Imported:
    """Result of an import: new items, `known` ones that the store had already, and faults.

    `duplicates` are those of the new ones that are kept without being served.
    """

    new: int
    known: int
    duplicates: int
    faults: tuple[TableFault, ...]
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        """How many rows or photos did not come in; other faults cost a cell alone."""
        return sum(not fault.row_kept for fault in self.faults)

    @property
    def cells_left_out(self) -> int:
        """How many cells were left out of rows that came in."""
        return sum(fault.row_kept for fault in self.faults)


def import_items(
    store: LabelStore,
    actor: Actor,
    listing: Listing,
    terms: Terms,
    now: datetime,
    report: Callable[[str], None] | None = None,
) -> Imported:
    """Import for an admin; done again, or again after it was cut off, it brings what is missing.

    Where no row is good, `SourceError` is raised.
    """
    with store.database.read() as connection:
        require_role(connection, actor, "admin", lock=False)
    intake = _Intake(store, actor, listing.name, terms, now)
    total = len(listing.candidates)
    for done, batch in _batches(listing.candidates):
        intake.take(batch)
        if report is not None:
            report(f"{done} of {total} photos read, {intake.new} of them new")
    faults = sorted((*listing.faults, *intake.faults), key=lambda fault: fault.line)
    if not intake.new and not intake.already_stored:
        why = f": {len(faults)} faults, the first in {faults[0]}" if faults else ""
        raise SourceError(f"No photo could be imported from {listing.name}{why}")
    counts = (intake.new, intake.already_stored, intake.duplicates)
    return Imported(*counts, tuple(faults), listing.ignored, listing.notes)


def given_label(aqi: float | None) -> dict[str, Any] | None:
    """Return a source's own label as the store keeps a guess, never in sight of an annotator."""
    if aqi is None:
        return None
    columns = Answer(aqi=round_half_up(aqi)).columns()
    return {name: columns[name] for name in ("standard", "category", "aqi", "cant_tell")}


class _Intake:
    """One import, batch by batch; a batch that was cut off comes whole the next time."""

    def __init__(
        self, store: LabelStore, actor: Actor, name: str, terms: Terms, now: datetime
    ) -> None:
        self.new = self.already_stored = self.duplicates = 0
        self.faults: list[TableFault] = []
        self._store, self._actor, self._name = store, actor, name
        self._terms, self._now = terms, now
        self._near = NearPhotos.from_database(store.database)

    def take(self, batch: Sequence[ImportCandidate]) -> None:
        """Take the candidates in, and count what became of each."""
        read = [
            (candidate, item) for candidate in batch if (item := self._read(candidate)) is not None
        ]
        stored = self._rows_of(item.key for _, item in read)
        fresh: dict[str, NewItem] = {}
        for candidate, item in read:
            same = stored[item.key].known_aqi if item.key in stored else item.known_aqi
            if item.key in fresh:
                same = fresh[item.key].known_aqi
            if item.known_aqi is not None and item.known_aqi != same:
                self.faults.append(candidate.fault(_SAME_BUT_GOLD))
            elif item.key in stored or item.key in fresh:
                self.already_stored += 1
            else:
                fresh[item.key] = item
        self._add(fresh.values())

    def _read(self, candidate: ImportCandidate) -> NewItem | None:
        try:
            photo = Photo.open(candidate.path)
            item = self._item(candidate, photo, "0" * 64)  # a photo of a bad row is not kept
            return replace(item, photo_hash=self._store.photos.put(photo))
        except StoreError:  # no fault of the file: the next one would not fare better
            raise
        except PhotoError as error:
            self.faults.append(candidate.fault(_rule(str(error))))
        except InputError as error:
            self.faults.append(candidate.fault(str(error)))
        return None

    def _item(self, candidate: ImportCandidate, photo: Photo, photo_hash: str) -> NewItem:
        return NewItem(
            photo_hash=photo_hash,
            reading=candidate.reading,
            source=f"{self._name}: {candidate.name}",
            licence=candidate.licence or self._terms.licence,
            group=candidate.group,
            place=candidate.place,
            taken_at=candidate.taken_at,
            split=self._terms.split,
            known_aqi=candidate.known_aqi,
            guess=given_label(candidate.given_aqi),
            overlap=self._terms.overlap,
            fingerprint=fingerprint_text(perceptual_hash(photo)),
            time_zone=candidate.time_zone,
            units_stated=candidate.units_stated,
        )

    def _add(self, fresh: Iterable[NewItem]) -> None:
        """Add the items that are served, and then those that are near one of them."""
        served: list[NewItem] = []
        near: list[tuple[NewItem, str]] = []
        for item in fresh:
            assert item.fingerprint is not None
            gold = item.known_aqi is not None
            nearest = None if gold else self._near.nearest(item.group, item.fingerprint)
            if nearest is not None:
                near.append((item, nearest))
                continue
            served.append(item)
            if not gold:
                self._near.add(item.group, item.fingerprint, item.key)
        self._insert(served)
        originals = self._rows_of(key for _, key in near)
        self.duplicates += self._insert(
            [replace(item, duplicate_of=originals[key].id) for item, key in near]
        )

    def _insert(self, new: list[NewItem]) -> int:
        if not new:
            return 0
        added = self._store.items.add_many(self._actor, new, self._now)
        self.new += added.new
        self.already_stored += added.already_stored
        return added.new

    def _rows_of(self, keys: Iterable[str]) -> dict[str, Any]:
        query = select(items.c.key, items.c.id, items.c.known_aqi).where(items.c.key.in_([*keys]))
        with self._store.database.read() as connection:
            return {row.key: row for row in connection.execute(query)}


def _rule(sentence: str) -> str:
    """Return what `PhotoError` says after the path, which may be anything."""
    return f"must {sentence.rpartition(' must ')[2]}"


def _batches(candidates: Sequence[ImportCandidate]) -> Iterator[tuple[int, list[ImportCandidate]]]:
    left, done = iter(candidates), 0
    while batch := list(islice(left, _BATCH)):
        done += len(batch)
        yield done, batch
