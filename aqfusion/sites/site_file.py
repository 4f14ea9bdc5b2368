"""A site as one small JSON file (`format: 1`): exported and imported by people.

`docs/formats.md` has its fields. A day that breaks a rule costs that day, its photo's part that
part; a site that has no name or coordinates to believe costs the file.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.io.json_models import (
    Number,
    ReadAs,
    Sha256,
    TableError,
    Text,
    at_most,
    check,
    check_format,
    fault,
    parse_table,
    printable,
    short,
)
from aqfusion.sites.landmark import Landmark
from aqfusion.sites.reference_photo import ReferencePhoto
from aqfusion.sites.site import MODEL_STANDARD, MOST_DAYS, MOST_LANDMARKS, Day, DayPhoto, Site
from aqfusion.time_zones import TimeError, zone

FORMAT = 1
LARGEST = 20_000_000  # bytes; a site of 100 days has about 100 000
_MOST_FAULTS = 200
_DIGITS = 4  # of an embedding's numbers
# How much a file may hold before it is read: a list of nothing but lists takes much memory.
_MOST_PARTS = {b"[": 10_000, b"{": 10_000, b",": 1_200_000}
_SITE_KEYS = (
    *("format", "name", "latitude", "longitude", "timezone", "learned_as"),
    *("reference", "landmarks", "days"),
)
_DAY_KEYS = ("aqi", "standard", "source", "taken_at", "readings", "photo")
_T = TypeVar("_T")


@dataclass(frozen=True)
class ReadSite:
    """The site of a file, and a sentence for each part that was excluded."""

    site: Site
    faults: tuple[str, ...] = ()


def read_site(path: Path) -> ReadSite:
    """Read a site's file; one that is no site raises `InputError`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # whose own text has the folder
        reason = error.strerror if isinstance(error, OSError) else "its name is none"
        raise TableError(f"{path.name} must be a readable file: {reason}") from error
    return parse_site(content, path.name)


def parse_site(content: bytes, name: str = "site file") -> ReadSite:
    """Read the bytes of a site's file as `read_site` does; `name` opens every sentence."""
    if len(content) > LARGEST:
        raise TableError(f"{name} must have at most {LARGEST // 1_000_000} MB, got more")
    for sign, most in _MOST_PARTS.items():
        if content.count(sign) > most:
            raise TableError(f"{name} must be a site, got more than {most} of {sign.decode()!r}")
    table = parse_table(content, name)
    check_format(table, name, FORMAT)
    stored: _StoredSite = check(_StoredSite, table, name)
    reader = _SiteFileReader(name, [])
    reader.tell_others(table, _SITE_KEYS, "")
    days = reader.each(stored.days, reader.day, "days")
    landmarks = reader.each(stored.landmarks, reader.landmark, "landmarks")
    reference = reader.attempt(reader.reference, stored.reference, "reference")
    try:
        site = Site(
            name=stored.name,
            latitude=stored.latitude,
            longitude=stored.longitude,
            timezone=stored.timezone,
            days=days,
            landmarks=landmarks,
            learned_as=stored.learned_as,
            reference=reference,
        )
    except InputError as error:
        raise printable(f"{name}: {error}") from error
    more = len(reader.faults) - _MOST_FAULTS
    rest = [f"{name}: {more} more faults"] if more > 0 else []
    return ReadSite(site, (*reader.faults[:_MOST_FAULTS], *rest))


def site_bytes(site: Site) -> bytes:
    """Return the file of a site: UTF-8, one line for each day and landmark."""
    head: dict[str, object] = {
        "format": FORMAT,
        "name": site.name,
        "latitude": site.latitude,
        "longitude": site.longitude,
        "timezone": site.timezone,
        "learned_as": site.learned_as,
    }
    if site.reference is not None:
        head["reference"] = {"digest": site.reference.digest, "jpeg": site.reference.base64}
    lines = [f"  {_json(key)}: {_json(value)}" for key, value in head.items() if value is not None]
    lines.append(_list("landmarks", [_landmark_json(landmark) for landmark in site.landmarks]))
    lines.append(_list("days", [_day_json(day) for day in site.days]))
    content = ("{\n" + ",\n".join(lines) + "\n}\n").encode()
    if len(content) > LARGEST:
        most = LARGEST // 1_000_000
        raise TableError(f"a site's file must have at most {most} MB, got {len(content)} bytes")
    return content


def write_site(path: Path, site: Site) -> None:
    """Write the file of a site, whole or not at all."""
    from aqfusion.io.atomic_files import replace_file  # late: an exported folder writes nothing

    replace_file(path, site_bytes(site))


def day_line(day: Day) -> str:
    """Return a day as its line of a site's file."""
    return _json(_day_json(day))


def parse_day(line: str, name: str) -> Day:
    """Read what `day_line` wrote; a day that breaks a rule raises `InputError`."""
    return _SiteFileReader(name, []).day(parse_table(line.encode(), name), "")


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("must be a time as in 2023-02-01T08:30+05:30") from error


def _zone(name: str) -> str:
    try:
        zone(name)
    except TimeError as error:
        raise ValueError(str(error)) from error
    return name


@dataclass(frozen=True)
class _StoredSite:
    """A site's file; a fault in the parts of type `Any` costs these parts, in others the file."""

    name: Text
    latitude: Number | None = None
    longitude: Number | None = None
    timezone: Annotated[str, ReadAs(Annotated[str, short(64)], _zone)] | None = None
    learned_as: Annotated[str, short(200)] | None = None
    days: Annotated[list[Any], at_most(list[Any], MOST_DAYS)] | None = None
    landmarks: Annotated[list[Any], at_most(list[Any], MOST_LANDMARKS)] | None = None
    reference: Any = None


@dataclass(frozen=True)
class _StoredDay:
    aqi: Number
    source: Text
    taken_at: Annotated[datetime, ReadAs(Annotated[str, short(40)], _time)] | None = None
    standard: Text | None = None
    readings: dict[Any, Any] | None = None
    photo: Any = None


@dataclass(frozen=True)
class _StoredReference:
    digest: Sha256
    jpeg: str


@dataclass(frozen=True)
class _SiteFileReader:
    """Reads the parts of one file; what each part costs is told in `faults`."""

    name: str
    faults: list[str]

    def attempt(self, read: Callable[[Any, str], _T], value: object, place: str) -> _T | None:
        """What `read` makes of a part that is there and keeps the rules."""
        try:
            return None if value is None else read(value, place)
        except TableError as error:
            self.faults.append(str(error))
        except InputError as error:  # of a rule that knows nothing of files
            self.faults.append(str(printable(f"{self.name}: {place}: {error}")))
        return None

    def each(
        self, entries: list[Any] | None, read: Callable[[Any, str], _T], place: str
    ) -> tuple[_T, ...]:
        """What `read` makes of the entries that keep the rules."""
        addressed = [(entry, f"{place}[{i}]") for i, entry in enumerate(entries or ())]
        parts = [self.attempt(read, entry, at) for entry, at in addressed]
        return tuple(part for part in parts if part is not None)

    def day(self, value: Any, place: str) -> Day:
        """A day, without those of its readings and without the photo that break a rule."""
        stored: _StoredDay = check(_StoredDay, value, self.name, place)
        self.tell_others(value, _DAY_KEYS, place)
        readings, photo = f"{place}.readings".lstrip("."), f"{place}.photo".lstrip(".")
        return Day(
            aqi=stored.aqi,
            source=stored.source,
            taken_at=stored.taken_at,
            standard=stored.standard or MODEL_STANDARD,
            reading=self._reading(stored.readings or {}, readings),
            photo=self.attempt(partial(self._as, DayPhoto), stored.photo, photo),
        )

    def landmark(self, value: Any, place: str) -> Landmark:
        """A landmark."""
        landmark: Landmark = check(Landmark, value, self.name, place)
        self.tell_others(value, ("name", "box", "sky", "distance_km"), place)
        return landmark

    def reference(self, value: Any, place: str) -> ReferencePhoto:
        """The reference photo."""
        stored: _StoredReference = check(_StoredReference, value, self.name, place)
        return ReferencePhoto.from_base64(stored.digest, stored.jpeg)

    def tell_others(self, table: dict[str, Any], names: tuple[str, ...], place: str) -> None:
        """Tell each name that is not of this format: it may be a slip of the pen."""
        rule = f"must have no other names than {', '.join(names)}"
        others = [name[:40] for name in table if name not in names][:20]
        self.faults.extend(str(fault(self.name, place, rule, name)) for name in others)

    def _reading(self, values: dict[str, Any], place: str) -> Reading:
        self.tell_others(values, POLLUTANTS, place)
        single = {
            name: self.attempt(partial(self._value, name), values.get(name), place)
            for name in POLLUTANTS
        }
        return Reading(**{name: value for name, value in single.items() if value is not None})

    def _value(self, pollutant: str, value: object, place: str) -> float:
        number: float = check(Number, value, self.name, f"{place}.{pollutant}")
        Reading(**{pollutant: number})  # raises for one that no air has
        return number

    def _as(self, kind: Any, value: object, place: str) -> Any:
        return check(kind, value, self.name, place)


def _day_json(day: Day) -> dict[str, object]:
    entry: dict[str, object] = {
        "taken_at": None if day.taken_at is None else day.taken_at.isoformat(),
        "aqi": _plain(day.aqi),
        "standard": day.standard,
        "source": day.source,
    }
    if day.reading.present:
        entry["readings"] = {
            name: _plain(getattr(day.reading, name)) for name in day.reading.present
        }
    if day.photo is not None:
        entry["photo"] = {
            "digest": day.photo.digest,
            "model": day.photo.model,
            "haze": _plain(day.photo.haze),
            "extinction": {key: float(value) for key, value in day.photo.extinction.items()},
            "embedding": [_plain(round(float(v), _DIGITS)) for v in day.photo.embedding],
        }
    return entry


def _landmark_json(landmark: Landmark) -> dict[str, object]:
    boxes = {"box": landmark.box, "sky": landmark.sky}
    sides = {key: [box.left, box.top, box.right, box.bottom] for key, box in boxes.items()}
    distance = {} if landmark.distance_km is None else {"distance_km": landmark.distance_km}
    return {"name": landmark.name, **sides, **distance}


def _plain(number: float) -> float:
    return int(number) if float(number).is_integer() else float(number)


def _list(key: str, entries: list[dict[str, object]]) -> str:
    lines = ",\n".join(f"    {_json(entry)}" for entry in entries)
    return f'  "{key}": [\n{lines}\n  ]' if entries else f'  "{key}": []'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
