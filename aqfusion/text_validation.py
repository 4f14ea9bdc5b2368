"""Text that people give: checked where it comes in, so that every database can keep it."""

import hashlib
import json
import unicodedata
from typing import Any

from aqfusion.errors import InputError

__all__ = ["digest_of", "one_line", "quoted", "several_lines"]


def several_lines(field: str, text: str, longest: int) -> str:
    """Return a text without the blanks around it; control characters and half signs are refused.

    >>> several_lines("note", " a\\nb ", 10)
    'a\\nb'
    """
    kept = unicodedata.normalize("NFC", text.strip())
    if len(kept) > longest:
        raise InputError(f"{field} must have at most {longest} characters, got {len(kept)}")
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t" for sign in kept):
        raise InputError(f"{field} must have no control characters, got {quoted(kept)}")
    return kept


def one_line(field: str, text: str, longest: int, least: int = 1) -> str:
    """Return a text with single blanks between its words; one that is too short is refused."""
    kept = " ".join(several_lines(field, text, longest).split())
    if len(kept) < least:
        raise InputError(f"{field} must have at least {least} characters, got {kept!r}")
    return kept


def quoted(text: str) -> str:
    """Return a value as an error repeats it: quoted, and not too long."""
    return ascii(text if len(text) <= 40 else f"{text[:37]}...")


def digest_of(*values: Any) -> str:
    """Return the SHA-256 (hex) of values that JSON knows; equal values have equal digests."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
