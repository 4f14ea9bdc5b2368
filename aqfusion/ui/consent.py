"""The text that a visitor agrees to before a photo of theirs is kept.

A text that somebody agreed to is never edited: a new one gets a new version, and the old file
stays.
"""

import hashlib
from dataclasses import dataclass

from aqfusion.settings import ASSETS

VERSION = "contribution-1"
LICENCE = "CC BY 4.0"
# What is kept of everybody who gives something, and agrees to nothing.
COUNTED = (
    "Only counts are kept (photos a day, how many could not be judged, how much lay in which "
    "range), never your photo, a reading or who you are. Each photo of your own counts once in a "
    "visit, with the readings you set yourself, as they stood when you left them for two minutes "
    "or took another photo; readings without a photo count once too. Examples do not count."
)


@dataclass(frozen=True)
class Consent:
    """A text (Markdown) and its `id`, which the store keeps: version and checksum of the text."""

    id: str
    text: str


def consent() -> Consent:
    """The text in force."""
    text = (ASSETS / "consents" / f"{VERSION}.md").read_text(encoding="utf-8")
    return Consent(f"{VERSION} sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}", text)
