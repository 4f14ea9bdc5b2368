"""Faults of a table, one line each, for people and for spreadsheets."""

from collections.abc import Iterable
from dataclasses import dataclass

from aqfusion.csv_cells import csv_text
from aqfusion.errors import InputError

__all__ = ["CellError", "CsvTableError", "Fault", "fault_report", "shortened"]


class CellError(InputError):
    """A cell that breaks a rule; the message is the rule alone."""


class CsvTableError(InputError):
    """A file that cannot be split into rows."""


@dataclass(frozen=True)
class Fault:
    """A fault in a line of a file, counted from 1; no `column` where it is the whole line.

    `row_kept` means that only this cell was excluded and the rest of its row was read.
    """

    line: int
    column: str
    rule: str
    value: str
    row_kept: bool = False

    def __str__(self) -> str:
        """Return the fault as a sentence, without what the file holds but for the value.

        >>> str(Fault(3, "aqi", "must be a whole number from 0 to 500", "x"))
        "line 3: aqi must be a whole number from 0 to 500, got 'x'"
        """
        where = f"line {self.line}: " if self.line else ""  # a file that no table names has none
        return f"{where}{self.column or 'the line'} {self.reason}"

    @property
    def reason(self) -> str:
        """The rule and the value that breaks it."""
        return f"{self.rule}, got {self.value!r}"


def fault_report(faults: Iterable[Fault]) -> str:
    """Write a list of faults as CSV that a spreadsheet takes no formula from."""
    rows = [
        (fault.line, fault.column, fault.rule, fault.value, "cell" if fault.row_kept else "row")
        for fault in faults
    ]
    return csv_text([("line", "column", "rule", "value", "left_out"), *rows])


def shortened(text: str) -> str:
    """Shorten a cell for a list of faults."""
    return text if len(text) <= 80 else f"{text[:77]}..."
