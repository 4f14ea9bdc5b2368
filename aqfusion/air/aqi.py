"""The Air Quality Index of a standard: its table, read and checked, and from readings to an index.

The numbers come from `assets/standards`; this file holds no breakpoint.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from aqfusion.air.pollutants import POLLUTANTS, convert_exactly, decimal_of, in_order, pollutant
from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
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
from aqfusion.settings import ASSETS

__all__ = [
    "STANDARDS",
    "AqiError",
    "Category",
    "IndexResult",
    "Standard",
    "round_half_up",
    "standard",
]

AQI_TOP = 500
_HIGHEST = 1_000_000  # of a concentration, in any unit
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
        if high > AQI_TOP:
            raise broken(f"{place}.i_high", f"must be at most {AQI_TOP}", high)
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
            if abs(concentration) > _HIGHEST:  # exact arithmetic has an end
                raise broken(f"{place}[{cell}]", f"must be at most {_HIGHEST}", concentration)
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


STANDARDS = {"us": "us_epa_2024.json", "india": "india_cpcb_2014.json"}
_COUNTS = ("none", "one", "two", "three", "four", "five", "six")
# 0.07 ppm that took a way through binary fractions must not be truncated to 0.069; no
# instrument has twelve digits.
_TWELVE_DIGITS = Context(prec=12)


class AqiError(InputError):
    """An index, a standard or an averaging time that does not exist."""


@dataclass(frozen=True)
class IndexResult:
    """The index of a reading by one standard.

    `aqi` is 0 to 500, or `None` with the reason in `incomplete`; `beyond` says that it would be
    above 500. `dominant` is the pollutant with the worst sub-index.
    """

    aqi: int | None
    category: Category | None
    dominant: str | None
    sub_indices: Mapping[str, int]
    incomplete: str | None
    beyond: bool

    def as_json(self) -> dict[str, Any]:
        """The index as commands and reports print it."""
        return {
            "aqi": self.aqi,
            "category": self.category and self.category.name,
            "dominant": self.dominant,
            "sub_indices": dict(self.sub_indices),
            "incomplete": self.incomplete,
            "beyond": self.beyond,
        }


@dataclass(frozen=True)
class Standard(StandardTables):
    """One standard and its arithmetic; `standard` gives the shipped ones."""

    def index(self, reading: Reading) -> IndexResult:
        """Judge a reading at one moment as if it had lasted for every averaging time.

        Of two tables (US O3 and SO2) the larger index counts, and one that has ended stays at
        its last index: O3 is an 8-hour value up to 0.200 ppm and never below 300 above it.
        """
        at = {name: self._concentration(name, getattr(reading, name)) for name in reading.present}
        indices = {name: self._worst(name, concentration) for name, concentration in at.items()}
        incomplete = self._incomplete(reading.present)
        if incomplete:
            return IndexResult(None, None, None, indices, incomplete, beyond=False)
        dominant = max(indices, key=lambda name: indices[name])  # of equals the first
        beyond = any(at[name] > self.pollutants[name].tables[-1].points[-1][0] for name in at)
        aqi = indices[dominant]
        return IndexResult(aqi, self.category_of(aqi), dominant, indices, None, beyond)

    def sub_index(
        self, name: str, concentration: float, averaging: str | None = None, unit: str | None = None
    ) -> int | None:
        """Return one pollutant's index, 0 to 500; `unit` is the table's own if not given.

        A named averaging time asks that table alone: `None` where it defines no index. Without
        one the value is taken as in `index`. A bad value raises `ReadingError`.

        >>> standard("us").sub_index("o3", 0.125, "1h"), standard("us").sub_index("o3", 0.125)
        (101, 221)
        """
        pollutant(name)
        unit = unit or self.pollutants[name].unit
        value = getattr(Reading.from_values({name: concentration}, {name: unit}), name)
        at = self._concentration(name, value)
        if averaging is None:
            return self._worst(name, at)
        tables = {table.averaging: table for table in self.pollutants[name].tables}
        if averaging not in tables:
            times = ", ".join(tables)
            raise AqiError(f"averaging of {name} must be one of {times}, got {averaging!r}")
        (last, top), index = tables[averaging].points[-1], tables[averaging].index_at(at)
        ended = at > last and top < self.categories[-1].i_high
        return None if index is None or ended else round_half_up(index)

    def category_of(self, aqi: float) -> Category:
        """Return the band of any index, whole or not; above 500 it is the last one.

        >>> [standard("us").category_of(aqi).name for aqi in (50.4, 50.5)]
        ['Good', 'Moderate']
        """
        if math.isnan(aqi) or aqi == -math.inf or (aqi < 0 and round_half_up(aqi) < 0):
            raise AqiError(f"aqi must be >= 0, got {aqi}")
        for category in self.categories:
            if aqi != math.inf and round_half_up(aqi) <= category.i_high:
                return category
        return self.categories[-1]

    def _concentration(self, name: str, canonical: float) -> Decimal:
        """Bring a canonical value to the table's unit, truncated where the standard says so."""
        tables: PollutantTables = self.pollutants[name]
        value = convert_exactly(name, decimal_of(canonical), pollutant(name).unit, tables.unit)
        value = _TWELVE_DIGITS.plus(value)
        if not self.truncate:
            return value
        return value.quantize(Decimal(1).scaleb(-tables.decimals), rounding=ROUND_DOWN)

    def _worst(self, name: str, at: Decimal) -> int:
        indices = [table.index_at(at) for table in self.pollutants[name].tables]
        return max(round_half_up(index) for index in indices if index is not None)

    def _incomplete(self, present: tuple[str, ...]) -> str | None:
        one_of = " or ".join(pollutant(name).label for name in self.one_of)
        enough = len(present) >= self.min_pollutants
        if enough and (not self.one_of or set(self.one_of) & set(present)):
            return None
        needs = f"{_COUNTS[self.min_pollutants]} pollutant{'s' * (self.min_pollutants > 1)}"
        needs += f", one of them {one_of}" if one_of else ""
        labels = ", ".join(pollutant(name).label for name in present)
        has = _COUNTS[len(present)] + (f" ({labels})" if labels else "")
        return f"The {self.short_name} needs {needs}; this reading has {has}."


@cache
def standard(key: str) -> Standard:
    """Return the standard called `key`, "us" or "india"; another key raises `AqiError`."""
    if key not in STANDARDS:
        raise AqiError(f"standard must be one of {', '.join(STANDARDS)}, got {key!r}")
    return load_standard(ASSETS / "standards" / STANDARDS[key])


def load_standard(path: Path) -> Standard:
    """Read a standard's file and check it; a fault raises `TableError`."""
    return Standard(**vars(load_tables(path)))


def round_half_up(value: float | Decimal | Fraction) -> int:
    """Round a finite number to the next whole one, halves upwards, as both standards do.

    >>> [round_half_up(value) for value in (0.5, 1.5, 2.5)], round(2.5)
    ([1, 2, 3], 2)
    """
    if isinstance(value, float):  # what is left of one after its whole part is exact
        whole = math.floor(value)
        return whole + int(value - whole >= 0.5)
    return math.floor(Fraction(value) + Fraction(1, 2))
