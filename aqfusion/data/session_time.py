"""When a session was: its hour as people and spreadsheets write it, equal times with one name."""

import re
from datetime import datetime, timedelta

from aqfusion.csv_table.errors import CellError
from aqfusion.time_zones import TimeError, at, zone

__all__ = ["clock_time", "hour_name", "session_time"]

_RULE = "must be a time of day as in 8:30"
_SPREADSHEET_DAY = re.compile(r"(1899-12-3[01]|1900-01-0[01])[T ]")  # a time without a date
_TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})(:(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})(\.0*)?)?|\.0*)?"
    r"( ?(?P<half>[ap])\.?m\.?)?|(?P<military>[0-9]{4})",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"0?\.[0-9]{1,17}")  # of a day, as spreadsheets keep times


def clock_time(year: int, month: int, day: int, hour: str) -> datetime:
    """Return what the clock showed; 24:00 is the start of the next day. `CellError` else.

    >>> clock_time(2023, 2, 1, "08:30:00") == clock_time(2023, 2, 1, "8:30 AM")
    True
    >>> clock_time(2023, 2, 28, "24:00").isoformat(), clock_time(2023, 2, 1, "0.5").hour
    ('2023-03-01T00:00:00', 12)
    """
    text = _SPREADSHEET_DAY.sub("", hour.strip())
    start = datetime(year, month, day)
    if _FRACTION.fullmatch(text) and float(text) > 0:
        return start + timedelta(minutes=round(float(text) * 24 * 60))
    match = _TIME.fullmatch(text)
    if not match:
        raise CellError(_RULE)
    if match["military"]:
        hours, minutes, seconds = int(text[:2]), int(text[2:]), 0
    else:
        hours, minutes, seconds = (int(match[n] or 0) for n in ("hour", "minute", "second"))
    if match["half"]:
        if not 1 <= hours <= 12:
            raise CellError(_RULE)
        hours = hours % 12 + (12 if match["half"].casefold() == "p" else 0)
    if minutes > 59 or seconds > 59 or hours > 24 or (hours == 24 and minutes + seconds):
        raise CellError(_RULE)
    return start + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def hour_name(time: datetime) -> str:
    """Name an hour as the keys of sessions do.

    >>> hour_name(datetime(2023, 2, 1, 8, 30)), hour_name(datetime(2023, 2, 1, 14, 5, 9))
    ('8:30', '14:05:09')
    """
    seconds = f":{time.second:02}" if time.second else ""
    return f"{time.hour}:{time.minute:02}{seconds}"


def session_time(session: str, timezone: str) -> datetime | None:
    """When a session was, `place|year|month|day|hour` on the clock of its time zone."""
    parts = session.rsplit("|", 4)
    try:
        year, month, day = (int(part) for part in parts[1:4])
        return at(clock_time(year, month, day, parts[4]), zone(timezone))
    except (ValueError, IndexError, OverflowError, CellError, TimeError):
        return None
