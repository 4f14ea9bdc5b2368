"""The six pollutants, their units, and exact conversion between the units.

The table is `assets/standards/pollutants.json`; factors hold at 25 °C and 1 atm.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar

from aqfusion.errors import InputError
from aqfusion.io.json_models import PositiveDecimal, ReadAs, Text, check, fault, read_table
from aqfusion.settings import ASSETS

POLLUTANTS = ("pm25", "pm10", "o3", "co", "so2", "no2")
# Spellings without spaces, signs and case: µg/m³, ug m-3, µg·m⁻³ and ug_m3 are all ugm3.
_MASSES = {
    "ug/m3": ("ug", "mcg", "microgram", "micrograms"),
    "mg/m3": ("mg", "milligram", "milligrams"),
}
_VOLUMES = (
    *("m3", "nm3", "cum", "cubicmeter", "cubicmetre", "perm3"),
    *("percubicmeter", "percubicmetre"),
)
_UNITS = {
    mass + volume: unit
    for unit, masses in _MASSES.items()
    for mass in masses
    for volume in _VOLUMES
}
_UNITS |= dict.fromkeys(("ppb", "ppbv", "partsperbillion", "nmolmol", "nmolmol1"), "ppb")
_UNITS |= dict.fromkeys(("ppm", "ppmv", "partspermillion", "umolmol", "umolmol1"), "ppm")
_PRETTY_UNITS = {"ug/m3": "µg/m³", "mg/m3": "mg/m³"}
_T = TypeVar("_T")
POLLUTANT_FILE = ASSETS / "standards" / "pollutants.json"


class ReadingError(InputError):
    """A reading that cannot be used: a bad number, an unknown pollutant or an unknown unit."""


@dataclass(frozen=True)
class Pollutant:
    """One pollutant; `unit` is canonical, `factors` give that unit per each allowed unit."""

    name: str
    label: str
    pretty_label: str
    unit: str
    factors: Mapping[str, Decimal]
    limit: float
    limit_reason: str
    description: str

    @property
    def units(self) -> tuple[str, ...]:
        """The allowed units, the canonical one first."""
        return tuple(self.factors)

    @property
    def pretty_unit(self) -> str:
        """The canonical unit as people write it."""
        return pretty_unit(self.unit)


def pollutant(name: str) -> Pollutant:
    """Return the pollutant called `name`, one of `POLLUTANTS`; else `ReadingError`."""
    if name not in POLLUTANTS:
        raise ReadingError(f"pollutant must be one of {', '.join(POLLUTANTS)}, got {name!r}")
    return _shipped()[name]


def pretty_unit(unit: str) -> str:
    """Return a unit of the table as people write it.

    >>> pretty_unit("ug/m3"), pretty_unit("ppb")
    ('µg/m³', 'ppb')
    """
    return _PRETTY_UNITS.get(unit, unit)


def parse_unit(name: str, unit: str) -> str:
    """Return the table's spelling of a unit, however people write it, or raise `ReadingError`.

    A cubic metre at standard conditions (Nm³) is taken as a cubic metre, as India's board does.

    >>> parse_unit("o3", " µg/m³ "), parse_unit("co", "PPM"), parse_unit("no2", "nmol/mol")
    ('ug/m3', 'ppm', 'ppb')
    >>> parse_unit("pm10", "µg m⁻³"), parse_unit("co", "mg/Nm3"), parse_unit("pm25", "ug_m3")
    ('ug/m3', 'mg/m3', 'ug/m3')
    """
    units = pollutant(name).units
    plain = _UNITS.get(_unit_key(unit))
    if plain not in units:
        raise ReadingError(f"unit of {name} must be one of {', '.join(units)}, got {unit!r}")
    return plain


def is_unit(text: str) -> bool:
    """Return whether a text is the unit of some pollutant, in any spelling."""
    return _unit_key(text) in _UNITS


def convert(name: str, value: float, from_unit: str, to_unit: str) -> float:
    """Convert a concentration at 25 °C and 1 atm.

    >>> convert("o3", 0.070, "ppm", "ug/m3")
    137.34
    >>> convert("o3", 137.34, "ug/m3", "ppm")
    0.07
    """
    return float(convert_exactly(name, decimal_of(value), from_unit, to_unit))


def convert_exactly(name: str, value: Decimal, from_unit: str, to_unit: str) -> Decimal:
    """Convert as `convert` does, without binary fractions, for what is truncated afterwards."""
    factors = pollutant(name).factors
    source, target = parse_unit(name, from_unit), parse_unit(name, to_unit)
    return value * factors[source] / factors[target]


def decimal_of(value: float) -> Decimal:
    """Return the decimal number that Python prints for `value`: 0.07, not 0.07000000000000001."""
    return Decimal(repr(float(value)))


def _unit_key(unit: str) -> str:
    # NFKC makes one of the two micro signs, and plain digits and a minus of ⁻³.
    plain = unicodedata.normalize("NFKC", unit[:60]).casefold().replace("μ", "u")
    return "".join(sign for sign in plain if sign.isalnum() and sign.isascii())


def in_order(by_pollutant: dict[str, _T]) -> dict[str, _T]:
    """Refuse all but the six pollutants in their order; `ValueError`."""
    if tuple(by_pollutant) != POLLUTANTS:
        raise ValueError(f"must name {', '.join(POLLUTANTS)} in this order")
    return by_pollutant


@dataclass(frozen=True)
class _PollutantEntry:
    label: Text
    pretty_label: Text
    unit: Text
    units: dict[str, PositiveDecimal]
    limit: PositiveDecimal
    limit_reason: Text
    description: Text


@dataclass(frozen=True)
class _StoredPollutants:
    pollutants: Annotated[dict[str, _PollutantEntry], ReadAs(dict[str, _PollutantEntry], in_order)]


def load_pollutants(path: Path) -> dict[str, Pollutant]:
    """Read and check a pollutant table; a fault raises `TableError`."""
    stored = check(_StoredPollutants, read_table(path, Decimal), path.name)
    return {name: _pollutant(name, entry, path.name) for name, entry in stored.pollutants.items()}


@cache
def _shipped() -> dict[str, Pollutant]:
    return load_pollutants(POLLUTANT_FILE)


def _pollutant(name: str, entry: _PollutantEntry, file: str) -> Pollutant:
    factors = entry.units
    if next(iter(factors), None) != entry.unit or factors[entry.unit] != 1:
        rule = f"must begin with the canonical {entry.unit[:20]} as 1"
        raise fault(file, f"pollutants.{name}.units", rule, factors)
    return Pollutant(
        name=name,
        label=entry.label,
        pretty_label=entry.pretty_label,
        unit=entry.unit,
        factors=factors,
        limit=float(entry.limit),
        limit_reason=entry.limit_reason,
        description=entry.description,
    )
