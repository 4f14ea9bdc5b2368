"""Settled items as a folder in the Kaggle layout, which `train` reads as it is."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from aqfusion.air.aqi import standard
from aqfusion.csv_cells import CsvCell, csv_text
from aqfusion.dataset.folder import CSV_NAME, MANIFEST_NAME, PHOTO_FOLDER, READING_COLUMNS
from aqfusion.errors import InputError
from aqfusion.labels.adjudicated import Adjudicated, snapshot_hash
from aqfusion.labels.exports.photo_copies import copy_photos, photo_name
from aqfusion.labels.exports.training_rows import (
    Learnable,
    TrainingRow,
    band_middle,
    training_rows,
)
from aqfusion.labels.exports.whole_item import WholeItem
from aqfusion.labels.fingerprint import FingerprintIndex, fingerprint
from aqfusion.labels.imports.near_photos import fingerprint_value
from aqfusion.labels.photo_store import PhotoStore
from aqfusion.photo import Photo

__all__ = ["README_NAME", "write_training_folder"]

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
                why = "nearly the same as a frozen one"
            else:
                kept.append(Learnable(value, near))
        if why is not None:
            out[why] += 1
    rows = training_rows(kept)
    if not rows:
        raise InputError("training must have a settled item with an AQI or a category, got none")
    _arrange(rows, pictures)
    sentences = tuple(f"{count} left out: items {why}" for why, count in sorted(out.items()))
    (folder / CSV_NAME).write_text(csv_text(_table(rows)), encoding="utf-8", newline="")
    (folder / MANIFEST_NAME).write_text(csv_text(_manifest(rows)), encoding="utf-8", newline="")
    about = _readme(rows, [learnable.value for learnable in kept], sentences)
    (folder / README_NAME).write_text(about, encoding="utf-8")
    return len(rows), sentences


def _sorted_out(
    items: Iterable[WholeItem],
) -> tuple[list[tuple[Adjudicated, str | None]], FingerprintIndex]:
    """Split items in those to learn from, with their fingerprints, and those to measure by."""
    settled: list[tuple[Adjudicated, str | None]] = []
    frozen = FingerprintIndex()
    for item in items:
        if item.row.split == "frozen" and item.row.fingerprint is not None:
            frozen.add(fingerprint_value(item.row.fingerprint))
        value = item.settled
        if value is not None and value.split == "train":
            settled.append((value, item.row.fingerprint))
    return settled, frozen


def _unusable(value: Adjudicated) -> str | None:
    if value.cant_tell is not None:
        return "of which nobody can tell"
    if value.standard != "us":  # the same number means other air there
        return "labelled by another standard than the US one"
    return None


def _fingerprint(known_value: str | None, photo: Path) -> int:
    return fingerprint(Photo.open(photo)) if known_value is None else fingerprint_value(known_value)


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
    rows: tuple[TrainingRow, ...], values: list[Adjudicated], exclusions: tuple[str, ...]
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
        f"AQI known for {sum(row.exact for row in rows)}; for the others people gave a category,",
        f"and the AQI is the middle of its band (column AQI_From): {middles}.",
        "Readings have people's corrections in them: ug/m3, CO mg/m3.",
        "A Year of 0 says that the time is not known. Others are on the clock of Timezone.",
        f"Snapshot {snapshot_hash(values)}.",
        *exclusions,
        "",
        "Licences of the photos:",
        *(f"- {' '.join(licence.split())}: {count}" for licence, count in sorted(licences.items())),
    ]
    return "\n".join(lines) + "\n"
