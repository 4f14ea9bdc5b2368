"""Words, times and places that come from outside, made safe to show and to compare."""

import math
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aqfusion.errors import InputError
from aqfusion.io.json_models import ReadAs, Text

_EARTH_KM = 6371.0088
_JOINERS = "\u200c\u200d"  # no glyphs of their own, but Indic and Persian names are spelt with them


def plain_text(text: str, longest: int = 80) -> str:
    """Keep printable characters and single spaces; what is longer is cut.

    >>> plain_text(" R K Puram,\\n\\x1b[31m<b>Delhi</b> "), plain_text("abcdef", longest=4)
    ('R K Puram, [31m<b>Delhi</b>', 'abc…')
    """
    kept = "".join(sign if sign.isprintable() or sign in _JOINERS else " " for sign in text)
    words = " ".join(kept.split())
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def time_of(text: str) -> datetime:
    """Read an ISO time, in UTC; one that names no zone is in UTC already, as OpenAQ's `utc` is."""
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a time") from error


UtcTime = Annotated[datetime, ReadAs(Text, time_of)]


def in_zone(time: datetime, zone: str | None) -> datetime:
    """Show a time in the zone of that name; one that this computer does not know leaves it.

    >>> in_zone(datetime(2026, 9, 24, 17, 30, tzinfo=UTC), "Asia/Kolkata").isoformat()
    '2026-09-24T23:00:00+05:30'
    """
    try:
        return time.astimezone(ZoneInfo(zone)) if zone else time
    except (ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return time


def rounded_place(latitude: float, longitude: float) -> tuple[float, float]:
    """Round to a hundredth of a degree, about a kilometre; `InputError` outside the map.

    >>> rounded_place(28.56326, -0.001)
    (28.56, 0.0)
    """
    for name, degrees, limit in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if not -limit <= degrees <= limit:  # NaN neither
            raise InputError(f"{name} must be -{limit} to {limit} degrees, got {degrees}")
    return round(latitude, 2) + 0.0, round(longitude, 2) + 0.0  # there is no -0.0


def distance_km(left: tuple[float, float], right: tuple[float, float]) -> float:
    """Return the distance along the ground between two places, latitude first, in degrees.

    >>> round(distance_km((0, 179.5), (0, -179.5)), 1)
    111.2
    """
    (north, east), (to_north, to_east) = (map(math.radians, place) for place in (left, right))
    across = math.cos(north) * math.cos(to_north) * math.sin((to_east - east) / 2) ** 2
    chord = math.sin((to_north - north) / 2) ** 2 + across
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))
