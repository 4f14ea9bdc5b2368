"""JSON read into dataclasses, each fault told as one sentence with its full address.

A dataclass says what its JSON object holds; the types below say the rules of the values, and
`aqfusion/io/json_reader.py` holds values against them.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

from aqfusion.errors import InputError
from aqfusion.io.json_reader import (
    BrokenRule,
    Check,
    check_bounds,
    checks_of,
    checks_of_names,
    refused_by,
)

_T = TypeVar("_T")
_TOO_LARGE = 1_000_000_000
_LONGEST = 80  # characters of a value in a sentence


class TableError(InputError):
    """A file that breaks a rule; the message names file, field, rule and value."""


class Rule:
    """Marks an annotated type: only its own JSON type counts, within `bounds`; else `words`.

    Bounds are `ge`, `gt`, `le`, `lt`, `pattern` and `allow_inf_nan`.
    """

    def __init__(self, words: str, **bounds: Any) -> None:
        self.words, self.bounds = words, bounds

    def check_of(self, kind: Any) -> Check:
        """The type's own check, and that of the bounds; any fault in them is told as the rule."""
        inner = checks_of(kind)

        def read(value: object) -> Any:
            try:
                return check_bounds(inner(value), self.bounds)
            except BrokenRule as broken:
                raise BrokenRule(self.words, value) from broken

        return read


class ReadAs(Generic[_T]):
    """Marks an annotated type: read as `kind`, then made of it by `make`, which may refuse.

    A `ValueError` of `make` says the rule ("must be ..."), an `InputError` a whole sentence.
    """

    def __init__(self, kind: Any, make: Callable[[_T], object]) -> None:
        self.kind, self.make = kind, make

    def check_of(self, kind: Any) -> Check:
        """The check of `self.kind`, with `make` behind it; what was annotated is what it makes."""
        inner = checks_of(self.kind)

        def read(value: object) -> Any:
            part = inner(value)
            try:
                return self.make(part)
            except ValueError as refused:
                raise refused_by(refused, value) from refused

        return read


class MayBeAbsent:
    """Marks an annotated type of a field: `None` where its key is absent, without a default."""

    absent_is_none = True  # tells the reader of the object, which looks for the key

    def check_of(self, kind: Any) -> Check:
        """The type's own check."""
        return checks_of(kind)


class Names:
    """Marks a mapping with one entry for each of `names`; other keys are ignored or refused."""

    def __init__(self, names: Iterable[str], refuse_others: bool = False) -> None:
        self.names, self.refuse_others = tuple(names), refuse_others

    def check_of(self, kind: Any) -> Check:
        """Read an object with one field for each name."""
        return checks_of_names(self.names, kind, self.refuse_others)


class Exact:
    """Marks a `Decimal` that is read from a whole number or from a number's digits, no text."""

    def __init__(self, words: str, **bounds: Any) -> None:
        self.words, self.bounds = words, bounds

    def check_of(self, kind: Any) -> Check:
        """Take a decimal, or make one of a whole number."""

        def read(value: object) -> Decimal:
            number = Decimal(value) if type(value) is int else value
            if not isinstance(number, Decimal) or not number.is_finite():
                raise BrokenRule(self.words, value)
            try:
                kept: Decimal = check_bounds(number, self.bounds)
            except BrokenRule as broken:
                raise BrokenRule(self.words, value) from broken
            return kept

        return read


OrAbsent = Annotated[_T | None, MayBeAbsent()]
Text = Annotated[str, Rule("must be a text that is not empty", pattern=r"[^\s\x1c-\x1f]")]
Flag = Annotated[bool, Rule("must be true or false")]
Whole = Annotated[int, Rule("must be a whole number")]
Count = Annotated[int, Rule("must be a whole number >= 0", ge=0)]
Number = Annotated[float, Rule("must be a number", allow_inf_nan=False)]
Positive = Annotated[float, Rule("must be a number > 0", gt=0, allow_inf_nan=False)]
ExactNumber = Annotated[Decimal, Exact("must be a number")]
PositiveDecimal = Annotated[Decimal, Exact("must be a number > 0", gt=0)]
Size = Annotated[float, Rule(f"must be a number >= 0 and < {_TOO_LARGE}", ge=0, lt=_TOO_LARGE)]
Share = Annotated[float, Rule("must be a number from 0 to 1", ge=0, le=1)]
Correlation = Annotated[float, Rule("must be a number from -1 to 1", ge=-1, le=1)]
Latitude = Annotated[float, Rule("must be a number from -90 to 90", ge=-90, le=90)]
Longitude = Annotated[float, Rule("must be a number from -180 to 180", ge=-180, le=180)]
Sha256 = Annotated[str, Rule("must be 64 hexadecimal digits", pattern=r"^[0-9a-f]{64}\Z")]


@dataclass(frozen=True)
class _Format:
    format: Whole


def one_of(names: Iterable[str]) -> Rule:
    """The rule of a text that is one of a few names."""
    names = tuple(names)
    pattern = rf"^({'|'.join(map(re.escape, names))})\Z"
    return Rule(f"must be one of {', '.join(names)}", pattern=pattern)


def at_most(kind: Any, entries: int) -> ReadAs[Any]:
    """Marks a tuple or a mapping that is read as `kind` and has no more than so many entries."""

    def make(value: Any) -> Any:
        if len(value) > entries:
            raise ValueError(f"must have at most {entries} entries")
        return value

    return ReadAs(kind, make)


def short(length: int) -> ReadAs[str]:
    """Marks a text of no more than so many printable characters."""

    def make(text: str) -> str:
        if len(text) > length or not text.isprintable():
            raise ValueError(f"must have at most {length} printable characters")
        return text

    return ReadAs(Text, make)


def of_length(kind: Any, length: int) -> ReadAs[tuple[Any, ...]]:
    """Marks a tuple that is read as `kind` and has so many entries."""

    def make(entries: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(entries) != length:
            raise ValueError(f"must have {length} entries")
        return entries

    return ReadAs(kind, make)


def read_table(path: Path, number: Callable[[str], object] = float) -> Any:
    """Read a JSON file as `parse_table` does; one that cannot be read raises `TableError`."""
    try:
        content = path.read_bytes()
    except OSError as error:  # whose own text tells the folder
        raise TableError(f"{path.name} must be a readable file: {error.strerror}") from error
    return parse_table(content, path.name, number)


def parse_table(content: bytes, name: str, number: Callable[[str], object] = float) -> Any:
    """Return JSON as Python's values; what is none raises `TableError`, which `name` opens.

    `number` reads what has a point or an exponent: `Decimal` where each digit counts.
    """
    try:
        return json.loads(content.decode("utf-8"), parse_float=number)
    except (ValueError, RecursionError) as error:
        raise TableError(f"{name} must be a readable JSON table: {error}") from error
    except ArithmeticError as error:  # a Decimal whose exponent has more than 18 digits
        raise TableError(f"{name} must be a readable JSON table: a number too long") from error


def check(kind: Any, value: object, name: str, place: str = "") -> Any:
    """Return JSON's value as a `kind`; `TableError` names the file and the way from `place`."""
    try:
        return checks_of(kind)(value)
    except BrokenRule as broken:
        here = _address(place, broken.steps)
        if broken.is_sentence:
            raise printable(f"{name}: {here}{': ' if here else ''}{broken.rule}") from broken
        raise fault(name, here, broken.rule, broken.value) from broken


def check_format(table: object, name: str, *formats: int) -> int:
    """Return the number under `format`, which is one of `formats`; else `TableError`."""
    stored: int = check(_Format, table, name).format
    if stored not in formats:
        raise fault(name, "format", f"must be {' or '.join(map(str, formats))}", stored)
    return stored


def fault(name: str, place: str, rule: str, value: object) -> TableError:
    """The error that says that the value at `place` breaks `rule`."""
    if isinstance(value, list) and len(value) > _LONGEST:  # a file of 20 MB need not be told
        value = value[:_LONGEST]
    try:
        shown = json.dumps(value, default=_as_json, ensure_ascii=False)
    except RecursionError:  # read further up the stack than here
        shown = "something nested too deeply"
    shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."
    return printable(f"{name}: {place or 'the table'} {rule}, got {shown}")


def printable(sentence: str) -> TableError:
    """An error that can be printed: half a surrogate pair, which JSON can escape, cannot."""
    return TableError(sentence.encode("utf-8", "backslashreplace").decode("utf-8"))


def _address(place: str, steps: Iterable[str | int]) -> str:
    """The way to a field: `rows[2].name`."""
    for step in steps:
        place += f"[{step}]" if isinstance(step, int) else f".{step}"
    return place.lstrip(".")


def _as_json(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)
