"""When a photo was taken on the clock of its place: its local time, its local day, its group.

The store keeps moments in UTC and beside them the time zone, if that is known. Items from before
it was kept have none: there the sample places tell it, and for other places nobody knows.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from aqfusion.data.sample_places import timezone_of
from aqfusion.time_zones import TimeError, on_the_clock_of, zone

__all__ = [
    *("local_days", "local_time", "place_day", "time_text", "zone_name", "zone_of"),
]

_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)  # how far clocks differ from UTC


def zone_of(time_zone: str | None, place: str | None) -> tzinfo | None:
    """Return the zone of an item: the one that is kept, else that of its place, else `None`."""
    name = time_zone or timezone_of(place)
    try:
        return zone(name) if name else None
    except TimeError:  # a name from a newer list of zones than this machine has
        return None


def zone_name(local: tzinfo) -> str:
    """Name a zone as items keep it.

    >>> zone_name(zone("asia/kolkata")), zone_name(zone("+5:45")), zone_name(UTC)
    ('Asia/Kolkata', '+05:45', 'UTC')
    """
    if isinstance(local, ZoneInfo) and local.key:
        return local.key
    offset = datetime(2000, 1, 1, tzinfo=local).strftime("%z")
    return "UTC" if local == UTC else f"{offset[:3]}:{offset[3:5]}"


def local_time(
    taken_at: datetime | None, time_zone: str | None, place: str | None
) -> datetime | None:
    """Return when a photo was taken on the clock of its place; `None` where that is not known.

    >>> local_time(datetime(2026, 1, 4, 23, 30, tzinfo=UTC), "+05:30", "Chennai").isoformat()
    '2026-01-05T05:00:00+05:30'
    """
    local = zone_of(time_zone, place)
    return None if taken_at is None or local is None else on_the_clock_of(local, taken_at)


def local_days(
    taken_at: datetime | None, time_zone: str | None, place: str | None
) -> tuple[date, ...]:
    """Return the local day of a photo, or all that it may be where the zone is not known.

    >>> moment = datetime(2026, 1, 4, 23, 30, tzinfo=UTC)
    >>> [day.day for day in local_days(moment, "Asia/Kolkata", None)]
    [5]
    >>> [day.day for day in local_days(moment, None, "Chennai")], local_days(None, None, None)
    ([4, 5], ())
    """
    if taken_at is None:
        return ()
    local = local_time(taken_at, time_zone, place)
    if local is not None:
        return (local.date(),)
    first, last = ((taken_at.astimezone(UTC) + ahead).date() for ahead in (_WEST, _EAST))
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def time_text(taken_at: datetime, time_zone: str | None, place: str | None) -> str:
    """Return when a photo was taken, for people: on the clock of its place, with the offset.

    >>> moment = datetime(2026, 1, 4, 23, 30, tzinfo=UTC)
    >>> time_text(moment, "Asia/Kolkata", "Chennai"), time_text(moment, None, "Chennai")
    ('5 Jan 2026, 05:00 (UTC+05:30)', '4 Jan 2026, 23:30 UTC (local time not known)')
    """
    local = local_time(taken_at, time_zone, place)
    if local is None:
        return f"{_clock(taken_at.astimezone(UTC))} UTC (local time not known)"
    offset = local.strftime("%z")
    return f"{_clock(local)} (UTC{offset[:3]}:{offset[3:5]})"


def place_day(place: str | None, day: date | None) -> str | None:
    """Name the group of photos that share place and weather; without a day the whole place.

    >>> place_day("Delhi", date(2023, 2, 1)), place_day("Delhi", None), place_day(None, None)
    ('Delhi|2023-02-01', 'Delhi', None)
    """
    if place is None:
        return None
    return place if day is None else f"{place}|{day.isoformat()}"


def _clock(time: datetime) -> str:
    return f"{time.day} {time:%b %Y, %H:%M}"
