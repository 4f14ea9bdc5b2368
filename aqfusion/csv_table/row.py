"""One row of a table, read cell by cell: what breaks a rule is put on a list."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from aqfusion.air.pollutants import POLLUTANTS, parse_unit
from aqfusion.air.sensors import Reading
from aqfusion.csv_table.cell_values import aqi_value, concentration, is_absent, is_missing
from aqfusion.csv_table.fault import CellError, Fault, shortened
from aqfusion.csv_table.header import Header
from aqfusion.errors import InputError

__all__ = ["RowCells", "past", "required"]

_LONGEST_CELL = 200
_T = TypeVar("_T")


class RowCells:
    """The cells of one row, one for each title.

    `faults` are those that cost the row, `left_out` those that cost a cell alone.
    """

    def __init__(self, header: Header, line: int, cells: Sequence[str]) -> None:
        """Begin without faults."""
        self.faults: list[Fault] = []
        self.cell_faults: list[Fault] = []
        self._header = header
        self.line = line
        self._cells = cells

    def text(self, column: str) -> str:
        """Return a cell as it is, empty where the file has no such column."""
        return self._header.cell(self._cells, column)

    def denies(self, column: str) -> bool:
        """Whether a cell means "no"; an empty one does not."""
        return self.text(column).casefold() in {"no", "false", "0"}

    def take(
        self, column: str, read: Callable[[str], _T], longest: int = _LONGEST_CELL
    ) -> _T | None:
        """Return what `read` makes of a cell, or `None` and a fault that costs the row.

        `read` raises an `InputError` whose message is the rule without the name of the column.
        """
        return self._take(column, read, longest, self.faults)

    def optional(
        self, column: str, read: Callable[[str], _T], longest: int = _LONGEST_CELL
    ) -> _T | None:
        """Return what `read` makes of a cell, or `None` and a fault that costs this cell alone."""
        return self._take(column, read, longest, self.cell_faults)

    def aqi(self, column: str) -> int | None:
        """Return a US AQI, 0 to 500; an invalid one excludes only its cell."""
        read = self.optional(column, aqi_value)
        if read is None:
            return None
        index, note = read
        if note:
            self._header.notes.add(f"{self._header.title(column)} {note}", self.line)
        return index

    def reading(self) -> Reading:
        """Return the reading in canonical units; an invalid cell is excluded."""
        header = self._header
        values: dict[str, float | None] = {}
        for name in POLLUTANTS:
            if name in header.at:
                values[name] = self.optional(name, partial(self._value, name))
        return Reading(**values)

    def kept(self) -> tuple[Fault, ...]:
        """Return the faults of excluded cells, for a row that was kept."""
        return tuple(replace(fault, row_kept=True) for fault in self.cell_faults)

    def lost(self) -> tuple[Fault, ...]:
        """Return all that is wrong with a row that was not kept."""
        return (*self.faults, *self.cell_faults)

    def _value(self, name: str, text: str) -> float | None:
        header = self._header
        unit = header.unit(name)
        if name in header.unit_at and not is_missing(text):
            stated = self._cells[header.unit_at[name]].strip()
            unit = parse_unit(name, stated) if not is_absent(stated) else _no_unit()
        header.refuse_doubtful(text)
        return concentration(name, text, unit, header.decimal_comma)

    def _take(
        self, column: str, read: Callable[[str], _T], longest: int, faults: list[Fault]
    ) -> _T | None:
        text = self.text(column)
        try:
            if len(text) > longest:
                raise CellError(f"must have at most {longest} characters")
            return read(text)
        except InputError as error:
            faults.append(Fault(self.line, self._header.title(column), str(error), shortened(text)))
            return None


def required(text: str) -> str:
    """Refuse a cell that holds nothing."""
    if is_absent(text):
        raise CellError("must be given")
    return text


def past(time: datetime, now: datetime) -> datetime:
    """Refuse a time that is still to come."""
    if time > now:
        raise CellError("must not be in the future")
    return time


def _no_unit() -> str:
    raise CellError("must have its unit beside it")
