"""A label store for virtual annotators: accounts, items enough for the time, and the count after.

Photos are noise of their own for each item: what annotators see is not what is tested.
"""

import math
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import select

from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.schema import label_events
from aqfusion.labels.store import LabelStore
from aqfusion.load_test.measurements import AnswerCheck, AnswerLedger

_SECONDS_PER_ANSWER = 2.5  # of the fastest annotator
_SPARE = 40  # items more than that
_MOST_OVERLAP = 20


@dataclass(frozen=True)
class AnnotationPlan:
    """Where the store lies, and names and PINs of the annotators."""

    home: Path
    accounts: tuple[tuple[str, str], ...]

    @classmethod
    def prepare(cls, home: Path, annotators: int, seconds: float) -> "AnnotationPlan":
        """Make a new store in `home` with items that last for `seconds`."""
        plan = cls(
            home,
            tuple(
                (f"Annotator {number}", secrets.token_urlsafe(12))
                for number in range(1, annotators + 1)
            ),
        )
        store, now = plan._store(), datetime.now(UTC)
        admin = store.accounts.first_admin("Load test", secrets.token_urlsafe(12), now)
        for name, pin in plan.accounts:
            store.accounts.add_user(admin, name, pin, "annotator", now)
        overlap = min(annotators, _MOST_OVERLAP)
        rounds = math.ceil(annotators / overlap)
        for number in range(rounds * (math.ceil(seconds / _SECONDS_PER_ANSWER) + _SPARE)):
            photo_hash = store.photos.put(_photo(number))
            reading = Reading(pm25=float(number % 400))
            store.items.add(
                admin, NewItem(photo_hash=photo_hash, reading=reading, overlap=overlap), now
            )
        store.close()
        return plan

    def check(self, ledger: AnswerLedger) -> AnswerCheck:
        """Count what the store has of the annotators' answers."""
        store = self._store()
        query = select(label_events.c.kind, label_events.c.request_id)
        with store.database.read() as connection:
            rows = connection.execute(query).all()
        store.close()
        stored = Counter(request for kind, request in rows if kind == "answer")
        return ledger.check(stored, sum(kind == "undo" for kind, _ in rows))

    def _store(self) -> LabelStore:
        folder = self.home / "labels"
        return LabelStore.open(str(folder / "labels.db"), str(folder / "photos"))


def _photo(number: int) -> Photo:
    colours = np.random.default_rng(number).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return Photo.from_image(Image.fromarray(colours).resize((320, 240)))
