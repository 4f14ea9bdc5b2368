"""A column's title read as a column, with the unit, averaging time or zone behind its name."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aqfusion.air.pollutants import POLLUTANTS, ReadingError, is_unit, parse_unit

__all__ = ["POLLUTANT_TITLES", "Title", "read_title", "title_key"]

LONGEST_TITLE = 100
# Keys as `title_key` makes them; pm02 is AirGradient's name for PM2.5.
POLLUTANT_TITLES: Final[Mapping[str, tuple[str, ...]]] = {
    "pm25": (
        *("pm2p5", "pm02", "pm2point5", "particulatematter25", "fineparticulatematter"),
        *("fineparticles", "fineparticulates", "finedust", "pm25particulatematter"),
    ),
    "pm10": ("particulatematter10", "coarseparticulatematter", "pm100", "pm10particulatematter"),
    "o3": ("ozone", "ozoneo3", "o3ozone"),
    "co": ("carbonmonoxide", "carbonmonoxideco", "cocarbonmonoxide"),
    "so2": (
        *("sulfurdioxide", "sulphurdioxide", "sulfurdioxideso2", "sulphurdioxideso2"),
        *("so2sulfurdioxide", "so2sulphurdioxide"),
    ),
    "no2": ("nitrogendioxide", "nitrogendioxideno2", "no2nitrogendioxide"),
}
_IN_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_WORDS = re.compile(r"[^\W_]+")
_AVERAGING = re.compile(
    r"((?P<number>1|8|24)[ -]?(h|hr|hrs|hour|hours|hourly)|hourly|daily|rolling|running)"
    r"|((hourly|daily) )?(mean|avg|average|averaged)"
)
_CORRECTED = frozenset(("corrected", "compensated", "calibrated"))
_QUALIFIERS = frozenset(("raw", *_CORRECTED))
_FILLERS = frozenset(("conc", "concentration", "level", "value", "reading", "mass", "in", "as"))
_OF_PLACE = frozenset(("deg", "degree", "degrees", "decimaldegrees", "dd", "wgs84", "n", "e", ""))
_US = frozenset(("us", "usa", "usepa", "epa", "useq", "epaus"))


@dataclass(frozen=True)
class Title:
    """The meaning of one title: `column` is `None` where it has none, `problem` gives the reason.

    `unit` is the table's spelling; `averaging` is in the title's own words; `zone` is of a time;
    `qualifier` separates raw readings from corrected ones.
    """

    column: str | None
    unit: str | None = None
    averaging: str | None = None
    zone: str | None = None
    problem: str | None = None
    qualifier: str | None = None

    @property
    def corrected(self) -> bool:
        """Whether the column holds corrected values, which are preferred to raw ones."""
        return self.qualifier in _CORRECTED


def title_key(text: str) -> str:
    """Return a title without case, spaces and signs.

    >>> title_key(" PM₂.₅ "), title_key("Date / Time")
    ('pm25', 'datetime')
    """
    return "".join(sign for sign in _plain(text) if sign.isalnum())


def read_title(text: str, named: Mapping[str, str]) -> Title:
    """Return what a title means, where `named` gives the column for each key that is understood.

    >>> air = {"pm25": "pm25", "o3": "o3", "ozone": "o3", "time": "time"}
    >>> found = read_title("PM2.5 µg/m³ corrected", air)
    >>> found.column, found.unit, found.qualifier, read_title("Ozone", air).column
    ('pm25', 'ug/m3', 'corrected', 'o3')
    >>> read_title("O₃ (ppbV, 8h)", air).averaging, read_title("Time (UTC)", air).zone
    ('8h', 'UTC')
    >>> read_title("UTC Date/Time", {**air, "datetime": "time"})
    Title(column='time', unit=None, averaging=None, zone='UTC', problem=None, qualifier=None)
    >>> read_title("pm25_aqi", air).column, read_title("O3 (pphm)", air).problem
    (None, "unit of o3 must be one of ug/m3, mg/m3, ppb, ppm, got 'pphm'")
    """
    if len(text) > LONGEST_TITLE:
        return Title(None)
    plain = _plain(text)
    bracketed = [part.strip() for part in _IN_BRACKETS.findall(plain)]
    name = _IN_BRACKETS.sub(" ", plain)
    key = "".join(sign for sign in name if sign.isalnum())
    column = named.get(key)
    parts = [part for inside in bracketed for part in _parts(inside)]
    if column is None and bracketed:
        # "PM2.5 (fine particles)" names it twice; "PM (2.5)" needs its brackets.
        column = named.get(title_key(plain))
        parts = [] if column else parts
    if column is None:
        column, behind = _with_more_behind(name, named)
        parts = [*behind, *parts]
    if column is None:
        return _of_clock(key, named)
    if column in POLLUTANTS:
        return _of_pollutant(column, parts)
    return _of_other(column, parts)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("μ", "u").strip()


def _parts(inside: str) -> list[str]:
    """Split "ug/m3, 8h" and "ug/m3 8h", but not "ug / m3"."""
    parts = [part.strip() for part in re.split(r"[,;|]", inside) if part.strip()]
    split: list[str] = []
    for part in parts:
        words = part.split()
        subwords = next(
            (
                [" ".join(words[:end]), " ".join(words[end:])]
                for end in range(1, len(words))
                if is_unit(" ".join(words[:end])) and _AVERAGING.fullmatch(" ".join(words[end:]))
            ),
            [part],
        )
        split += subwords
    return split


def _with_more_behind(name: str, named: Mapping[str, str]) -> tuple[str | None, list[str]]:
    """Find a name with a unit or an averaging time behind it, as in pm2.5_ugm3 and o3_8h."""
    words = _WORDS.findall(name)
    for end in range(len(words) - 1, 0, -1):
        column = named.get("".join(words[:end]))
        if column is None:
            continue
        behind = _known_words(words[end:])
        if behind is not None and (column in POLLUTANTS or not behind):
            return column, behind
        if column in POLLUTANTS and behind is None:
            return None, []
    key = "".join(words)
    for start, column in named.items():
        if column in POLLUTANTS and key.startswith(start) and is_unit(key[len(start) :]):
            return column, [key[len(start) :]]
    return None, []


def _known_words(words: list[str]) -> list[str] | None:
    """Read words as units, averaging times and fillers; `None` where one is none of them."""
    kept: list[str] = []
    at = 0
    while at < len(words):
        ends = range(len(words), at, -1)
        for end in ends:
            part = " ".join(words[at:end])
            if is_unit(part) or _AVERAGING.fullmatch(part) or part in _FILLERS | _QUALIFIERS:
                kept += [] if part in _FILLERS else [part]
                at = end
                break
        else:
            return None
    return kept


def _of_pollutant(column: str, parts: list[str]) -> Title:
    unit: str | None = None
    averaging: str | None = None
    qualifier: str | None = None
    for part in parts:
        if part in _QUALIFIERS:
            qualifier = part
        elif _AVERAGING.fullmatch(part):
            averaging = f"{averaging} {part}" if averaging else part
        elif title_key(part) in {column, *POLLUTANT_TITLES[column]} or part in _FILLERS:
            continue
        else:
            try:
                named = parse_unit(column, part)
            except ReadingError as error:
                return Title(None, problem=str(error))
            if unit not in (None, named):
                return Title(None, problem=f"names two units of {column}, {unit} and {named}")
            unit = named
    return Title(column, unit, averaging, qualifier=qualifier)


def _of_clock(key: str, named: Mapping[str, str]) -> Title:
    """Read date_utc, UTC Date/Time, datetimeLocal and utc: a time, and whose clock it is on."""
    for clock, zone in (("utc", "UTC"), ("gmt", "UTC"), ("local", None)):
        for base in {key.removeprefix(clock), key.removesuffix(clock)} - {key}:
            if named.get(base) in {"time", "date"} or (zone and not base and "time" in named):
                return Title("time", zone=zone)
    return Title(None)


def _of_other(column: str, parts: list[str]) -> Title:
    keys = {title_key(part) for part in parts}
    if column == "time":
        zones = [part for part in parts if title_key(part) not in {"local", "localtime", "iso8601"}]
        if len(zones) > 1:
            return Title(None, problem="must name one time zone")
        return Title(column, zone=zones[0].upper() if zones else None)
    if column in {"aqi", "gold"} and not keys <= _US:
        return Title(None, problem=f"must be a US AQI, but is called {parts[0]!r}")
    if column in {"lat", "lon"} and not keys <= _OF_PLACE:
        return Title(None, problem=f"must be in decimal degrees, but is called {parts[0]!r}")
    return Title(column)
