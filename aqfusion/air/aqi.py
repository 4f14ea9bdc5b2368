"""From readings to the Air Quality Index of a standard: sub-indices, the worst one, its words.

The numbers come from `assets/standards`; this file holds no breakpoint.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from aqfusion.air.pollutants import convert_exactly, decimal_of, pollutant
from aqfusion.air.sensors import Reading
from aqfusion.air.standard_file import Category, PollutantTables, StandardTables, load_tables
from aqfusion.errors import InputError
from aqfusion.settings import ASSETS

__all__ = ["STANDARDS", "AqiError", "Category", "Index", "Standard", "round_half_up", "standard"]

STANDARDS = {"us": "us_epa_2024.json", "india": "india_cpcb_2014.json"}
_COUNTS = ("none", "one", "two", "three", "four", "five", "six")
# 0.07 ppm that took a way through binary fractions must not be truncated to 0.069; no
# instrument has twelve digits.
_TWELVE_DIGITS = Context(prec=12)


class AqiError(InputError):
    """An index, a standard or an averaging time that does not exist."""


@dataclass(frozen=True)
class Index:
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

    def index(self, reading: Reading) -> Index:
        """Judge a reading at one moment as if it had lasted for every averaging time.

        Of two tables (US O3 and SO2) the larger index counts, and one that has ended stays at
        its last index: O3 is an 8-hour value up to 0.200 ppm and never below 300 above it.
        """
        at = {name: self._concentration(name, getattr(reading, name)) for name in reading.present}
        indices = {name: self._worst(name, concentration) for name, concentration in at.items()}
        incomplete = self._incomplete(reading.present)
        if incomplete:
            return Index(None, None, None, indices, incomplete, beyond=False)
        dominant = max(indices, key=lambda name: indices[name])  # of equals the first
        beyond = any(at[name] > self.pollutants[name].tables[-1].points[-1][0] for name in at)
        aqi = indices[dominant]
        return Index(aqi, self.category_of(aqi), dominant, indices, None, beyond)

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
    return math.floor(Fraction(value) + Fraction(1, 2))
