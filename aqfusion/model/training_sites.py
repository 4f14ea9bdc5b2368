"""The places that a model was trained on, as sites with their days."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from aqfusion.air.readings import POLLUTANTS, Reading
from aqfusion.data.sample_places import SamplePlace, sample_places
from aqfusion.model.site_process import DayTable
from aqfusion.sites.site import Day, Site
from aqfusion.time_zones import zone


def trained_sites(names: Sequence[str], days: DayTable) -> tuple[Site, ...]:
    """One site per place, in the order of their names; coordinates where it is a sample place."""
    places = {place.location: place for place in sample_places()}
    sites = []
    for number, name in enumerate(names):
        place = places.get(name)
        own = days.where(days.place == number)
        rows = zip(own.aqi.tolist(), own.readings.tolist(), own.time.tolist(), strict=True)
        local = UTC if place is None else zone(place.timezone)
        history = tuple(_day(aqi, readings, time, local) for aqi, readings, time in rows)
        sites.append(_site(name, place, history))
    return tuple(sorted(sites, key=lambda site: site.name))


def _site(name: str, place: SamplePlace | None, history: tuple[Day, ...]) -> Site:
    if place is None:
        return Site(name, timezone="UTC", days=history, learned_as=name)
    return Site(
        place.name,
        place.latitude,
        place.longitude,
        place.timezone,
        history,
        learned_as=name,
    )


def _day(aqi: float, readings: list[float], time: float, local: tzinfo) -> Day:
    values = {name: v for name, v in zip(POLLUTANTS, readings, strict=True) if v == v}
    # A clock time that is not known is a NaN.
    clock = datetime(1970, 1, 1) + timedelta(days=time) if time == time else None
    taken_at = None if clock is None else _rounded(clock).replace(tzinfo=local)
    return Day(aqi, "data set", taken_at, reading=Reading(**values))


def _rounded(clock: datetime) -> datetime:
    """To the minute: a number of days is not exact."""
    return (clock + timedelta(seconds=30)).replace(second=0, microsecond=0)
