"""Times as people write them down, with the zone they stand in.

What comes out has a fixed offset: two times of one named zone would be compared by the clock on
the wall, which shows one hour twice when summer ends.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from aqfusion.errors import InputError

_TIME = re.compile(
    r"(?P<clock>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)"
    r" ?(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(UTC|GMT)?(?P<sign>[+-])(?P<hours>[0-9]{1,2})(:?(?P<minutes>[0-5][0-9]))?")
_FARTHEST = timedelta(hours=14)


class TimeError(InputError):
    """A time or a zone that breaks a rule; the message is the rule without the name of a field."""


def zone(text: str) -> tzinfo:
    """Return the zone of an IANA name in any case, or of an offset.

    >>> zone("asia/kolkata"), str(zone("+05:45"))
    (zoneinfo.ZoneInfo(key='Asia/Kolkata'), 'UTC+05:45')
    """
    offset = _OFFSET.fullmatch(text.upper())
    if offset:
        ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        if ahead <= _FARTHEST:
            return timezone(ahead if offset["sign"] == "+" else -ahead)
    # Only names from the list: ZoneInfo takes its key for a path.
    name = _zone_names().get(text.casefold())
    if name is None:
        raise TimeError("must be a time zone as in Asia/Kolkata or +05:30")
    return ZoneInfo(name)


def read_time(text: str, local: tzinfo | None) -> datetime:
    """Read an ISO 8601 time; its own offset says when it was, `local` where it was.

    Without an offset the clock is that of `local`, and without that too `TimeError` is raised.

    >>> read_time("2023-02-01 08:30", zone("Asia/Kathmandu")).isoformat()
    '2023-02-01T08:30:00+05:45'
    """
    match = _TIME.fullmatch(text)
    if not match:
        raise TimeError("must be a date and a time as in 2023-02-01T08:30+05:30")
    try:
        clock = datetime.fromisoformat(match["clock"].upper())
        offset = _offset(match["offset"])
    except ValueError as error:
        raise TimeError("must be a time that exists") from error
    if clock.year < 1970:
        raise TimeError("must be 1970 or later")
    if offset is not None:
        time = clock.replace(tzinfo=offset)
        return time if local is None or clock.year == 9999 else on_the_clock_of(local, time)
    if local is None:
        raise TimeError("must name its offset as in 2023-02-01T08:30+05:30, or have a timezone")
    return at(clock, local)


def at(clock: datetime, local: tzinfo) -> datetime:
    """Say when the clock of a zone shows this; `TimeError` where it does so twice or never."""
    first, second = (clock.replace(tzinfo=local, fold=fold).utcoffset() for fold in (0, 1))
    if first is None or first != second:
        raise TimeError(f"must name its offset, the clocks of {local} are changed at that hour")
    return clock.replace(tzinfo=timezone(first))


def on_the_clock_of(local: tzinfo, time: datetime) -> datetime:
    """Return the same moment with the offset that a zone has then."""
    offset = time.astimezone(local).utcoffset()
    return time.astimezone(timezone(offset or timedelta(0)))


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text.upper() == "Z":
        return UTC
    ahead = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    if int(text[-2:]) > 59 or ahead > _FARTHEST:
        raise ValueError(text)
    return timezone(ahead if text[0] == "+" else -ahead)


@cache
def _zone_names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}
