"""Faults of a table and notes on it: one sentence each, with the rows that it is about."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from aqfusion.errors import InputError
from aqfusion.io.spreadsheet_csv import csv_text

__all__ = ["CellError", "CsvTableError", "Notes", "TableFault", "fault_report", "shortened"]


class CellError(InputError):
    """A cell that breaks a rule; the message is the rule alone."""


class CsvTableError(InputError):
    """A file that cannot be split into rows."""


@dataclass(frozen=True, slots=True)
class TableFault:
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

        >>> str(TableFault(3, "aqi", "must be a whole number from 0 to 500", "x"))
        "line 3: aqi must be a whole number from 0 to 500, got 'x'"
        """
        where = f"line {self.line}: " if self.line else ""  # a file that no table names has none
        return f"{where}{self.column or 'the line'} {self.reason}"

    @property
    def reason(self) -> str:
        """The rule and the value that breaks it."""
        return f"{self.rule}, got {self.value!r}"


def fault_report(faults: Iterable[TableFault]) -> str:
    """Write a list of faults as CSV that a spreadsheet takes no formula from."""
    rows = [
        (fault.line, fault.column, fault.rule, fault.value, "cell" if fault.row_kept else "row")
        for fault in faults
    ]
    return csv_text([("line", "column", "rule", "value", "left_out"), *rows])


def shortened(text: str) -> str:
    """Shorten a cell for a list of faults."""
    return text if len(text) <= 80 else f"{text[:77]}..."


_MOST_SENTENCES = 100  # a table from outside may hold a new one in every row


@dataclass
class Notes:
    """Sentences in the order in which they came up; those of rows are counted."""

    _lines: dict[str, list[int]] = field(default_factory=dict)
    _more: int = 0

    def add(self, sentence: str, line: int | None = None) -> None:
        """Keep a sentence, and the line of the table that it is about."""
        if sentence not in self._lines and len(self._lines) >= _MOST_SENTENCES:
            self._more += 1
            return
        lines = self._lines.setdefault(sentence, [])
        if line is not None:
            lines.append(line)

    def sentences(self) -> tuple[str, ...]:
        """Return each sentence once, with its lines.

        >>> notes = Notes()
        >>> notes.add("Times are in UTC"), notes.add("pm10 is odd", 3), notes.add("pm10 is odd", 9)
        (None, None, None)
        >>> notes.sentences()
        ('Times are in UTC', 'pm10 is odd (2 rows: lines 3, 9)')
        """
        texts = tuple(f"{sentence}{_where(lines)}" for sentence, lines in self._lines.items())
        return (*texts, f"{self._more} more notes of this kind") if self._more else texts


def _where(lines: list[int]) -> str:
    if len(lines) < 2:
        return f" (line {lines[0]})" if lines else ""
    more = ", ..." if len(lines) > 5 else ""
    return f" ({len(lines)} rows: lines {', '.join(map(str, lines[:5]))}{more})"
