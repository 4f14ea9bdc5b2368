"""The outer shape of a table: its text, its lines, its separator and its columns."""

import csv
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from aqfusion.air.pollutants import POLLUTANTS, ReadingError, parse_unit
from aqfusion.errors import InputError

__all__ = ["Columns", "CsvTableError", "Header", "cells_of", "lines_of", "read_header"]

MOST_COLUMNS = 200
_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SEPARATORS = ",;\t"


class CsvTableError(InputError):
    """A file that cannot be taken apart into rows."""


@dataclass(frozen=True)
class Columns:
    """The columns that one kind of table may have, each with its other names.

    All that are `required` must be there, and one at least of `one_of`.
    """

    other_names: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    one_of: tuple[str, ...] = ()

    @cached_property
    def named(self) -> Mapping[str, str]:
        """From each name that is understood to the column it means."""
        names = self.other_names.items()
        return {name: column for column, more in names for name in (column, *more)}


@dataclass(frozen=True)
class Header:
    """What stands in which column: `titles` as in the file, `ignored` those nobody reads.

    `units` are of the pollutants whose title names one.
    """

    separator: str
    titles: tuple[str, ...]
    at: Mapping[str, int]
    units: Mapping[str, str]
    ignored: tuple[str, ...]

    def cell(self, cells: Sequence[str], column: str) -> str:
        """Return what a row has in a column, empty where the file has no such column."""
        return cells[self.at[column]].strip() if column in self.at else ""

    def title(self, column: str) -> str:
        """Return the file's own title of a column."""
        return self.titles[self.at[column]] if column in self.at else column


def lines_of(content: bytes, most_bytes: int) -> list[str]:
    """Return the lines of a text; one that is too long or no text raises `CsvTableError`."""
    if len(content) > most_bytes:
        most = most_bytes // 1_000_000
        raise CsvTableError(f"the file must have at most {most} MB, got {len(content)} bytes")
    marks = (code for mark, code in _BYTE_ORDER_MARKS.items() if content.startswith(mark))
    try:
        text = content.decode(next(marks, "utf-8"))
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise CsvTableError(
            "the file must be CSV text in UTF-8, and is something else: "
            'a spreadsheet writes it as "CSV UTF-8"'
        )
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def cells_of(line: str, separator: str) -> list[str]:
    """Split a line at its separator; quotes that do not close on it raise `csv.Error`."""
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True), [])


def read_header(line: str, columns: Columns) -> Header:
    """Read the titles with the separator that makes the most of them."""
    candidates = [_split(line, separator) for separator in _SEPARATORS]
    known = [
        sum(_named(title, columns)[0] is not None for title in titles) for titles in candidates
    ]
    best = known.index(max(known))
    titles = candidates[best]
    if len(titles) > MOST_COLUMNS:
        raise CsvTableError(f"the file must have at most {MOST_COLUMNS} columns")
    at: dict[str, int] = {}
    units: dict[str, str] = {}
    ignored: list[str] = []
    for number, title in enumerate(titles):
        column, unit = _named(title, columns)
        if column is None:
            ignored.append(title or f"column {number + 1}, which has no title")
            continue
        if column in at:
            raise CsvTableError(
                f"the file must have one column {column}, "
                f"got {_shown(titles[at[column]])} and {_shown(title)}"
            )
        at[column] = number
        if unit is not None:
            units[column] = _unit(column, unit, title)
    for column in columns.required:
        if column not in at:
            raise CsvTableError(
                f"the file must have the column {column} in its first line, "
                f"got {_shown(line) if line.strip() else 'nothing'}"
            )
    if columns.one_of and not {*columns.one_of} & at.keys():
        *first, last = columns.one_of
        raise CsvTableError(f"the file must have a column {', '.join(first)} or {last}")
    return Header(_SEPARATORS[best], tuple(titles), at, units, tuple(ignored))


def _split(line: str, separator: str) -> list[str]:
    try:
        return [title.strip() for title in cells_of(line, separator)]
    except csv.Error:
        return []


def _named(title: str, columns: Columns) -> tuple[str | None, str | None]:
    """Return the column and the unit that a title names.

    >>> air = Columns({"pm25": (), "o3": (), "time": ()}, ())
    >>> [_named(title, air) for title in ("PM2.5", "Ozone", "O₃ (ppb)", "Time (UTC)")]
    [('pm25', None), (None, None), ('o3', 'ppb'), (None, None)]
    """
    if len(title) > 100:
        return None, None
    plain, unit = unicodedata.normalize("NFKC", title), None
    start = max(plain.rfind("("), plain.rfind("["))
    if start >= 0 and plain.endswith((")", "]")):
        plain, unit = plain[:start], plain[start + 1 : -1]
    key = "".join(sign for sign in plain.casefold() if sign.isalnum())
    column = columns.named.get(key)
    if key.endswith("unit") and key.removesuffix("unit") in POLLUTANTS:
        name = key.removesuffix("unit")
        raise CsvTableError(
            f"the unit of {name} must stand in its title, as in {name} (ppb), "
            f"and not in a column of its own, got {_shown(title)}"
        )
    return (column, unit) if unit is None or column in POLLUTANTS else (None, None)


def _unit(column: str, unit: str, title: str) -> str:
    try:
        return parse_unit(column, unit)
    except ReadingError as error:
        raise CsvTableError(f"column {_shown(title)}: {error}") from error


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
