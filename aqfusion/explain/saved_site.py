"""The site of a report: its name and days, and the checksum of all that an answer rests on."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from aqfusion.io.json_models import OrAbsent, Sha256, Text, Whole
from aqfusion.sites.site import Day, Site


@dataclass(frozen=True)
class SavedSite:
    """A site as a report names it; `learned_as` is the model's own name of a place it learned."""

    name: Text
    days: Whole
    learned_as: OrAbsent[Text]
    digest: Sha256

    @classmethod
    def of(cls, site: Site) -> "SavedSite":
        """What is said of a site."""
        return cls(site.name, site.day_count, site.learned_as, site_digest(site))


def site_digest(site: Site) -> str:
    """SHA-256 (hex) of the days that count, the landmarks with their photo, the time zone; not of
    the name.

    A photo counts by what was measured in it, so the same days in a file of another version, or
    seen by another model, have the same digest.
    """
    told = {
        "timezone": site.timezone,
        "learned_as": site.learned_as,
        "days": [_day(day) for day in site.history],
        "landmarks": [asdict(landmark) for landmark in site.landmarks],
        "reference": None if site.reference is None else site.reference.digest,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def instant(time: datetime) -> str:
    """A time as ISO 8601 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(day: Day) -> list[Any]:
    extinction = {} if day.photo is None else dict(day.photo.extinction)
    taken_at = None if day.taken_at is None else instant(day.taken_at)
    values = [None if value is None else float(value) for value in _readings(day)]
    return [float(day.aqi), taken_at, values, extinction]


def _readings(day: Day) -> list[float | None]:
    """By pollutant, `None` where missing: a missing one is a NaN to the model, which is no JSON."""
    return list(vars(day.reading).values())
