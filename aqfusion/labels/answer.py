"""An annotator's answer to an item, checked in full before anything is written."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.text_validation import one_line, several_lines, whole_number

__all__ = [
    *("ASSISTED", "BLIND", "CANT_TELL", "CONFIDENCES", "MODES", "UNBLINDED"),
    *("Answer", "AnswerContext", "AnswerError"),
]

CANT_TELL = ("night", "cloud", "not sky", "sensor fault", "unit mix-up", "other")
CONFIDENCES = ("sure", "unsure")
# Unblinded: meant to be blind, but the prediction or others' answers had been shown before.
BLIND, ASSISTED, UNBLINDED = "blind", "assisted", "unblinded"
MODES = (BLIND, ASSISTED, UNBLINDED)
_LONGEST_NOTE = 500
_LONGEST_SECONDS = 86_400


class AnswerError(InputError):
    """An answer that breaks a rule; the message names field, rule and value."""


class ItemGoneError(AnswerError):
    """An item that takes no answer from this showing of it: the next one is to be shown."""


@dataclass(frozen=True)
class AnswerContext:
    """How much of the model the annotator saw before answering, and how long they took.

    `aqi` is the prediction of the model of that version; `None` where it was hidden or not there.
    """

    mode: str = BLIND
    model_version: str | None = None
    aqi: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        _one_of("mode", self.mode, MODES)
        if self.model_version is not None:
            one_line("model version", self.model_version, 100)
        _whole("prediction seen", self.aqi, 500)
        seconds = self.seconds
        if seconds is not None and not (
            math.isfinite(seconds) and 0 <= seconds <= _LONGEST_SECONDS
        ):
            raise AnswerError(f"seconds must be 0 to {_LONGEST_SECONDS}, got {seconds}")


@dataclass(frozen=True)
class Answer:
    """Exactly one of a category, an exact AQI and the reason why nobody can tell.

    `category` counts from 0, the cleanest; it follows from `aqi` (0 to 500) where that is given.
    `corrections` are the item's wrong readings (ug/m3, CO mg/m3), `None` where the right value is
    not known.

    >>> Answer(aqi=151).band, Answer(category=2, standard="india").band
    (3, 2)
    """

    category: int | None = None
    aqi: int | None = None
    cant_tell: str | None = None
    standard: str = "us"
    confidence: str = "sure"
    note: str = ""
    corrections: Mapping[str, float | None] = field(default_factory=dict)
    seen: AnswerContext = field(default_factory=AnswerContext)

    def __post_init__(self) -> None:
        """Check every value; what breaks a rule raises `AnswerError`."""
        label_fields = [
            name for name in ("category", "aqi", "cant_tell") if getattr(self, name) is not None
        ]
        if len(label_fields) != 1:
            got = " and ".join(label_fields) or "none"
            raise AnswerError(f"answer must be one of category, aqi and can't tell, got {got}")
        _one_of("standard", self.standard, tuple(STANDARDS))
        _whole("category", self.category, len(standard(self.standard).categories) - 1)
        _whole("aqi", self.aqi, 500)
        _one_of("can't tell", self.cant_tell, (None, *CANT_TELL))
        _one_of("confidence", self.confidence, CONFIDENCES)
        object.__setattr__(self, "note", several_lines("note", self.note, _LONGEST_NOTE))
        Reading.from_values(self.corrections)
        object.__setattr__(self, "corrections", dict(self.corrections))

    @property
    def band(self) -> int | None:
        """The category that this answer means; `None` for one that cannot tell."""
        if self.aqi is None:
            return self.category
        categories = standard(self.standard).categories
        return categories.index(standard(self.standard).category_of(self.aqi))

    def columns(self) -> dict[str, Any]:
        """The answer as the columns of an event."""
        return {
            "standard": self.standard,
            "category": self.band,
            "aqi": self.aqi,
            "cant_tell": self.cant_tell,
            "confidence": self.confidence,
            "note": self.note or None,
            "corrections": dict(self.corrections) or None,
            "mode": self.seen.mode,
            "model_version": self.seen.model_version,
            "seen_aqi": self.seen.aqi,
            "seconds": self.seen.seconds,
        }

    @classmethod
    def from_event(cls, event: Any) -> "Answer":
        """Read an event's columns back."""
        return cls(
            category=event.category if event.aqi is None else None,
            aqi=event.aqi,
            cant_tell=event.cant_tell,
            standard=event.standard,
            confidence=event.confidence,
            note=event.note or "",
            corrections=event.corrections or {},
            seen=AnswerContext(event.mode, event.model_version, event.seen_aqi, event.seconds),
        )


def _one_of(name: str, value: object, valid_values: tuple[object, ...]) -> None:
    if value not in valid_values:
        words = ", ".join(
            str(valid_value) for valid_value in valid_values if valid_value is not None
        )
        raise AnswerError(f"{name} must be one of {words}, got {value!r}")


def _whole(name: str, value: object, top: int) -> None:
    if value is not None:
        whole_number(value, name, 0, top, AnswerError)
