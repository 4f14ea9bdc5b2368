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
    "Only counts are stored: the number of photos per day, the number of photos that could not "
    "be judged, and how many values fell into each range. Your photo, your readings and your "
    "identity are never stored. Each of your own photos counts once per visit, with the readings "
    "that you set yourself; they are counted when they have not changed for two minutes or when "
    "you choose another photo. Readings without a photo also count once. Examples do not count."
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
