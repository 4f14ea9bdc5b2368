"""What a source of photos offers, before any photo is opened."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path

from aqfusion.air.sensors import Reading
from aqfusion.csv_table.fault import Fault, shown
from aqfusion.stations.sample import FOLDER, PLACES_NAME, load_places

__all__ = ["Candidate", "Listing", "place_day", "plain_name", "timezone_of"]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A photo that asks to come in, and what its source says of it.

    `line` and `column` are where the source lists it by `name`, which may give the answer away
    and is shown to experts only. `given_aqi` is the source's own label, which may be wrong;
    `known_aqi` is one that annotators are measured by.
    """

    line: int
    column: str
    name: str
    path: Path
    reading: Reading = field(default_factory=Reading)
    place: str | None = None
    taken_at: datetime | None = None
    group: str | None = None
    licence: str | None = None
    given_aqi: float | None = None
    known_aqi: int | None = None

    def fault(self, rule: str) -> Fault:
        """Say that this photo breaks a rule."""
        return Fault(self.line, self.column, rule, shown(self.name))


@dataclass(frozen=True)
class Listing:
    """Candidates in the order of their source, rows that are none, and columns nobody reads."""

    name: str
    candidates: tuple[Candidate, ...]
    faults: tuple[Fault, ...] = ()
    ignored: tuple[str, ...] = ()


def place_day(place: str | None, day: date | None) -> str | None:
    """Name the group of photos that share place and weather; without a day the whole place.

    >>> place_day("Delhi", date(2023, 2, 1)), place_day("Delhi", None), place_day(None, None)
    ('Delhi|2023-02-01', 'Delhi', None)
    """
    if place is None:
        return None
    return place if day is None else f"{place}|{day.isoformat()}"


def timezone_of(place: str | None) -> str:
    """Name the time zone of a sample place; UTC for all others."""
    return _timezones().get(" ".join((place or "").split()).casefold(), "UTC")


def plain_name(text: str) -> str:
    """Return a file's name as every terminal and database can keep it.

    >>> plain_name("sky\\udce9.jpg")
    'sky\\\\udce9.jpg'
    """
    return text.encode("utf-8", "backslashreplace").decode()


@cache
def _timezones() -> dict[str, str]:
    places = load_places(FOLDER / PLACES_NAME)
    named = {place.station.name.casefold(): place.timezone for place in places}
    return named | {place.location.casefold(): place.timezone for place in places}
