"""The rows of a data folder's tables, each with the words that say where it stands."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aqfusion.csv_table.fault import Fault, shown
from aqfusion.errors import InputError

__all__ = ["DataError", "Record", "RowError", "records"]


class DataError(InputError):
    """A data folder that cannot be used: the message names file, row, column, rule and value."""


class RowError(DataError):
    """One row that cannot be used; `fault` says the same for a list."""

    def __init__(self, sentence: str, fault: Fault) -> None:
        """Take both."""
        super().__init__(sentence)
        self.fault = fault


@dataclass(frozen=True)
class Record:
    """The cells of one row by column; `where` names its table, row and line."""

    table: str
    number: int
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return a cell."""
        return self.cells[column]

    @property
    def where(self) -> str:
        """The row as sentences name it."""
        return f"{self.table} row {self.number} (line {self.line})"

    def error(self, column: str, rule: str, sentence: str | None = None) -> RowError:
        """Say that a cell breaks a rule; `sentence` where column, rule and value make none."""
        value = self.cells.get(column) or ""
        told = sentence or f"{column} {rule}, got {value!r}"
        return RowError(f"{self.where}: {told}", Fault(self.line, column, rule, shown(value)))

    def whole(self, column: str) -> int:
        """Read a whole number."""
        try:
            return int(self[column])
        except ValueError:
            raise self.error(column, "must be a whole number") from None


def records(table: Path, columns: tuple[str, ...]) -> Iterator[Record | RowError]:
    """Yield each data row, or what is wrong with its shape; `DataError` where there are none."""
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f"{table.name} must have the column {missing[0]}, and has not")
            for number, cells in enumerate(reader, start=1):
                record = Record(table.name, number, reader.line_num, cells)
                if None in cells:
                    rule = "must have as many cells as the header"
                    yield record.error("", rule, f"{rule}, got more")
                else:
                    yield record
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table.name} must be a CSV file in UTF-8: {error}") from error
