"""A site: a place with its history of measured days, and the landmarks that its photos show."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from typing import Annotated

from aqfusion.air.aqi import STANDARDS
from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.io.json_models import ReadAs, Rule, Sha256, at_most
from aqfusion.sites.landmark import LONGEST_NAME as LONGEST_LANDMARK
from aqfusion.sites.landmark import Landmark
from aqfusion.sites.reference_photo import ReferencePhoto
from aqfusion.time_zones import zone

# The standard of the model's AQI; a day of another one is kept, but has no effect.
MODEL_STANDARD = "us"
# Where a day's AQI comes from.
SOURCES = ("monitor", "nearest station", "sample station", "OpenAQ", "label", "table", "data set")
LONGEST_NAME = 80
MOST_DAYS, MOST_LANDMARKS = 2000, 20
_YEARS = range(1970, 2200)  # whose times every clock of the world can show


_LONGEST_EMBEDDING = 512
_LARGEST = 1000  # number of an embedding or an extinction
_Bounded = Annotated[
    float, Rule(f"must be a number from -{_LARGEST} to {_LARGEST}", ge=-_LARGEST, le=_LARGEST)
]


class SiteError(InputError):
    """A site, or a day of one, that breaks a rule."""


def _few_landmarks(extinction: dict[str, float] | None) -> dict[str, float]:
    names = extinction or {}
    if len(names) > MOST_LANDMARKS or any(len(name) > LONGEST_LANDMARK for name in names):
        rule = f"{MOST_LANDMARKS} names of at most {LONGEST_LANDMARK} characters"
        raise ValueError(f"must have at most {rule}")
    return names


@dataclass(frozen=True)
class DayPhoto:
    """The stored features of a day's photo, never its pixels.

    `digest` is that of `Photo`; `model` the SHA-256 of the weights that gave `embedding` (E,) and
    `haze`, the haze score of 0 to 100; `extinction` is minus the logarithm of each landmark's
    contrast to the sky above it, by the landmark's name.
    """

    digest: Sha256
    model: Sha256
    embedding: Annotated[tuple[float, ...], at_most(tuple[_Bounded, ...], _LONGEST_EMBEDDING)]
    haze: Annotated[float, Rule("must be a number from 0 to 100", ge=0, le=100)]
    extinction: Annotated[
        Mapping[str, float], ReadAs(dict[str, _Bounded] | None, _few_landmarks)
    ] = field(default_factory=dict)


@dataclass(frozen=True)
class Day:
    """One measurement at a site: an AQI of 0 to 500 by a standard, at a time if that is known.

    `taken_at` names its offset. Days of one local date count as one: their air is much the same.
    """

    aqi: float
    source: str
    taken_at: datetime | None = None
    standard: str = MODEL_STANDARD
    reading: Reading = field(default_factory=Reading)
    photo: DayPhoto | None = None

    def __post_init__(self) -> None:
        """Check what can be wrong."""
        if not (math.isfinite(self.aqi) and 0 <= self.aqi <= 500):
            raise SiteError(f"aqi must be 0 to 500, got {self.aqi:g}")
        if self.source not in SOURCES:
            names = ", ".join(SOURCES)
            raise SiteError(f"source must be one of {names}, got {self.source[:40]!r}")
        if self.taken_at is not None and self.taken_at.tzinfo is None:
            raise SiteError(f"time must name its time zone, got {self.taken_at.isoformat()}")
        if self.taken_at is not None and self.taken_at.year not in _YEARS:
            rule = f"time must be of the years {_YEARS.start} to {_YEARS.stop - 1}"
            raise SiteError(f"{rule}, got {self.taken_at.year}")
        if self.standard not in STANDARDS:
            names = ", ".join(STANDARDS)
            raise SiteError(f"standard must be one of {names}, got {self.standard[:40]!r}")

    @property
    def counts(self) -> bool:
        """Whether the day's AQI is of the model's standard."""
        return self.standard == MODEL_STANDARD


@dataclass(frozen=True)
class Site:
    """A place by its name; coordinates in degrees and IANA time zone, where they are known.

    `days` are in the order of their coming. `learned_as` is the model's own name of a place that
    its network was trained on, `None` for every other. `landmarks` have different names and are
    drawn on `reference`; without it nothing is measured at them.
    """

    name: str
    latitude: float | None = None
    longitude: float | None = None
    timezone: str | None = None
    days: tuple[Day, ...] = ()
    landmarks: tuple[Landmark, ...] = ()
    learned_as: str | None = None
    reference: ReferencePhoto | None = None

    def __post_init__(self) -> None:
        """Check what can be wrong."""
        if not self.name.strip() or len(self.name) > LONGEST_NAME or not self.name.isprintable():
            rule = f"site name must have 1 to {LONGEST_NAME} printable characters"
            raise SiteError(f"{rule}, got {self.name[:LONGEST_NAME]!r}")
        if (self.latitude is None) != (self.longitude is None):
            raise SiteError("latitude and longitude must be given both or neither, got one")
        for name, value, most in (
            ("latitude", self.latitude, 90),
            ("longitude", self.longitude, 180),
        ):
            if value is not None and not abs(value) <= most:
                raise SiteError(f"{name} must be -{most} to {most} degrees, got {value:g}")
        if self.timezone is not None:
            zone(self.timezone)  # raises for a name that is none
        names = [landmark.name for landmark in self.landmarks]
        if len(set(names)) < len(names):
            raise SiteError(f"landmarks must have different names, got {', '.join(names)}")
        if len(self.days) > MOST_DAYS:
            raise SiteError(f"a site must have at most {MOST_DAYS} days, got {len(self.days)}")

    @property
    def zone(self) -> tzinfo | None:
        """The site's time zone, if it is known."""
        return None if self.timezone is None else zone(self.timezone)

    @property
    def history(self) -> tuple[Day, ...]:
        """The days whose AQI the model can use."""
        return tuple(day for day in self.days if day.counts)

    @property
    def day_count(self) -> int:
        """The number of different days in the history; one without a time counts for itself."""
        dates = [self.date_of(day) for day in self.history]
        return len({local_date for local_date in dates if local_date is not None}) + dates.count(
            None
        )

    def date_of(self, day: Day) -> date | None:
        """The local date of a day, on the site's clock if that is known."""
        if day.taken_at is None:
            return None
        return (day.taken_at.astimezone(self.zone) if self.zone else day.taken_at).date()

    def with_day(self, day: Day) -> "Site":
        """The site with one more day; it replaces one of the same photo or time.

        Two days without a time and a photo cannot be compared, so both are kept.
        """
        others = tuple(old for old in self.days if not same_day(old, day))
        return replace(self, days=(*others, day))

    def without_date_of(self, day: Day) -> "Site":
        """The site without all days of the local date of `day`: as it was to be judged by it."""
        own = self.date_of(day)
        kept = tuple(
            old for old in self.days if old is not day and (own is None or self.date_of(old) != own)
        )
        return replace(self, days=kept)


def same_day(first: Day, second: Day) -> bool:
    """Return whether two days have the same photo, or else the same time: the later one counts."""
    if first.photo is not None and second.photo is not None:
        return first.photo.digest == second.photo.digest
    return first.taken_at is not None and first.taken_at == second.taken_at
