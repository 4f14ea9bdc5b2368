"""Items on their way into the store, every rule of them checked."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from aqfusion.air.sensors import POLLUTANTS, Reading
from aqfusion.labels.given_text import digest_of, one_line, several_lines
from aqfusion.labels.item import ItemError, ModelView, Reason
from aqfusion.time_zones import TimeError, zone

__all__ = ["PHOTO_HASH", "SPLITS", "NewItem"]

PHOTO_HASH = re.compile(r"[0-9a-f]{64}")
SPLITS = ("train", "frozen")
_MOST_OVERLAP = 20


@dataclass(frozen=True, kw_only=True)
class NewItem:
    """An item that may not be in the store yet; `photo_hash` is what `PhotoStore.put` returned.

    The same photo with the same reading is the same item. `origin` is one word (import, retrain,
    contribution), `split` "train" or "frozen", which no training learns from. An item with a
    `known_aqi` is a gold item, by which annotators are measured. `overlap` is how many people
    are asked. `fingerprint` is 16 hex digits, `group` what must stay on one side of a split.
    `time_zone` is the IANA name or the offset of the place, by which its local day is known.
    Without `units_stated` nobody knows the units of the readings, and no formula judges them.
    """

    photo_hash: str
    reading: Reading
    origin: str = "import"
    source: str | None = None
    licence: str | None = None
    consent: str | None = None
    consented_at: datetime | None = None
    trusted: bool = True
    group: str | None = None
    place: str | None = None
    taken_at: datetime | None = None
    split: str = "train"
    known_aqi: int | None = None
    guess: Mapping[str, Any] | None = None
    overlap: int = 1
    priority: float = 0.0
    reasons: tuple[Reason, ...] = ()
    duplicate_of: int | None = None
    fingerprint: str | None = None
    model_view: ModelView | None = None
    fold_view: ModelView | None = None
    time_zone: str | None = None
    units_stated: bool = True

    def __post_init__(self) -> None:
        """Check every value; what breaks a rule raises `ItemError`."""
        if not PHOTO_HASH.fullmatch(self.photo_hash):
            raise ItemError(f"photo hash must be 64 hex digits, got {self.photo_hash[:80]!r}")
        one_line("origin", self.origin, 40)
        for name, longest in (("source", 1000), ("licence", 1000), ("consent", 200)):
            if getattr(self, name) is not None:
                several_lines(name, getattr(self, name), longest)
        for name in ("group", "place"):
            if getattr(self, name) is not None:
                one_line(name, getattr(self, name), 200)
        for name in ("consented_at", "taken_at"):
            time = getattr(self, name)
            if time is not None and time.tzinfo is None:
                raise ItemError(f"{name} must have a zone, got {time.isoformat()}")
        if self.time_zone is not None:
            _check_zone(self.time_zone)
        if self.origin == "contribution" and not (self.consent and self.consented_at):
            raise ItemError("contribution must come with a consent and its time, got none")
        if self.split not in SPLITS:
            raise ItemError(f"split must be one of {', '.join(SPLITS)}, got {self.split!r}")
        if self.known_aqi is not None and not 0 <= self.known_aqi <= 500:
            raise ItemError(f"known aqi must be 0 to 500, got {self.known_aqi}")
        if not 1 <= self.overlap <= _MOST_OVERLAP:
            raise ItemError(f"overlap must be 1 to {_MOST_OVERLAP} people, got {self.overlap}")
        if not math.isfinite(self.priority):
            raise ItemError(f"priority must be finite, got {self.priority}")
        if self.fingerprint is not None and not re.fullmatch(r"[0-9a-f]{16}", self.fingerprint):
            raise ItemError(f"fingerprint must be 16 hex digits, got {self.fingerprint[:80]!r}")

    @property
    def key(self) -> str:
        """The key that two equal items share, on every database."""
        return digest_of(self.photo_hash, [getattr(self.reading, name) for name in POLLUTANTS])

    def columns(self, now: datetime) -> dict[str, Any]:
        """The item as a new row."""
        gold, key = self.known_aqi is not None, self.key
        status = "open" if self.trusted else "pending"
        served = self.trusted and self.duplicate_of is None
        ranked = bool(self.priority or self.reasons)  # a view alone says not how much it is worth
        plain = (
            *("photo_hash", "origin", "source", "licence", "consent", "consented_at", "trusted"),
            *("place", "taken_at", "split", "known_aqi", "guess", "overlap", "priority"),
            *("duplicate_of", "fingerprint", "time_zone", "units_stated"),
        )
        return {
            **{name: getattr(self, name) for name in plain},
            **{name: getattr(self.reading, name) for name in POLLUTANTS},
            "key": key,
            "group_key": self.group,
            "kind": "gold" if gold else "normal",
            "reasons": [asdict(reason) for reason in self.reasons],
            "model_view": self.model_view and asdict(self.model_view),
            "fold_view": self.fold_view and asdict(self.fold_view),
            "created": now,
            "status": status,
            "wanted": self.overlap,
            "lane": (2 if gold else 1) if served else 0,
            "urgent": 0,
            "seats": 1 if gold else self.overlap,
            "crowd": 1,
            "lot": int(key[:8], 16) >> 1,
            "scored_by": self.model_view.model_version if ranked and self.model_view else None,
            "scored_event": 0 if ranked and self.model_view else None,
            "top_reason": self.reasons[0].kind if self.reasons else None,
        }


def _check_zone(text: str) -> None:
    try:
        zone(text)
    except TimeError as error:
        raise ItemError(f"time zone {error}, got {text[:80]!r}") from error
