"""Text and whole numbers that people give: checked where they come in."""

import hashlib
import json
import re
import unicodedata
from typing import Any

from aqfusion.errors import InputError

__all__ = [
    *("digest_of", "one_line", "plain_integer", "quoted", "several_lines"),
    *("read_whole_number", "whole_number"),
]
_PLAIN_INTEGER = re.compile("[0-9]{1,18}")  # what any database can keep


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


def plain_integer(text: object) -> int | None:
    """Return the number that up to 18 digits write, with blanks around them or none.

    `None` for all else, also where int() is laxer: signs, 1_0, digits of other scripts.

    >>> plain_integer(" 007 "), plain_integer("-1"), plain_integer("1_0"), plain_integer("५")
    (7, None, None, None)
    """
    plain = text.strip() if isinstance(text, str) else ""
    return int(plain) if _PLAIN_INTEGER.fullmatch(plain) else None


def read_whole_number(
    text: object, name: str, low: int, high: int, error: type[InputError] = InputError
) -> int:
    """Return `whole_number` of a value, or of the number that a text writes in plain digits."""
    number = plain_integer(text)
    return whole_number(text if number is None else number, name, low, high, error)


def whole_number(
    value: object, name: str, low: int, high: int, error: type[InputError] = InputError
) -> int:
    """Return a number that is whole by its type; a text or a truth value is none.

    >>> whole_number(True, "aqi", 0, 500)
    Traceback (most recent call last):
    aqfusion.errors.InputError: aqi must be a whole number from 0 to 500, got True
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise error(f"{name} must be a whole number from {low} to {high}, got {value!r:.40}")
    return value


def digest_of(*values: Any) -> str:
    """Return the SHA-256 (hex) of values that JSON knows; equal values have equal digests."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
