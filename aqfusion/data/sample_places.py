"""The eight places of the public data set: names, coordinates and time zones."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aqfusion.io.json_models import Flag, Latitude, Longitude, Text, check, fault, read_table
from aqfusion.settings import ASSETS

PLACES = ASSETS / "stations" / "stations.json"


@dataclass(frozen=True)
class SamplePlace:
    """A place where photos were taken: `location` is the data set's own words for it.

    `source` credits the data set, in whose tables `units_stated` is false.
    """

    id: str
    name: str
    latitude: float
    longitude: float
    approximate: bool
    source: str
    units_stated: bool
    location: str
    timezone: str


@dataclass(frozen=True)
class _StoredPlace:
    id: Text
    name: Text
    latitude: Latitude
    longitude: Longitude
    approximate: Flag
    location: Text
    timezone: Text


@dataclass(frozen=True)
class _StoredPlaces:
    source: Text
    licence: Text
    units_stated: Flag
    stations: tuple[_StoredPlace, ...]


@cache
def sample_places() -> tuple[SamplePlace, ...]:
    """The eight places; read once."""
    return load_places(PLACES)


def load_places(path: Path) -> tuple[SamplePlace, ...]:
    """Read and check the places; a fault raises `TableError`."""
    stored: _StoredPlaces = check(_StoredPlaces, read_table(path), path.name)
    credit = f"{stored.source}, {stored.licence}"
    for key in ("id", "location"):
        seen: set[str] = set()
        for number, entry in enumerate(stored.stations):
            value = getattr(entry, key)
            if value in seen:
                rule = "must not be that of a place above"
                raise fault(path.name, f"stations[{number}].{key}", rule, value)
            seen.add(value)
    return tuple(
        SamplePlace(source=credit, units_stated=stored.units_stated, **vars(entry))
        for entry in stored.stations
    )


def timezone_of(place: str | None) -> str | None:
    """Name the time zone of a sample place, by its name in any case; `None` for all others.

    >>> timezone_of(" biratnagar,  Nepal"), timezone_of("Chennai")
    ('Asia/Kathmandu', None)
    """
    return _timezones().get(" ".join((place or "").split()).casefold())


@cache
def _timezones() -> dict[str, str]:
    named = {place.name.casefold(): place.timezone for place in sample_places()}
    return named | {place.location.casefold(): place.timezone for place in sample_places()}
