"""A site as one small JSON file (`format: 1`): exported and imported by people.

`docs/formats.md` has its fields. A day that breaks a rule costs that day, its photo's part that
part; a site that has no name or coordinates to believe costs the file.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from aqfusion.air.pollutants import POLLUTANTS
from aqfusion.air.sensors import Reading
from aqfusion.errors import InputError
from aqfusion.files import replace_file
from aqfusion.io.json_models import TableError
from aqfusion.sites.landmark import LONGEST_NAME, Box, Landmark
from aqfusion.sites.reference import Reference
from aqfusion.sites.site import MODEL_STANDARD, MOST_DAYS, Day, DayPhoto, Site
from aqfusion.table_file import Field, parse_table
from aqfusion.time_zones import TimeError, zone

FORMAT = 1
LARGEST = 20_000_000  # bytes; a site of 100 days has about 100 000
MOST_LANDMARKS = 20
_MOST_FAULTS = 200
_DIGITS = 4  # of an embedding's numbers
_LONGEST_EMBEDDING = 512
_LARGEST_NUMBER = 1000  # of an embedding or an extinction
# How much a file may hold before it is read: a list of nothing but lists takes much memory.
_MOST_PARTS = {b"[": 10_000, b"{": 10_000, b",": 1_200_000}
_SITE_KEYS = (
    *("format", "name", "latitude", "longitude", "timezone", "learned_as"),
    *("reference", "landmarks", "days"),
)
_DAY_KEYS = ("aqi", "standard", "source", "taken_at", "readings", "photo")


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
    file = parse_table(content, name)
    if file["format"].whole() != FORMAT:
        raise file["format"].fault(f"must be {FORMAT}")
    faults = _unknown(file, _SITE_KEYS)
    days = _each(file.optional("days", _entries(MOST_DAYS)), _day, faults)
    landmarks = _each(file.optional("landmarks", _entries(MOST_LANDMARKS)), _landmark, faults)
    if len({landmark.name for landmark in landmarks}) < len(landmarks):
        raise file["landmarks"].fault("must have a name of its own for each")
    try:
        site = Site(
            name=file["name"].text(),
            latitude=file.optional("latitude", _number),
            longitude=file.optional("longitude", _number),
            timezone=file.optional("timezone", _zone),
            days=tuple(days),
            landmarks=tuple(landmarks),
            learned_as=file.optional("learned_as", _short(200)),
            reference=file.optional("reference", partial(_reference, faults=faults)),
        )
    except TableError:
        raise
    except InputError as error:
        raise _named(file, error) from error
    more = len(faults) - _MOST_FAULTS
    sentences = [*faults[:_MOST_FAULTS], *([f"{name}: {more} more faults"] if more > 0 else [])]
    return ReadSite(site, tuple(sentences))


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
    replace_file(path, site_bytes(site))


def day_line(day: Day) -> str:
    """Return a day as its line of a site's file."""
    return _json(_day_json(day))


def parse_day(line: str, name: str) -> Day:
    """Read what `day_line` wrote; a day that breaks a rule raises `InputError`."""
    return _day(parse_table(line.encode(), name), [])


def _each(
    entries: tuple[Field, ...] | None, read: Callable[[Field, list[str]], Any], faults: list[str]
) -> list[Any]:
    """The values of valid entries by `read`; the others are added to `faults`."""
    values = []
    for entry in entries or ():
        try:
            values.append(read(entry, faults))
        except TableError as error:
            faults.append(str(error))
        except InputError as error:
            faults.append(str(_named(entry, error)))
    return values


def _day(day: Field, faults: list[str]) -> Day:
    faults.extend(_unknown(day, _DAY_KEYS))
    return Day(
        aqi=_number(day["aqi"]),
        source=day["source"].text(),
        taken_at=day.optional("taken_at", _time),
        standard=day.optional("standard", Field.text) or MODEL_STANDARD,
        reading=day.optional("readings", partial(_reading, faults=faults)) or Reading(),
        photo=day.optional("photo", partial(_photo, faults=faults)),
    )


def _reading(readings: Field, faults: list[str]) -> Reading:
    """The values that keep the rules."""
    reading = Reading()
    faults.extend(_unknown(readings, POLLUTANTS))
    for name in POLLUTANTS:
        try:
            reading = replace(reading, **{name: readings.optional(name, _number)})
        except TableError as error:
            faults.append(str(error))
        except InputError as error:  # whose sentence the pollutant's name opens
            faults.append(str(_named(readings, error)))
    return reading


def _photo(photo: Field, faults: list[str]) -> DayPhoto | None:
    try:
        haze = _number(photo["haze"])
        if not 0 <= haze <= 100:
            raise photo["haze"].fault("must be 0 to 100")
        return DayPhoto(
            digest=_sha256(photo["digest"]),
            model=_sha256(photo["model"]),
            embedding=_embedding(photo["embedding"]),
            haze=haze,
            extinction=photo.optional("extinction", _extinction) or {},
        )
    except TableError as error:
        faults.append(str(error))
        return None


def _embedding(field: Field) -> tuple[float, ...]:
    return tuple(_bounded(entry) for entry in _entries(_LONGEST_EMBEDDING)(field))


def _extinction(field: Field) -> dict[str, float]:
    names = field.keys()
    if len(names) > MOST_LANDMARKS or any(len(name) > LONGEST_NAME for name in names):
        rule = f"must have at most {MOST_LANDMARKS} names of at most {LONGEST_NAME} characters"
        raise field.fault(rule)
    return field.each(_bounded)


def _landmark(landmark: Field, faults: list[str]) -> Landmark:
    faults.extend(_unknown(landmark, ("name", "box", "sky", "distance_km")))
    return Landmark(
        name=landmark["name"].text(),
        box=_box(landmark["box"]),
        sky=_box(landmark["sky"]),
        distance_km=landmark.optional("distance_km", _number),
    )


def _reference(field: Field, faults: list[str]) -> Reference | None:
    try:
        jpeg = field["jpeg"].value
        if not isinstance(jpeg, str):
            raise field["jpeg"].fault("must be a text")
        return Reference.from_base64(_sha256(field["digest"]), jpeg)
    except TableError as error:
        faults.append(str(error))
    except InputError as error:
        faults.append(str(_named(field, error)))
    return None


def _box(field: Field) -> Box:
    sides = [_number(side) for side in field.entries()]
    if len(sides) != 4:
        raise field.fault("must be left, top, right and bottom")
    return Box(*sides)


def _time(field: Field) -> datetime:
    try:
        return datetime.fromisoformat(_short(40)(field))
    except TableError:
        raise
    except ValueError as error:
        raise field.fault("must be a time as in 2023-02-01T08:30+05:30") from error


def _zone(field: Field) -> str:
    name = _short(64)(field)
    try:
        zone(name)
    except TimeError as error:
        raise field.fault(str(error)) from error
    return name


def _sha256(field: Field) -> str:
    if not re.fullmatch("[0-9a-f]{64}", field.text()):
        raise field.fault("must be 64 hexadecimal digits")
    return field.text()


def _number(field: Field) -> float:
    return float(field.number())


def _bounded(field: Field) -> float:
    if not abs(field.number()) <= _LARGEST_NUMBER:
        raise field.fault(f"must be -{_LARGEST_NUMBER} to {_LARGEST_NUMBER}")
    return float(field.number())


def _short(most: int) -> Callable[[Field], str]:
    def read(field: Field) -> str:
        if len(field.text()) > most or not field.text().isprintable():
            raise field.fault(f"must have at most {most} printable characters")
        return field.text()

    return read


def _entries(most: int) -> Callable[[Field], tuple[Field, ...]]:
    def read(field: Field) -> tuple[Field, ...]:
        count = len(field.value) if isinstance(field.value, list) else 0
        if count > most:  # told before each becomes a field, and without what they are
            raise TableError(
                f"{field.file}: {field.path} must have at most {most} entries, got {count}"
            )
        return field.entries()

    return read


def _unknown(field: Field, valid_names: tuple[str, ...]) -> list[str]:
    """A sentence for each name that is not of this format: it may be a slip of the pen."""
    rule = f"must have no names but {', '.join(valid_names)}"
    strangers = [name[:40] for name, _ in field.items() if name not in valid_names]
    return [str(Field(field.file, field.path, name).fault(rule)) for name in strangers[:20]]


def _named(field: Field, error: InputError) -> TableError:
    """The sentence of a rule, with the address in the file."""
    place = f"{field.path}: " if field.path else ""
    sentence = f"{field.file}: {place}{error}"
    return TableError(sentence.encode("utf-8", "backslashreplace").decode("utf-8"))


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
