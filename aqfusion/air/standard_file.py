"""Read an AQI standard from its table in `assets/standards` and check every rule it must obey."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from aqfusion.air.pollutants import POLLUTANTS, in_order, pollutant
from aqfusion.io.json_models import (
    ExactNumber,
    Flag,
    ReadAs,
    Rule,
    TableError,
    Text,
    Whole,
    check,
    fault,
    one_of,
    read_table,
)

AQI_TOP = 500
_Broken = Callable[[str, str, object], TableError]  # of a place, a rule and a value
_Colour = Annotated[str, Rule("must be a colour like #00E400", pattern="^#[0-9A-F]{6}$")]


@dataclass(frozen=True)
class Category:
    """A band of the index in words; text colours reach a contrast of 4.5:1 on their colour."""

    name: Text
    i_low: Whole
    i_high: Whole
    colour: _Colour
    text_colour: _Colour
    friendly_colour: _Colour
    friendly_text_colour: _Colour
    meaning: Text
    advice: Text
    advice_sensitive: Text


@dataclass(frozen=True)
class AveragingTable:
    """The printed points (concentration, index) of one pollutant at one averaging time."""

    averaging: str
    points: tuple[tuple[Decimal, int], ...]

    def index_at(self, concentration: Decimal) -> Fraction | None:
        """Interpolate, unrounded; `None` below the first point, the top index above the last."""
        if concentration < self.points[0][0]:
            return None
        if concentration >= self.points[-1][0]:
            return Fraction(self.points[-1][1])
        above = max(1, bisect_left(self.points, (concentration, 0)))
        (c_low, i_low), (c_high, i_high) = self.points[above - 1 : above + 1]
        share = Fraction(concentration - c_low) / Fraction(c_high - c_low)
        return i_low + share * (i_high - i_low)


@dataclass(frozen=True)
class PollutantTables:
    """One pollutant's tables, from the lowest index up, in `unit` with its printed decimals."""

    unit: str
    decimals: int
    tables: tuple[AveragingTable, ...]


@dataclass(frozen=True)
class StandardTables:
    """All that a standard's file says, checked."""

    key: str
    title: str
    short_name: str
    source: str
    notes: tuple[str, ...]
    truncate: bool
    min_pollutants: int
    one_of: tuple[str, ...]
    pollutants: dict[str, PollutantTables]
    categories: tuple[Category, ...]


@dataclass(frozen=True)
class _StoredTable:
    averaging: Text
    rows: tuple[tuple[ExactNumber, ExactNumber, Whole, Whole], ...]
    closed_at: Annotated[Decimal | None, ReadAs(ExactNumber, Decimal)] = None


@dataclass(frozen=True)
class _StoredPollutant:
    unit: Text
    decimals: Annotated[int, Rule("must be a whole number from 0 to 6", ge=0, le=6)]
    tables: tuple[_StoredTable, ...]


_Count = Annotated[
    int, Rule(f"must be a whole number from 1 to {len(POLLUTANTS)}", ge=1, le=len(POLLUTANTS))
]


@dataclass(frozen=True)
class _StoredStandard:
    key: Text
    title: Text
    short_name: Text
    source: Text
    notes: tuple[Text, ...]
    truncate: Flag
    min_pollutants: _Count
    one_of: tuple[Annotated[str, one_of(POLLUTANTS)], ...]
    pollutants: Annotated[
        dict[str, _StoredPollutant], ReadAs(dict[str, _StoredPollutant], in_order)
    ]
    categories: tuple[Category, ...]


def load_tables(path: Path) -> StandardTables:
    """Read one standard; a fault raises `TableError` with file, field, rule and value."""
    stored: _StoredStandard = check(_StoredStandard, read_table(path, Decimal), path.name)
    broken = partial(fault, path.name)
    _check_categories(stored.categories, broken)
    bands = {(category.i_low, category.i_high) for category in stored.categories}
    pollutants = {
        name: _tables(name, entry, bands, broken) for name, entry in stored.pollutants.items()
    }
    return StandardTables(**vars(stored) | {"pollutants": pollutants})


def _check_categories(categories: tuple[Category, ...], broken: _Broken) -> None:
    expected = 0
    for number, category in enumerate(categories):
        place, low, high = f"categories[{number}]", category.i_low, category.i_high
        if low != expected:
            rule = f"must be {expected}, so that the categories leave no hole"
            raise broken(f"{place}.i_low", rule, low)
        if high <= expected:
            raise broken(f"{place}.i_high", f"must be above i_low {expected}", high)
        expected = high + 1
    if expected != AQI_TOP + 1:
        names = [category.name for category in categories]
        rule = f"must cover 0 to {AQI_TOP} (they end at {expected - 1})"
        raise broken("categories", rule, names)


def _tables(
    name: str, entry: _StoredPollutant, bands: set[tuple[int, int]], broken: _Broken
) -> PollutantTables:
    place, units = f"pollutants.{name}", pollutant(name).units
    if entry.unit not in units:
        raise broken(f"{place}.unit", f"must be one of {', '.join(units)}", entry.unit)
    step = Decimal(1).scaleb(-entry.decimals)
    tables = tuple(
        _table(table, step, bands, partial(_below, broken, f"{place}.tables[{number}]"))
        for number, table in enumerate(entry.tables)
    )
    names = [table.averaging for table in tables]
    if not tables or any(tables[0].points[0]) or tables[-1].points[-1][1] != AQI_TOP:
        raise broken(f"{place}.tables", f"must lead from (0, 0) to the index {AQI_TOP}", names)
    for below, above in pairwise(tables):
        reached, begun = below.points[-1], above.points[0]
        if begun[0] > reached[0] + step or begun[1] > reached[1] + 1 or above.points[-1] <= reached:
            raise broken(f"{place}.tables", f"must go on where {below.averaging} ends", names)
    return PollutantTables(entry.unit, entry.decimals, tables)


def _below(broken: _Broken, table: str, place: str, rule: str, value: object) -> TableError:
    return broken(f"{table}.{place}", rule, value)


def _table(
    table: _StoredTable, step: Decimal, bands: set[tuple[int, int]], broken: _Broken
) -> AveragingTable:
    points: list[tuple[Decimal, int]] = []
    for number, row in enumerate(table.rows):
        place = f"rows[{number}]"
        c_low, c_high, i_low, i_high = row
        for cell, concentration in enumerate((c_low, c_high)):
            if concentration % step:
                raise broken(f"{place}[{cell}]", f"must be a multiple of {step}", concentration)
        if points and c_low != points[-1][0] + step:
            rule = f"must be {points[-1][0] + step}, so that the rows leave no hole"
            raise broken(f"{place}[0]", rule, c_low)
        if points and i_low != points[-1][1] + 1:
            rule = f"must be {points[-1][1] + 1}, so that the rows leave no hole"
            raise broken(f"{place}[2]", rule, i_low)
        if c_high <= c_low:
            raise broken(f"{place}[1]", f"must be above c_low {c_low}", c_high)
        if (i_low, i_high) not in bands:
            raise broken(place, "must have the index range of a category", row)
        points += [(c_low, i_low), (c_high, i_high)]
    if not points:
        raise broken("rows", "must have at least one row", [])
    if table.closed_at is not None:
        if table.closed_at <= points[-1][0] or points[-1][1] >= AQI_TOP:
            rule = f"must be above the last row's end {points[-1][0]}"
            raise broken("closed_at", rule, table.closed_at)
        points.append((table.closed_at, AQI_TOP))
    return AveragingTable(table.averaging, tuple(points))
