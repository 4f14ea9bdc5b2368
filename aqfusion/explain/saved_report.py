"""A report read back from its JSON, whoever wrote it: all that is needed to reproduce it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.images.photo import Photo
from aqfusion.io.json_models import (
    Flag,
    Names,
    OrAbsent,
    ReadAs,
    Sha256,
    Size,
    TableError,
    Text,
    Whole,
    check,
    check_format,
    fault,
    parse_table,
)
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
    parts = {
        "timezone": site.timezone,
        "learned_as": site.learned_as,
        "days": [_day(day) for day in site.history],
        "landmarks": [asdict(landmark) for landmark in site.landmarks],
        "reference": None if site.reference is None else site.reference.digest,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


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


FORMAT = 2
_WITHOUT_SITES = 1  # a format of before there were sites
RESULTS = ("prediction", "explanation", "formula")  # what a repetition must find again
_LARGEST = 1_000_000  # bytes; a report has about 10 000
_YEARS = range(1970, 2200)
_SHOWN = 12  # characters of a checksum, in sentences


class ReportError(InputError):
    """A report that cannot be repeated with this model or this photo."""


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.min
    if time.tzinfo is None or time.year not in _YEARS:
        rule = f"of the years {_YEARS.start} to {_YEARS.stop - 1} with its offset from UTC"
        raise ValueError(f"must be a time of ISO 8601, {rule}")
    return time


def _reading(values: dict[str, float | None]) -> Reading:
    return Reading(**values)


_Readings = Annotated[dict[str, Size | None], Names(POLLUTANTS, refuse_others=True)]


@dataclass(frozen=True)
class _Photo:
    digest: Sha256


@dataclass(frozen=True)
class _Inputs:
    readings: Annotated[Reading, ReadAs(_Readings, _reading)]
    units: Annotated[dict[str, Any], Names(POLLUTANTS)]
    trust_photo: Flag
    photo: _Photo | None = None
    site: SavedSite | None = None
    taken_at: Annotated[datetime, ReadAs(Text, _time)] | None = None
    units_stated: Flag | None = None


@dataclass(frozen=True)
class _Model:
    name: Text
    sha256: Sha256


@dataclass(frozen=True)
class _StoredReport:
    inputs: _Inputs
    model: _Model
    prediction: dict[Any, Any]
    explanation: dict[Any, Any]
    formula: dict[Any, Any]


@dataclass(frozen=True)
class SavedReport:
    """What a report says went in, and its `RESULTS`; `name` is that of its file.

    `photo_digest` is `None` where there was no photo, `site` where no place was known.
    """

    name: str
    format: int
    results: Mapping[str, Any]
    reading: Reading
    photo_digest: str | None
    trust_photo: bool
    model: str
    sha256: str
    site: SavedSite | None = None
    taken_at: datetime | None = None
    units_stated: bool = True

    @property
    def knows_sites(self) -> bool:
        """Whether it is of a format that tells of sites."""
        return self.format != _WITHOUT_SITES

    def check_photo(self, photo: Photo | None) -> None:
        """Refuse any photo but the one of the report; `ReportError`."""
        stated = self.photo_digest
        if photo is None and stated is None:
            return
        if photo is None and stated is not None:
            raise ReportError(
                f"{self.name} was made with a photo (digest {stated[:_SHOWN]}...): "
                "give the same photo to repeat it"
            )
        if photo is not None and stated is None:
            raise ReportError(f"{self.name} was made without a photo, got one")
        if photo is not None and stated is not None and photo.digest != stated:
            raise ReportError(
                f"photo must have the digest {stated[:_SHOWN]}... as {self.name} says, got "
                f"{photo.digest[:_SHOWN]}...; it is a different photo or a different size of it"
            )

    def check_site(self, site: Site | None) -> None:
        """Refuse any site but that of the report, with the same days; `ReportError`."""
        stated = self.site
        if site is None and stated is not None:
            raise ReportError(
                f"{self.name} was made at {stated.name[:80]!r} with {stated.days} days "
                f"(digest {stated.digest[:_SHOWN]}...): give the same site to repeat it"
            )
        if site is not None and stated is None:
            raise ReportError(f"{self.name} was made without a site, got {site.name!r}")
        if site is not None and stated is not None and site_digest(site) != stated.digest:
            raise ReportError(
                f"site must have the digest {stated.digest[:_SHOWN]}... as {self.name} says, got "
                f"{site_digest(site)[:_SHOWN]}...; it is a different place, or its days have "
                "changed"
            )

    def check_model(self, name: str, sha256: str) -> None:
        """Refuse any weights but those of the report; `ReportError`."""
        if sha256 != self.sha256:
            raise ReportError(
                f"model must have the sha256 {self.sha256[:_SHOWN]}... as {self.name} says, got "
                f"{sha256[:_SHOWN]}... of {name[:80]!r}; it is a different version of the model"
            )


def read_report(path: Path) -> SavedReport:
    """Read a report's file; what breaks a rule raises `TableError` with its address."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise TableError(f"{path.name} must be a readable file: {error.strerror}") from error
    return parse_report(content, path.name)


def parse_report(content: bytes, name: str = "report") -> SavedReport:
    """Read the bytes of a report as `read_report` does; `name` opens the error's sentence."""
    if len(content) > _LARGEST:
        raise TableError(f"{name} must be a report, which has less than 1 MB, got more")
    return _saved(parse_table(content, name), name)


def _saved(table: Any, name: str) -> SavedReport:
    format_ = check_format(table, name, _WITHOUT_SITES, FORMAT)
    stored: _StoredReport = check(_StoredReport, table, name)
    inputs = stored.inputs
    for key, unit in inputs.units.items():
        if unit != pollutant(key).unit:
            raise fault(name, f"inputs.units.{key}", f"must be {pollutant(key).unit!r}", unit)
    return SavedReport(
        name=name,
        format=format_,
        results={part: getattr(stored, part) for part in RESULTS},
        reading=inputs.readings,
        photo_digest=None if inputs.photo is None else inputs.photo.digest,
        trust_photo=inputs.trust_photo,
        model=stored.model.name,
        sha256=stored.model.sha256,
        site=inputs.site,
        taken_at=inputs.taken_at,
        # a report of before units could be unknown does not say it
        units_stated=inputs.units_stated is not False,
    )
