"""Settled items as a data folder, which `train` reads as it is; groups that are never split.

What must not be split is one group: a place and day, the same photo, and photos that are nearly
the same, whatever their days. In the public set that makes 58 groups of 77, the largest a tenth.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aqfusion.air.aqi import round_half_up, standard
from aqfusion.air.readings import Reading
from aqfusion.data.dataset_folder import CSV_NAME, MANIFEST_NAME, PHOTO_FOLDER, READING_COLUMNS
from aqfusion.data.group_split import assign_folds
from aqfusion.data.sample_places import timezone_of
from aqfusion.errors import InputError
from aqfusion.images.perceptual_hash import FingerprintIndex, fingerprint_value, perceptual_hash
from aqfusion.images.photo import Photo
from aqfusion.io.spreadsheet_csv import CsvCell, csv_text
from aqfusion.labels.adjudication import AdjudicatedLabel, snapshot_hash
from aqfusion.labels.capture_time import local_days, local_time, place_day, zone_of
from aqfusion.labels.exports.item_history import WholeItem, copy_photos, photo_name
from aqfusion.labels.photo_store import PhotoStore

__all__ = [
    "NO_PLACE",
    "README_NAME",
    "Learnable",
    "TrainingRow",
    "band_middle",
    "training_rows",
    "write_training_folder",
]

NO_PLACE = "unknown place"


@dataclass(frozen=True)
class Learnable:
    """A settled value with the signed fingerprint of its photo."""

    value: AdjudicatedLabel
    fingerprint: int


@dataclass(frozen=True)
class TrainingRow:
    """One row of the table; `exact` is false where the AQI is the middle of a category's band.

    `taken_at` is on the clock of `time_zone`, the place's own where it is known, else UTC.
    """

    photo_hash: str
    file: str
    place: str
    taken_at: datetime | None
    time_zone: str | None
    reading: Reading
    aqi: int
    exact: bool
    session: str
    group: str
    fold: int


def band_middle(category: int) -> int:
    """Return the AQI that stands for a US category.

    >>> [band_middle(category) for category in range(6)]
    [25, 76, 126, 176, 251, 401]
    """
    band = standard("us").categories[category]
    return round_half_up((band.i_low + band.i_high) / 2)


def training_rows(learnable: Sequence[Learnable]) -> tuple[TrainingRow, ...]:
    """Lay out all rows; each value has an AQI or a category, of the US standard."""
    groups = _groups(learnable)
    places = [entry.value.place or NO_PLACE for entry in learnable]
    folds = assign_folds(groups, places)
    used: dict[str, int] = {}
    rows = []
    for entry, group, place in zip(learnable, groups, places, strict=True):
        value = entry.value
        assert value.category is not None
        used[value.photo_hash] = copy = used.get(value.photo_hash, 0) + 1
        rows.append(
            TrainingRow(
                photo_hash=value.photo_hash,
                file=f"{value.photo_hash}{'' if copy == 1 else f'-{copy}'}.jpg",
                place=place,
                taken_at=_local(value),
                time_zone=_zone_name(value),
                reading=value.reading,
                aqi=value.aqi if value.aqi is not None else band_middle(value.category),
                exact=value.aqi is not None,
                session=_session(value),
                group=group,
                fold=folds[group],
            )
        )
    return tuple(rows)


def _groups(learnable: Sequence[Learnable]) -> list[str]:
    """Name each row's group after the first item in it."""
    parent = list(range(len(learnable)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first: dict[str, int] = {}
    index = FingerprintIndex()
    for row, entry in enumerate(learnable):
        for name in _ties(entry.value):
            parent[root(row)] = root(first.setdefault(name, row))
        for near in index.near(entry.fingerprint):
            parent[root(row)] = root(near)
        index.add(entry.fingerprint)
    return [f"group {learnable[root(row)].value.key[:16]}" for row in range(len(learnable))]


def _ties(value: AdjudicatedLabel) -> list[str]:
    """Name what a row shares with others of its group; a session never leaves its group.

    Where the zone is not known it may be of two or three local days, and goes with all of them.
    """
    days = local_days(value.taken_at, value.time_zone, value.place) if value.place else ()
    ties = (
        ("group", value.group),
        *(("day", place_day(value.place, day)) for day in days),
        ("photo", value.photo_hash),
        ("session", _session(value)),
    )
    return [f"{kind} {name}" for kind, name in ties if name is not None]


def _session(value: AdjudicatedLabel) -> str:
    """Name photos that share place, hour and readings; where these are unknown, each is alone."""
    local = _local(value)
    if value.place is None or local is None:
        return f"item {value.key[:16]}"
    readings = ",".join("" if number != number else repr(number) for number in value.reading.values)
    return f"{value.place}|{local:%Y-%m-%d %H:%M}|{readings}"


def _local(value: AdjudicatedLabel) -> datetime | None:
    return local_time(value.taken_at, value.time_zone, value.place) or value.taken_at


def _zone_name(value: AdjudicatedLabel) -> str | None:
    if value.taken_at is None:
        return None
    has_zone = zone_of(value.time_zone, value.place) is not None
    return (value.time_zone or timezone_of(value.place)) if has_zone else "UTC"


README_NAME = "README.txt"


def write_training_folder(
    items: Iterable[WholeItem], photos: PhotoStore, folder: Path
) -> tuple[int, tuple[str, ...]]:
    """Fill a folder, and return how many photos are in it and a sentence for all left out."""
    settled, frozen = _sorted_out(items)
    kept: list[Learnable] = []
    out: Counter[str] = Counter()
    pictures = folder / PHOTO_FOLDER
    missing = {*copy_photos(photos, (value.photo_hash for value, _ in settled), pictures)}
    for value, known_fingerprint in settled:
        why = _unusable(value)
        if value.photo_hash in missing:
            why = "whose photo is missing"
        if why is None:
            near = _fingerprint(known_fingerprint, pictures / photo_name(value.photo_hash))
            if frozen.near(near):
                why = "that are near-duplicates of a frozen item"
            else:
                kept.append(Learnable(value, near))
        if why is not None:
            out[why] += 1
    rows = training_rows(kept)
    if not rows:
        raise InputError("There is nothing to export: no settled item has an AQI or a category.")
    _arrange(rows, pictures)
    sentences = tuple(f"{count} left out: items {why}" for why, count in sorted(out.items()))
    (folder / CSV_NAME).write_text(csv_text(_table(rows)), encoding="utf-8", newline="")
    (folder / MANIFEST_NAME).write_text(csv_text(_manifest(rows)), encoding="utf-8", newline="")
    about = _readme(rows, [learnable.value for learnable in kept], sentences)
    (folder / README_NAME).write_text(about, encoding="utf-8")
    return len(rows), sentences


def _sorted_out(
    items: Iterable[WholeItem],
) -> tuple[list[tuple[AdjudicatedLabel, str | None]], FingerprintIndex]:
    """Split items in those to learn from, with their fingerprints, and those to measure by."""
    settled: list[tuple[AdjudicatedLabel, str | None]] = []
    frozen = FingerprintIndex()
    for item in items:
        if item.row.split == "frozen" and item.row.fingerprint is not None:
            frozen.add(fingerprint_value(item.row.fingerprint))
        value = item.settled
        if value is not None and value.split == "train":
            settled.append((value, item.row.fingerprint))
    return settled, frozen


def _unusable(value: AdjudicatedLabel) -> str | None:
    if value.cant_tell is not None:
        return "with the answer can't tell"
    if value.standard != "us":  # the same number means other air there
        return "labelled by another standard than the US one"
    return None


def _fingerprint(known_value: str | None, photo: Path) -> int:
    return (
        perceptual_hash(Photo.open(photo))
        if known_value is None
        else fingerprint_value(known_value)
    )


def _arrange(rows: Iterable[TrainingRow], pictures: Path) -> None:
    """Copy photos that stand for several items, and drop those of items left out."""
    wanted = {row.file for row in rows}
    for row in rows:
        if row.file != photo_name(row.photo_hash):
            shutil.copyfile(pictures / photo_name(row.photo_hash), pictures / row.file)
    for path in pictures.iterdir():
        if path.name not in wanted:
            path.unlink()


def _table(rows: Iterable[TrainingRow]) -> Iterator[tuple[CsvCell, ...]]:
    moment = ("Year", "Month", "Day", "Hour")
    yield (
        "Location",
        "Filename",
        *moment,
        "AQI",
        *READING_COLUMNS,
        "AQI_Class",
        "AQI_From",
        "Timezone",
    )
    for row in rows:
        time = row.taken_at
        when = (0, 0, 0, "") if time is None else (time.year, time.month, time.day, f"{time:%H:%M}")
        readings = (getattr(row.reading, name) for name in READING_COLUMNS.values())
        name = standard("us").category_of(row.aqi).name
        aqi_source = "AQI" if row.exact else "middle of the category"
        zone = row.time_zone or ""
        yield (row.place, row.file, *when, row.aqi, *readings, name, aqi_source, zone)


def _manifest(rows: Iterable[TrainingRow]) -> Iterator[tuple[CsvCell, ...]]:
    yield ("Filename", "Location", "session", "group", "fold5")
    yield from ((row.file, row.place, row.session, row.group, row.fold) for row in rows)


def _readme(
    rows: tuple[TrainingRow, ...], values: list[AdjudicatedLabel], exclusions: tuple[str, ...]
) -> str:
    middles = ", ".join(
        f"{category.name} {band_middle(number)}"
        for number, category in enumerate(standard("us").categories)
    )
    licences = Counter(value.licence or "none stated" for value in values)
    lines = [
        "Labels of AQFusion, in the layout that `python -m aqfusion train --data FOLDER` reads.",
        "",
        f"{len(rows)} photos, {len({row.session for row in rows})} sessions,"
        f" {len({row.group for row in rows})} groups.",
        f"AQI known for {sum(row.exact for row in rows)}; the others have a category instead,",
        f"and the AQI is the middle of its range (column AQI_From): {middles}.",
        "Readings include the corrections of annotators, in ug/m3 (CO in mg/m3).",
        "A Year of 0 means that the time is not known. Other times are local times of Timezone.",
        f"Snapshot {snapshot_hash(values)}.",
        *exclusions,
        "",
        "Licences of the photos:",
        *(f"- {' '.join(licence.split())}: {count}" for licence, count in sorted(licences.items())),
    ]
    return "\n".join(lines) + "\n"
