"""The header of a table: the position and unit of each column, and the columns not read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.csv_table.column_titles import Title, read_title, title_key
from aqfusion.csv_table.errors import CellError, CsvTableError, Notes
from aqfusion.io.spreadsheet_csv import undefused

__all__ = ["Columns", "CsvTableError", "Header", "known_titles", "read_header"]

MOST_COLUMNS = 200
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")


@dataclass(frozen=True)
class Columns:
    """The columns that one kind of table may have, each with its other names.

    Of several that stand for one column, its own name wins and then the order of `other_names`.
    All that are `required` must be there, and one at least of `one_of`. `more_names` has what names
    mean beside certain titles, `None` for nothing.
    """

    other_names: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    one_of: tuple[str, ...] = ()
    more_names: Callable[[Sequence[str]], Mapping[str, str | None]] | None = None

    @cached_property
    def named(self) -> Mapping[str, str]:
        """From each name that is understood to the column it means, the best name first."""
        names = self.other_names.items()
        return {name: column for column, more in names for name in (column, *more)}

    def named_in(self, titles: Sequence[str]) -> Mapping[str, str]:
        """Return `named` with the names that hold beside these titles only."""
        more = self.more_names(titles) if self.more_names else {}
        if not more:
            return self.named
        both: dict[str, str | None] = {**self.named, **more}
        return {name: column for name, column in both.items() if column}


@dataclass(frozen=True)
class Header:
    """The column at each position: `titles` as in the file, `ignored` those not read.

    `units` are of the pollutants whose title names one, `unit_at` the columns whose cells name it;
    `zone` is the time zone that the title of the time names; `above` are the cells of the remarks
    above the titles; numbers may have a comma, and some have a point.
    """

    titles: tuple[str, ...]
    at: Mapping[str, int]
    units: Mapping[str, str] = field(default_factory=dict)
    unit_at: Mapping[str, int] = field(default_factory=dict)
    zone: str | None = None
    ignored: tuple[str, ...] = ()
    decimal_comma: bool = False
    decimal_point: bool = False
    above: tuple[tuple[str, ...], ...] = ()
    notes: Notes = field(default_factory=Notes)

    def cell(self, cells: Sequence[str], column: str) -> str:
        """Return what a row has in a column, empty where the file has no such column."""
        if column not in self.at:
            return ""
        text = cells[self.at[column]].strip()
        return undefused(text) if "'" in text else text

    def title(self, column: str) -> str:
        """Return the file's own title of a column."""
        return self.titles[self.at[column]] if column in self.at else column

    def refuse_doubtful(self, text: str) -> None:
        """Raise `CellError` for 1,234 in a table that writes points and may write commas."""
        if self.decimal_comma and self.decimal_point and _GROUPED.fullmatch(text.strip()):
            raise CellError("must have a point, not a comma")

    def states_unit(self, name: str) -> bool:
        """Whether a title names the unit of a pollutant, or the column whose cells do."""
        return name in self.units or name in self.unit_at

    def unit(self, name: str) -> str:
        """Return the unit of a pollutant's column, the canonical one where no title names one."""
        return self.units.get(name) or pollutant(name).unit


def known_titles(titles: Sequence[str], columns: Columns) -> int:
    """Count the columns that titles name."""
    named = columns.named_in(titles[:MOST_COLUMNS])
    read = (read_title(title, named) for title in titles[:MOST_COLUMNS])
    return len({title.column for title in read if title.column})


def read_header(titles: Sequence[str], columns: Columns) -> Header:
    """Read the titles; a second column of one meaning, or one in an unknown unit, is ignored.

    Titles without a column that must be there raise `CsvTableError`.
    """
    titles = tuple(title.strip() for title in titles)
    if len(titles) > MOST_COLUMNS:
        raise CsvTableError(f"the file must have at most {MOST_COLUMNS} columns")
    notes = Notes()
    unit_at: dict[str, int] = {}
    read: dict[int, Title] = {}
    named = columns.named_in(titles)
    for number, text in enumerate(titles):
        title = read_title(text, named)
        name = _unit_column(text, columns)
        if name and name not in unit_at:
            unit_at[name] = number
        elif title.problem:
            notes.add(f"column {_quoted(text)} is not read: {title.problem}")
        elif title.column:
            read[number] = title
    at = _chosen(read, titles, named, notes)
    unit_at = {name: number for name, number in unit_at.items() if name in at}
    used = {*at.values(), *unit_at.values()}
    ignored = tuple(
        title or f"column {number + 1}, which has no title"
        for number, title in enumerate(titles)
        if number not in used
    )
    units = {name: unit for name in at if (unit := read[at[name]].unit)}
    _check(titles, at, columns)
    _note_readings(at, read, units, unit_at, notes)
    zone = read[at["time"]].zone if "time" in at else None
    return Header(titles, at, units, unit_at, zone, ignored, notes=notes)


def _unit_column(title: str, columns: Columns) -> str | None:
    """The pollutant whose unit a column holds, as `o3_unit` does."""
    key = title_key(title)
    for end in ("units", "unit"):
        name = columns.named.get(key.removesuffix(end)) if key.endswith(end) else None
        if name in POLLUTANTS:
            return name
    return None


def _chosen(
    read: Mapping[int, Title], titles: Sequence[str], named: Mapping[str, str], notes: Notes
) -> dict[str, int]:
    """Choose one of several columns that mean the same: the best name, and then the first."""
    at: dict[str, int] = {}
    order = {name: rank for rank, name in enumerate(named)}

    def rank(number: int) -> tuple[float, bool]:
        title = read[number]
        worst = len(order) - (title.zone is not None)  # a time with its zone before one without
        return order.get(title_key(titles[number]), worst), not title.corrected

    for number, title in read.items():
        column = title.column or ""
        if column in at:
            first = at[column]
            kept, left = (number, first) if rank(number) < rank(first) else (first, number)
            notes.add(
                f"column {_quoted(titles[left])} is not read: {column} is taken from column "
                f"{_quoted(titles[kept])}"
                + (f" (the {_ordinal(kept)})" if titles[left] == titles[kept] else "")
            )
            at[column] = kept
        else:
            at[column] = number
    return at


def _check(titles: Sequence[str], at: Mapping[str, int], columns: Columns) -> None:
    for column in columns.required:
        if column not in at:
            line = ", ".join(titles).strip(" ,")
            raise CsvTableError(
                f"the file must have the column {column} in its first line, "
                f"got {_quoted(line) if line else 'nothing'}"
            )
    if columns.one_of and not {*columns.one_of} & at.keys():
        *first, last = columns.one_of
        raise CsvTableError(f"the file must have a column {', '.join(first)} or {last}")


def _note_readings(
    at: Mapping[str, int],
    read: Mapping[int, Title],
    units: Mapping[str, str],
    unit_at: Mapping[str, int],
    notes: Notes,
) -> None:
    without = [name for name in POLLUTANTS if name in at and name not in {*units, *unit_at}]
    for unit in dict.fromkeys(pollutant(name).unit for name in without):
        names = [name for name in without if pollutant(name).unit == unit]
        have = (
            "have no unit in their titles and are"
            if names[1:]
            else "has no unit in its title and is"
        )
        notes.add(f"{', '.join(names)} {have} taken in {unit}")
    for name in POLLUTANTS:
        title = read.get(at.get(name, -1))
        if title and title.qualifier:
            notes.add(f"{name} is taken from the column that is called {title.qualifier}")
        if title and title.averaging:
            notes.add(f"{name} is a mean ({title.averaging}) and is taken as the concentration")


def _ordinal(number: int) -> str:
    return f"{number + 1}. column"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
