"""JSON read into dataclasses by pydantic, each fault told as one sentence with its full address.

A dataclass says what its JSON object holds; the types below say the rules of the values. Pydantic
is imported when the first file is read, not when a module that states types is imported.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Generic, TypeVar, get_args

from aqfusion.errors import InputError

_T = TypeVar("_T")
_TOO_LARGE = 1_000_000_000
_LONGEST = 80  # characters of a value in a sentence
_RULES = {
    "dataclass_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "mapping_type": "must be an object",
    "string_type": "must be a text",
    "string_unicode": "must be a text",
    "tuple_type": "must be a list",
}


class TableError(InputError):
    """A file that breaks a rule; the message names file, field, rule and value."""


class Rule:
    """Marks an annotated type: only its own JSON type counts, within `bounds`; else `words`."""

    def __init__(self, words: str, **bounds: Any) -> None:
        self.words, self.bounds = words, bounds

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        """Wrap pydantic's schema of the type, so that any fault in it is told as the rule."""
        return {
            "type": "custom-error",
            "schema": handler(source) | {"strict": True} | self.bounds,
            "custom_error_type": "rule",
            "custom_error_message": self.words,
        }


class ReadAs(Generic[_T]):
    """Marks an annotated type: read as `kind`, then made of it by `make`, which may refuse.

    A `ValueError` of `make` says the rule ("must be ..."), an `InputError` a whole sentence.
    """

    def __init__(self, kind: Any, make: Callable[[_T], object]) -> None:
        self.kind, self.make = kind, make

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        """Put `make` behind the schema of `kind`."""
        return {
            "type": "function-after",
            "schema": handler.generate_schema(self.kind),
            "function": {"type": "no-info", "function": self.make},
        }


class MayBeAbsent:
    """Marks an annotated type of a field: `None` where its key is absent, without a default."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        """Give the schema a default that only a reader sees."""
        return {"type": "default", "schema": handler(source), "default": None}


class Names:
    """Marks a mapping with one entry for each of `names`; other keys are ignored or refused."""

    def __init__(self, names: Iterable[str], refuse_others: bool = False) -> None:
        self.names, self.extra = tuple(names), "forbid" if refuse_others else "ignore"

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        """Read an object with one field for each name."""
        field = {"type": "typed-dict-field", "schema": handler.generate_schema(get_args(source)[1])}
        fields = dict.fromkeys(self.names, field)
        return {"type": "typed-dict", "fields": fields, "extra_behavior": self.extra}


class Exact:
    """Marks a `Decimal` that is read from a whole number or from a number's digits, no text."""

    def __init__(self, words: str, **bounds: Any) -> None:
        self.words, self.bounds = words, bounds

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        """Put a whole number's way to a decimal before pydantic's own check."""
        return {
            "type": "custom-error",
            "schema": {
                "type": "function-before",
                "schema": {"type": "decimal", "strict": True, **self.bounds},
                "function": {"type": "no-info", "function": _decimal},
            },
            "custom_error_type": "rule",
            "custom_error_message": self.words,
        }


def _decimal(value: object) -> object:
    return Decimal(value) if type(value) is int else value


OrAbsent = Annotated[_T | None, MayBeAbsent()]
Text = Annotated[str, Rule("must be a text that is not empty", pattern=r"[^\s\x1c-\x1f]")]
Flag = Annotated[bool, Rule("must be true or false")]
Whole = Annotated[int, Rule("must be a whole number")]
Count = Annotated[int, Rule("must be a whole number >= 0", ge=0)]
Number = Annotated[float, Rule("must be a number", allow_inf_nan=False)]
Positive = Annotated[float, Rule("must be a number > 0", gt=0, allow_inf_nan=False)]
ExactNumber = Annotated[Decimal, Exact("must be a number", allow_inf_nan=False)]
PositiveDecimal = Annotated[Decimal, Exact("must be a number > 0", gt=0)]
Size = Annotated[float, Rule(f"must be a number >= 0 and < {_TOO_LARGE}", ge=0, lt=_TOO_LARGE)]
Share = Annotated[float, Rule("must be a number from 0 to 1", ge=0, le=1)]
Correlation = Annotated[float, Rule("must be a number from -1 to 1", ge=-1, le=1)]
Latitude = Annotated[float, Rule("must be a number from -90 to 90", ge=-90, le=90)]
Longitude = Annotated[float, Rule("must be a number from -180 to 180", ge=-180, le=180)]
Sha256 = Annotated[str, Rule("must be 64 hexadecimal digits", pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True)
class _Format:
    format: Whole


def one_of(names: Iterable[str]) -> Rule:
    """The rule of a text that is one of a few names."""
    names = tuple(names)
    pattern = f"^({'|'.join(map(re.escape, names))})$"
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
        return _adapter(kind).validate_python(value)
    except _validation().ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _sentence(first, name, place) from error


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


@cache
def _adapter(kind: Any) -> Any:
    return _validation().TypeAdapter(kind)


@cache
def _validation() -> ModuleType:
    """Pydantic; where it is not installed, what an exported model has in its place."""
    try:
        return import_module("pydantic")
    except ModuleNotFoundError:
        return import_module("aqfusion.io.plain_validation")


def _sentence(error: Mapping[str, Any], name: str, place: str) -> TableError:
    """A fault that pydantic found, in the house's words."""
    where, rule = list(error["loc"]), _RULES.get(error["type"], error["msg"])
    if error["type"] == "missing":
        key = where.pop()
        rule = f"must have {key!r}" if isinstance(key, str) else f"must have {key + 1} entries"
    elif error["type"] == "too_long":
        rule = f"must have at most {error['ctx']['max_length']} entries"
    elif error["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return fault(name, _address(place, where[:-1]), "must have no unknown names", where[-1])
    elif error["type"] == "value_error":
        cause = error["ctx"]["error"]
        if isinstance(cause, InputError):
            here = _address(place, where)
            return printable(f"{name}: {here}{': ' if here else ''}{cause}")
        rule = str(cause)
    return fault(name, _address(place, where), rule, error["input"])


def _address(place: str, steps: Iterable[str | int]) -> str:
    """The way to a field: `rows[2].name`."""
    for step in steps:
        place += f"[{step}]" if isinstance(step, int) else f".{step}"
    return place.lstrip(".")


def _as_json(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)
