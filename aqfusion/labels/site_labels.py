"""Adjudicated labels of photos of a place as measured days of its site, without a training."""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from aqfusion.air.aqi import STANDARDS
from aqfusion.labels.adjudicated import Adjudicated, adjudicated
from aqfusion.labels.capture_time import zone_of
from aqfusion.labels.database import Database
from aqfusion.sites.site import MOST_DAYS, Day, Site, SiteError
from aqfusion.time_zones import on_the_clock_of

__all__ = ["label_days", "with_labels"]

SOURCE = "label"


def with_labels(database: Database, site: Site) -> Site:
    """The site with the settled labels of the place that has its name, beside its own days.

    A label of the same time as a day takes its place, and of two labels the one that was settled
    last. Where there are too many, the newest days stay.
    """
    places = {_plain(name) for name in (site.name, site.learned_as) if name}
    days = label_days(adjudicated(database, places=places))
    if not days:
        return site
    times = {day.taken_at for day in days}
    own = tuple(day for day in site.days if day.taken_at is None or day.taken_at not in times)
    both = sorted((*own, *days), key=_time)
    return replace(site, days=tuple(both[-MOST_DAYS:]))


def label_days(values: Iterable[Adjudicated]) -> tuple[Day, ...]:
    """Days of settled values with a time and an exact AQI; one for each time, the last settled."""
    days = {}
    for value in sorted(values, key=lambda value: value.last_event):
        if value.aqi is None or value.taken_at is None or value.standard not in STANDARDS:
            continue
        zone = zone_of(value.time_zone, value.place)
        time = value.taken_at if zone is None else on_the_clock_of(zone, value.taken_at)
        try:
            day = Day(value.aqi, SOURCE, time, value.standard, value.reading)
        except SiteError:  # of a year that no site knows
            continue
        days[value.taken_at] = day
    return tuple(sorted(days.values(), key=_time))


def _time(day: Day) -> float:
    return day.taken_at.timestamp() if day.taken_at else 0.0


def _plain(name: str) -> str:
    """A name as items keep that of their place."""
    return " ".join(unicodedata.normalize("NFC", name).split())
