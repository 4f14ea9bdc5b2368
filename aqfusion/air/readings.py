"""Up to six pollutant readings, validated where they enter, and written into an address."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from numbers import Real
from urllib.parse import urlencode, urlsplit, urlunsplit

from aqfusion.air.pollutants import (
    POLLUTANTS,
    Pollutant,
    ReadingError,
    convert,
    convert_exactly,
    decimal_of,
    parse_unit,
    pollutant,
)

__all__ = ["POLLUTANTS", "Pollutant", "Reading", "ReadingError", "convert", "pollutant"]

# One way only to match a row of digits: two would take the square of its length to say no.
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")


@dataclass(frozen=True)
class Reading:
    """Concentrations in canonical units (ug/m3, CO mg/m3); `None` is not measured, 0 is clean.

    A value that is no number, negative, not finite or above the pollutant's limit in
    `assets/standards/pollutants.json` raises `ReadingError`.

    >>> Reading(pm25=12, o3=60.5).present
    ('pm25', 'o3')
    """

    pm25: float | None = None
    pm10: float | None = None
    o3: float | None = None
    co: float | None = None
    so2: float | None = None
    no2: float | None = None

    def __post_init__(self) -> None:
        """Check every value and keep it as a plain float."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                object.__setattr__(self, field.name, _checked(field.name, value, value))

    @classmethod
    def from_values(
        cls,
        values: Mapping[str, float | str | None],
        units: Mapping[str, str] | None = None,
    ) -> "Reading":
        """Read what a person typed; empty text and `None` are missing, `units` name others.

        >>> Reading.from_values({"pm25": " 12 ", "no2": "", "o3": "0.07"}, {"o3": "ppm"})
        Reading(pm25=12.0, pm10=None, o3=137.34, co=None, so2=None, no2=None)
        """
        named = {name: parse_unit(name, unit) for name, unit in (units or {}).items()}
        return cls(**{n: _parsed(n, v, named.get(n)) for n, v in values.items()})

    @property
    def present(self) -> tuple[str, ...]:
        """The names of the pollutants that were measured, in the order of `POLLUTANTS`."""
        return tuple(name for name in POLLUTANTS if getattr(self, name) is not None)

    @property
    def values(self) -> tuple[float, ...]:
        """All six in the order of `POLLUTANTS`, NaN where not measured."""
        concentrations = (getattr(self, name) for name in POLLUTANTS)
        return tuple(math.nan if value is None else value for value in concentrations)

    def masked(self, keep: Iterable[str]) -> "Reading":
        """Return a reading with only the pollutants in `keep`."""
        kept = {pollutant(name).name for name in keep}
        return replace(self, **{name: None for name in POLLUTANTS if name not in kept})


def _parsed(name: str, value: float | str | None, unit: str | None) -> float | None:
    canonical = pollutant(name).unit
    unit = unit or canonical
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    stated = _text(value) if unit == canonical else f"{_text(value)} {unit}"
    number = _finite(name, _number(name, value) if isinstance(value, str) else value, stated)
    if unit != canonical:
        number = float(convert_exactly(name, decimal_of(number), unit, canonical))
    return _checked(name, number, stated)


def _number(name: str, typed: str) -> float:
    text = typed.strip()
    if _COMMA.fullmatch(text):
        raise ReadingError(f"{name} must have a point, not a comma, got {_text(text)!r}")
    if text.lower().lstrip("+-") in {"inf", "infinity", "nan"}:
        raise ReadingError(f"{name} must be a finite number, got {_text(text)}")
    if not _NUMBER.fullmatch(text):
        raise ReadingError(f"{name} must be a number, got {_text(text)!r}")
    return float(text)


def _checked(name: str, value: object, stated: object) -> float:
    entry = pollutant(name)
    number = _finite(name, value, stated)
    if number < 0:
        raise ReadingError(f"{name} must be >= 0 {entry.unit}, got {stated}")
    if number > entry.limit:
        raise ReadingError(f"{name} must be <= {entry.limit:g} {entry.unit}, got {stated}")
    return number


def _finite(name: str, value: object, stated: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ReadingError(f"{name} must be a number, got {_text(repr(value))}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ReadingError(f"{name} must be a finite number, got {_text(stated)}")
    return number


def _text(value: object) -> str:
    text = str(value).strip()
    return text if len(text) <= 40 else f"{text[:37]}..."


UNITS, UNSTATED = "units", "unstated"


def query_of(reading: Reading) -> dict[str, str]:
    """The query of an address with a reading, in the order of `POLLUTANTS`.

    Without any reading it states that there is none; an empty query would change nothing.

    >>> query_of(Reading(no2=40, pm25=80.5)), query_of(Reading())
    ({'pm25': '80.5', 'no2': '40'}, {'pm25': ''})
    """
    stated = {name: f"{getattr(reading, name):.10g}" for name in reading.present}
    return stated or {POLLUTANTS[0]: ""}


def reading_of(query: Mapping[str, str]) -> Reading | None:
    """Read an address, whoever wrote it; `None` where it names no pollutant.

    Other names are left alone; a bad value raises `ReadingError`, which names the pollutant.
    """
    named = {name: query[name] for name in POLLUTANTS if name in query}
    return Reading.from_values(named) if named else None


def link(page: str, reading: Reading, *, units_stated: bool = True) -> str:
    """The address of a page with these readings; any other query is dropped.

    The query records where nobody stated their units.

    >>> link("http://localhost:8501/predict?pm25=1#top", Reading(co=0.9))
    'http://localhost:8501/predict?co=0.9'
    """
    parts = urlsplit(page)
    query = urlencode(query_of(reading) | ({} if units_stated else {UNITS: UNSTATED}))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
