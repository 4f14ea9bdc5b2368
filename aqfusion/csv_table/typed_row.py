"""One row of a table, read cell by cell: a value, missing, or a fault; never a guess."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import TypeVar

from aqfusion.air.aqi import standard
from aqfusion.air.pollutants import POLLUTANTS, convert_exactly, parse_unit, pollutant
from aqfusion.air.readings import Reading
from aqfusion.csv_table.errors import CellError, TableFault, shortened
from aqfusion.csv_table.header import Header
from aqfusion.errors import InputError

__all__ = [
    "RowCells",
    "aqi_value",
    "concentration",
    "is_absent",
    "is_missing",
    "past",
    "plain_number",
    "required",
]

# Written by R, pandas, SQL, spreadsheets, laboratories and monitoring networks.
_ABSENT = frozenset(
    ("", "nan", "none", "null", "nil", "n/a", "#n/a", "<na>", "#na", "-", "--", "---", "\\n")
)
_MISSING = _ABSENT | {
    *(
        "na",
        "n.a.",
        "n.a",
        "n.d.",
        "n.d",
        "nd",
        "n/d",
        "bdl",
        "b.d.l.",
        "<bdl",
        "bd",
        "<lod",
        "lod",
    ),
    *("<loq", "loq", "<mdl", "mdl", "<dl", "dl", "bql", "?", "??", "*", "**", "***", ".", ".."),
    *("-nan", "+nan", "1.#qnan", "-1.#ind", "#n/a n/a", "#null!", "#div/0!", "#value!", "#ref!"),
    *("#name?", "#num!", "#getting_data", "####", "no data", "nodata", "no_data", "missing"),
    *("not available", "notavailable", "not measured", "not applicable", "not detected"),
    *("unavailable", "not recorded", "invalid", "offline", "undefined", "/"),
    *("below detection limit", "insufficient data", "calibration", "maintenance"),
}
_LONGEST_MARK = 40
_DASHES = str.maketrans("‐‑‒–—―−", "-------")
_NINES = re.compile(r"-?9{2,}(\.[09]*)?")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_INDEX = re.compile(r"(?P<number>[0-9]{1,9}(\.0*)?)[\s:,;-]*\(?(?P<words>[A-Za-z ]*)\)?")
_HIGHEST_INDEX = 500
_BEYOND_REASON = 9998  # what AirNow and aqicn write of the worst days has three or four digits


def is_absent(text: str) -> bool:
    """Return whether a cell of text is empty: a name may be NA or ND, but not #N/A or null.

    >>> [is_absent(text) for text in ("", " NaN", "NULL", "ND")]
    [True, True, True, False]
    """
    if len(text) > _LONGEST_MARK:
        return False
    return text.strip().translate(_DASHES).casefold() in _ABSENT


def is_missing(text: str, highest: float | None = None) -> bool:
    """Return whether a cell of numbers is marked as missing, as networks do.

    Rows of nines below zero are such marks (-99, -999, -9999.0), and those above `highest`.

    >>> [is_missing(text) for text in ("BDL", "#N/A", "–", "-999.0", "0", "9999")]
    [True, True, True, True, False, False]
    >>> is_missing("9999", 5000), is_missing("9999", 10000)
    (True, False)
    """
    plain = text.strip().translate(_DASHES).casefold()
    if plain in _MISSING:
        return True
    if not _NINES.fullmatch(plain):
        return False
    value = float(plain)
    return value <= -99 or (highest is not None and value >= 999 and value > highest)


def plain_number(text: str, decimal_comma: bool = False) -> float:
    """Read a number with a decimal point, or a comma where the table writes so.

    Thousands separators are not guessed at; what is no number raises `CellError` with the rule.

    >>> plain_number("160.0"), plain_number("12,5", decimal_comma=True)
    (160.0, 12.5)
    """
    plain = text.strip().translate(_DASHES)
    if _WITH_COMMA.fullmatch(plain):
        if not decimal_comma:
            raise CellError("must have a point, not a comma")
        plain = plain.replace(",", ".")
    if plain.casefold().lstrip("+-") in {"inf", "infinity", "nan"}:
        raise CellError("must be a finite number")
    if not _NUMBER.fullmatch(plain):
        raise CellError("must be a number")
    number = float(plain)
    if number in (float("inf"), float("-inf")):
        raise CellError("must be a finite number")
    return number


@lru_cache(maxsize=4096)  # the same values come again and again in a table
def concentration(name: str, text: str, unit: str, decimal_comma: bool = False) -> float | None:
    """Read a pollutant's cell in a table's unit; canonical, `None` where not measured.

    A value below zero or beyond the pollutant's limit raises `CellError` with the rule.

    >>> concentration("o3", "30", "ppb"), concentration("pm10", "NA", "ug/m3")
    (58.86, None)
    """
    entry = pollutant(name)
    highest = entry.limit / float(entry.factors[unit])
    if is_missing(text, highest):
        return None
    number = plain_number(text, decimal_comma)
    if number < 0:
        raise CellError(f"must be >= 0 {entry.unit}")
    if unit != entry.unit:
        number = float(convert_exactly(name, Decimal(repr(number)), unit, entry.unit))
    if number > entry.limit:
        raise CellError(f"must be <= {entry.limit:g} {entry.unit}")
    return number


def aqi_value(text: str) -> tuple[int | None, str | None]:
    """Read a US AQI, whole and at most 500, and a note; `None` where it is absent.

    An index above 500 is above the index and kept as 500; the name of its own category may
    follow. Anything else raises `CellError` with the rule.

    >>> aqi_value("160.0"), aqi_value("-"), aqi_value("157 (Unhealthy)")[0]
    ((160, None), (None, None), 157)
    >>> aqi_value("512")
    (500, 'is above the index and kept as 500')
    """
    if is_missing(text, _BEYOND_REASON):
        return None, None
    match = _INDEX.fullmatch(text.strip())
    rule = "must be a whole number from 0 to 500"
    if not match or not match["number"].isascii() or float(match["number"]) > _BEYOND_REASON:
        raise CellError(rule)
    index = int(float(match["number"]))
    words = match["words"].strip().casefold()
    if words:
        category = standard("us").category_of(index).name
        if words != category.casefold():
            raise CellError(f"{rule}, alone or with its own category, {category}")
    if index > _HIGHEST_INDEX:
        return _HIGHEST_INDEX, f"is above the index and kept as {_HIGHEST_INDEX}"
    return index, "is read without the words after it" if words else None


_LONGEST_CELL = 200
_T = TypeVar("_T")


class RowCells:
    """The cells of one row, one for each title.

    `faults` are those that cost the row, `left_out` those that cost a cell alone.
    """

    def __init__(self, header: Header, line: int, cells: Sequence[str]) -> None:
        """Begin without faults."""
        self.faults: list[TableFault] = []
        self.cell_faults: list[TableFault] = []
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

    def kept(self) -> tuple[TableFault, ...]:
        """Return the faults of excluded cells, for a row that was kept."""
        return tuple(replace(fault, row_kept=True) for fault in self.cell_faults)

    def lost(self) -> tuple[TableFault, ...]:
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
        self, column: str, read: Callable[[str], _T], longest: int, faults: list[TableFault]
    ) -> _T | None:
        text = self.text(column)
        try:
            if len(text) > longest:
                raise CellError(f"must have at most {longest} characters")
            return read(text)
        except InputError as error:
            faults.append(
                TableFault(self.line, self._header.title(column), str(error), shortened(text))
            )
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
