"""One row of a table, read cell by cell: what breaks a rule is put on a list."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from aqfusion.air.pollutants import POLLUTANTS, ReadingError
from aqfusion.air.sensors import Reading
from aqfusion.csv_table.fault import CellError, Fault, shown
from aqfusion.csv_table.header import Header
from aqfusion.errors import InputError

__all__ = ["RowCells", "given", "past", "whole_aqi"]

_LONGEST_CELL = 200
_WHOLE = re.compile(r"[0-9]{1,3}")
_T = TypeVar("_T")


class RowCells:
    """The cells of one row, one for each title, and the `faults` found so far."""

    def __init__(self, header: Header, line: int, cells: Sequence[str]) -> None:
        """Begin without faults."""
        self.faults: list[Fault] = []
        self._header = header
        self._line = line
        self._cells = cells

    def text(self, column: str) -> str:
        """Return a cell as it is, empty where the file has no such column."""
        return self._header.cell(self._cells, column)

    def take(
        self, column: str, read: Callable[[str], _T], longest: int = _LONGEST_CELL
    ) -> _T | None:
        """Return what `read` makes of a cell, or `None` and a fault.

        `read` raises an `InputError` whose message is the rule without the name of the column.
        """
        text = self.text(column)
        try:
            if len(text) > longest:
                raise CellError(f"must have at most {longest} characters")
            return read(text)
        except InputError as error:
            title = self._header.title(column)
            self.faults.append(Fault(self._line, title, str(error), shown(text)))
            return None

    def reading(self) -> Reading:
        """Read all six at once, and one by one only where one of them is wrong."""
        units = self._header.units
        try:
            return Reading.of({name: self.text(name) for name in POLLUTANTS}, units)
        except ReadingError:
            for name in POLLUTANTS:
                unit = {name: units[name]} if name in units else {}
                self.take(name, partial(_concentration, name, unit))
            return Reading()


def given(text: str) -> str:
    """Refuse an empty cell."""
    if not text:
        raise CellError("must be given")
    return text


def past(time: datetime, now: datetime) -> datetime:
    """Refuse a time that is still to come."""
    if time > now:
        raise CellError("must not be in the future")
    return time


def whole_aqi(text: str) -> int | None:
    """Read an index, `None` from an empty cell."""
    if not text:
        return None
    if not (_WHOLE.fullmatch(text) and int(text) <= 500):
        raise CellError("must be a whole number from 0 to 500")
    return int(text)


def _concentration(name: str, unit: Mapping[str, str], text: str) -> None:
    try:
        Reading.of({name: text}, unit)
    except ReadingError as error:  # "pm25 must be >= 0 ug/m3, got -1"
        raise CellError(str(error).removeprefix(f"{name} ").partition(", got ")[0]) from error
