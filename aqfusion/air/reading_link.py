"""Readings in an address: `?pm25=80&no2=40`, in canonical units, to hand on and to read back."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from aqfusion.air.sensors import POLLUTANTS, Reading

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
