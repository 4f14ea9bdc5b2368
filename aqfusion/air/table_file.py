"""A JSON table whose every value knows its address, so that a fault can be named exactly."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from aqfusion.errors import InputError


class TableError(InputError):
    """A table file that breaks a rule; the message names file, field, rule and value."""


@dataclass(frozen=True)
class Field:
    """One value of a table file, with the file's name and the way to it (`rows[2][0]`)."""

    file: str
    path: str
    value: object

    def __getitem__(self, key: str) -> "Field":
        """Return the field under `key`; `TableError` where there is none."""
        return dict(self.items())[key] if key in self.keys() else self._absent(key)

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
            yield key, Field(self.file, f"{self.path}.{key}".lstrip("."), value)

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

    def flag(self) -> bool:
        """Return this true or false."""
        if not isinstance(self.value, bool):
            raise self.fault("must be true or false")
        return self.value

    def fault(self, rule: str) -> TableError:
        """Build the error that says that this field breaks `rule`."""
        shown = json.dumps(self.value, default=float, ensure_ascii=False)
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        return TableError(f"{self.file}: {self.path or 'the table'} {rule}, got {shown}")

    def _absent(self, key: str) -> "Field":
        raise self.fault(f"must have {key!r}")


def read_table(path: Path) -> Field:
    """Read a JSON file; one that cannot be read raises `TableError`."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise TableError(f"{path.name} must be a readable JSON table: {error}") from error
    return Field(path.name, "", value)
