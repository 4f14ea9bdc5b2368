"""Times as people write them, and their time zone, by its name or by the place.

The result has a fixed offset: two times of one named zone would be compared by the clock on
the wall, which shows one hour twice when summer ends. Nothing is guessed: 03/04/2026 may be two
days, and a time without an offset needs its zone.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from threading import Lock
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from aqfusion.errors import InputError

__all__ = ["DateOrder", "TimeError", "at", "date_order", "on_the_clock_of", "read_time", "zone"]
__all__ += ["names_offset", "zone_at"]

DateOrder = Literal["day first", "month first"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("jan january", "feb february", "mar march", "apr april", "may", "jun june"),
            *("jul july", "aug august", "sep sept september", "oct october", "nov november"),
            "dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_DATE = (
    r"(?P<year>[0-9]{4})(?P<s>[-/.])(?P<month>[0-9]{1,2})(?P=s)(?P<day>[0-9]{1,2})"
    r"|(?P<first>[0-9]{1,2})(?P<s2>[-/.])(?P<second>[0-9]{1,2})(?P=s2)(?P<year2>[0-9]{4})"
    r"|(?P<day3>[0-9]{1,2})[- ](?P<name>[A-Za-z]{3,9})[- ,]{1,2}(?P<year3>[0-9]{4})"
)
_CLOCK = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(:(?P<s60>[0-9]{2})([.,](?P<fraction>[0-9]{1,9}))?)?"
    r"( ?(?P<half>[ap])\.?m\.?)?"
)
_OFFSET_OF_TIME = r"(?P<offset>Z|(UTC|GMT)?[+-][0-9]{1,2}(:?[0-9]{2})?|UTC|GMT)"
_TIME = re.compile(rf"({_DATE})(T|,? {{1,3}})({_CLOCK}) ?({_OFFSET_OF_TIME})?", re.IGNORECASE)
_NUMBERS_FIRST = re.compile(r"([0-9]{1,2})[-/]([0-9]{1,2})[-/][0-9]{4}\b")
_OFFSET = re.compile(r"(UTC|GMT)?(?P<sign>[+-])(?P<hours>[0-9]{1,2})(:?(?P<minutes>[0-5][0-9]))?")
_FARTHEST = timedelta(hours=14)
_SECONDS = re.compile(r"[0-9]{9,19}(\.[0-9]*)?")
_RULE = "must be a date and a time as in 2023-02-01T08:30+05:30"


class TimeError(InputError):
    """A time or a zone that breaks a rule; the message is the rule without the name of a field."""


@lru_cache(maxsize=1024)
def zone(text: str) -> tzinfo:
    """Return the zone of an IANA name in any case, or of an offset.

    >>> zone("asia/kolkata"), str(zone("+05:45")), str(zone("+0530"))
    (zoneinfo.ZoneInfo(key='Asia/Kolkata'), 'UTC+05:45', 'UTC+05:30')
    """
    plain = text.strip().replace("−", "-")
    offset = _OFFSET.fullmatch(plain.upper())
    if offset:
        ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        if ahead <= _FARTHEST:
            return timezone(ahead if offset["sign"] == "+" else -ahead)
    if plain.upper() == "Z":
        return UTC
    # Only names from the list: ZoneInfo takes its key for a path.
    name = _zone_names().get(plain.casefold().replace(" ", "_"))
    if name is None or text != text.strip():
        raise TimeError("must be a time zone as in Asia/Kolkata or +05:30")
    return ZoneInfo(name)


def zone_at(latitude: float, longitude: float) -> tzinfo | None:
    """Return the zone of a place on land, in degrees (WGS 84); `None` at sea.

    >>> str(zone_at(13.08, 80.27)), str(zone_at(27.7, 85.3)), zone_at(10.0, 70.0)
    ('Asia/Kolkata', 'Asia/Kathmandu', None)
    """
    return _zone_at(round(latitude, 4), round(longitude, 4))


def date_order(texts: Iterable[str]) -> DateOrder | None:
    """Return the order of a column's dates, where some of them can be read in one way only.

    >>> date_order(["05-01-2026 08:00", "13-01-2026 08:00"]), date_order(["05-01-2026 08:00"])
    ('day first', None)
    """
    matches = [match for text in texts if (match := _NUMBERS_FIRST.match(text.strip()))]
    day_first = any(int(match[1]) > 12 for match in matches)
    month_first = any(int(match[2]) > 12 for match in matches)
    if day_first == month_first:
        return None
    return "day first" if day_first else "month first"


def read_time(text: str, local: tzinfo | None, order: DateOrder | None = None) -> datetime:
    """Read a time; its own offset gives the time, `local` the place's zone.

    Without an offset the clock is that of `local`, and without that too `TimeError` is raised.
    `order` is that of dates which begin with two small numbers.

    >>> read_time("2023-02-01 08:30", zone("Asia/Kathmandu")).isoformat()
    '2023-02-01T08:30:00+05:45'
    >>> read_time("2026-01-05 24:00:00.123456789 +0530", None).isoformat()
    '2026-01-06T00:00:00.123456+05:30'
    """
    match = _TIME.fullmatch(text.strip().replace("−", "-"))
    if not match:
        if _SECONDS.fullmatch(text):
            raise TimeError(f"{_RULE}, a count of seconds is not guessed at")
        raise TimeError(_RULE)
    try:
        clock = _clock(match, order)
        offset = _offset(match["offset"])
    except TimeError:
        raise
    except (ValueError, OverflowError) as error:
        raise TimeError("must be a time that exists") from error
    if clock.year < 1970:
        raise TimeError("must be 1970 or later")
    if offset is not None:
        time = clock.replace(tzinfo=offset)
        return time if local is None or clock.year == 9999 else on_the_clock_of(local, time)
    if local is None:
        raise TimeError("must name its offset as in 2023-02-01T08:30+05:30, or have a timezone")
    return at(clock, local)


def names_offset(text: str) -> bool:
    """Return whether a time has its own offset."""
    match = _TIME.fullmatch(text.strip().replace("−", "-"))
    return bool(match and match["offset"])


def at(clock: datetime, local: tzinfo) -> datetime:
    """Return when a zone's clock shows this; `TimeError` where it does so twice or never."""
    first, second = (clock.replace(tzinfo=local, fold=fold).utcoffset() for fold in (0, 1))
    if first is None or first != second:
        raise TimeError(f"must name its offset, the clocks of {local} are changed at that hour")
    return clock.replace(tzinfo=timezone(first))


def on_the_clock_of(local: tzinfo, time: datetime) -> datetime:
    """Return the same moment with the offset that a zone has then."""
    offset = time.astimezone(local).utcoffset()
    return time.astimezone(timezone(offset or timedelta(0)))


def _clock(match: re.Match[str], order: DateOrder | None) -> datetime:
    year, month, day = _date(match, order)
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["s60"] or 0)
    micro = int((match["fraction"] or "0").ljust(6, "0")[:6])
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if match["half"].casefold() == "p" else 0)
    if hour == 24 and minute == second == 0:  # the end of a day is the start of the next
        return datetime(year, month, day, 0, 0, 0, micro) + timedelta(days=1)
    return datetime(year, month, day, hour, minute, second, micro)


def _date(match: re.Match[str], order: DateOrder | None) -> tuple[int, int, int]:
    if match["year"]:
        return int(match["year"]), int(match["month"]), int(match["day"])
    if match["name"]:
        return int(match["year3"]), _MONTHS.get(match["name"].casefold(), 0), int(match["day3"])
    first, second, year = int(match["first"]), int(match["second"]), int(match["year2"])
    if match["s2"] == ".":  # written so only where the day comes first
        order = "day first"
    if order is None and first <= 12 and second <= 12 and first != second:
        raise TimeError(
            f"must have its year first as in {year}-{second:02}-{first:02}: "
            "which number is the month is not guessed at"
        )
    if order == "month first" or (order is None and second > 12):
        return year, first, second
    return year, second, first


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text.upper() in {"Z", "UTC", "GMT"}:
        return UTC
    match = _OFFSET.fullmatch(text.upper())
    if match is None:
        raise ValueError(text)
    ahead = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    if ahead > _FARTHEST:
        raise ValueError(text)
    return timezone(ahead if match["sign"] == "+" else -ahead)


@cache
def _zone_names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


class _Finder:
    """The shapes of all zones, read on first use, by one thread at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._shapes: Any = None

    def name_at(self, latitude: float, longitude: float) -> str | None:
        from timezonefinder import TimezoneFinder  # late: it reads 40 MB of shapes

        with self._lock:
            if self._shapes is None:
                self._shapes = TimezoneFinder()
            name: str | None = self._shapes.timezone_at_land(lng=longitude, lat=latitude)
            return name


_finder = _Finder()


@lru_cache(maxsize=10_000)
def _zone_at(latitude: float, longitude: float) -> tzinfo | None:
    name = _finder.name_at(latitude, longitude)
    return None if name is None else zone(name)
