"""A JSON table whose every value knows its address, so that a fault can be named exactly."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from aqfusion.io.json_models import TableError

_TOO_LARGE = 1_000_000_000
_T = TypeVar("_T")


@dataclass(frozen=True)
class Field:
    """One value of a table file, with the file's name and the way to it (`rows[2][0]`)."""

    file: str
    path: str
    value: object

    def __getitem__(self, key: str) -> "Field":
        """Return the field under `key`; `TableError` where there is none."""
        if not isinstance(self.value, dict) or key not in self.value:
            raise self.fault(f"must have {key!r}")
        return self._below(key, self.value[key])

    def keys(self) -> tuple[str, ...]:
        """Return the names in this object, in the file's order."""
        if not isinstance(self.value, dict):
            raise self.fault("must be an object")
        return tuple(self.value)

    def items(self) -> Iterator[tuple[str, "Field"]]:
        """Walk through this object's names and fields."""
        if not isinstance(self.value, dict):
            raise self.fault("must be an object")
        for key, value in self.value.items():
            yield key, self._below(key, value)

    def entries(self) -> "tuple[Field, ...]":
        """Return the fields of this list."""
        if not isinstance(self.value, list):
            raise self.fault("must be a list")
        return tuple(
            Field(self.file, f"{self.path}[{i}]", value) for i, value in enumerate(self.value)
        )

    def text(self) -> str:
        """Return this text, which is not empty."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.fault("must be a text that is not empty")
        return self.value

    def number(self) -> Decimal:
        """Return this number as it is written, without a detour through binary fractions."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            raise self.fault("must be a number")
        return Decimal(self.value)

    def whole(self) -> int:
        """Return this whole number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.fault("must be a whole number")
        return self.value

    def count(self) -> int:
        """Return this whole number, which is not negative."""
        if self.whole() < 0:
            raise self.fault("must be 0 or more")
        return self.whole()

    def size(self) -> float:
        """Return this number, which is neither negative nor out of all proportion."""
        if not 0 <= self.number() < _TOO_LARGE:
            raise self.fault(f"must be 0 or more, and below {_TOO_LARGE}")
        return float(self.number())

    def share(self) -> float:
        """Return this number from 0 to 1."""
        if not 0 <= self.number() <= 1:
            raise self.fault("must be 0 to 1")
        return float(self.number())

    def correlation(self) -> float:
        """Return this number from -1 to 1."""
        if not -1 <= self.number() <= 1:
            raise self.fault("must be -1 to 1")
        return float(self.number())

    def each(self, read: "Callable[[Field], _T]") -> dict[str, _T]:
        """Return all that `read` finds in this object, by name."""
        return {name: read(entry) for name, entry in self.items()}

    def optional(self, key: str, read: "Callable[[Field], _T]") -> _T | None:
        """Return what `read` finds under `key`; `None` where that is absent or null."""
        known = key in self.keys() and self[key].value is not None
        return read(self[key]) if known else None

    def flag(self) -> bool:
        """Return this true or false."""
        if not isinstance(self.value, bool):
            raise self.fault("must be true or false")
        return self.value

    def fault(self, rule: str) -> TableError:
        """Build the error that says that this field breaks `rule`."""
        try:
            shown = json.dumps(self.value, default=float, ensure_ascii=False)
        except RecursionError:  # read further up the stack than here
            shown = "something nested too deeply"
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        sentence = f"{self.file}: {self.path or 'the table'} {rule}, got {shown}"
        # Half a surrogate pair, which JSON can escape, cannot be printed.
        return TableError(sentence.encode("utf-8", "backslashreplace").decode("utf-8"))

    def _below(self, key: str, value: object) -> "Field":
        return Field(self.file, f"{self.path}.{key}".lstrip("."), value)


def read_table(path: Path) -> Field:
    """Read a JSON file; one that cannot be read raises `TableError`."""
    try:
        content = path.read_bytes()
    except OSError as error:  # whose own text tells the folder
        raise TableError(f"{path.name} must be a readable file: {error.strerror}") from error
    return parse_table(content, path.name)


def parse_table(content: bytes, name: str) -> Field:
    """Read JSON; what is none raises `TableError`, whose sentence `name` opens."""
    try:
        value = json.loads(content.decode("utf-8"), parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise TableError(f"{name} must be a readable JSON table: {error}") from error
    except ArithmeticError as error:  # an exponent of more than 18 digits
        raise TableError(f"{name} must be a readable JSON table: a number too long") from error
    return Field(name, "", value)
