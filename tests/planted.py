"""A data folder with a planted answer: the hazier the picture, the higher the AQI."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from aqfusion.air.readings import Reading
from aqfusion.data.dataset_folder import CSV_NAME, PHOTO_FOLDER, READING_COLUMNS, DatasetRow

HEADER = ("Location", "Filename", "Year", "Month", "Day", "Hour", "AQI", *READING_COLUMNS)
HEADER = (*HEADER, "AQI_Class")
PLACES = ("Alphaville", "Betatown, North", "Gammapur")
FRAMES = 3


def sky(aqi: float, seed: int, size: int = 48) -> Image.Image:
    """Blue where the air is clean, grey-brown where it is not, and noisy as cameras are."""
    share = min(1.0, aqi / 450)
    colour = (1 - share) * np.array([70, 130, 220]) + share * np.array([170, 160, 140])
    noise = np.random.default_rng(seed).normal(0, 6, (size, size, 3))
    return Image.fromarray((colour + noise).clip(0, 255).astype(np.uint8))


def record(name: str, **changes: object) -> dict[str, object]:
    """One good line of the CSV; `changes` plant the fault."""
    good = dict(zip(HEADER, ("Alphaville", name, 2023, 2, 1, "8:00", 90), strict=False))
    numbers = dict(zip(READING_COLUMNS, (40.5, 80.0, 30.0, 1.2, 5.0, 20.0), strict=True))
    return {**good, **numbers, "AQI_Class": "b_Moderate", **changes}


def write_csv(path: Path, records: Iterable[dict[str, object]], header: Sequence[str] = HEADER):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, header, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    path.write_text(stream.getvalue(), encoding="utf-8")


def write_folder(folder: Path, records: Sequence[dict[str, object]]) -> Path:
    """A folder in the Kaggle layout whose photos differ from each other."""
    home = folder / "Combined_Dataset"
    (home / PHOTO_FOLDER).mkdir(parents=True)
    for number, entry in enumerate(records):
        write_photo(home / PHOTO_FOLDER / str(entry["Filename"]), entry["AQI"], number)
    write_csv(home / CSV_NAME, records)
    return folder


def write_photo(path: Path, aqi: object, seed: int) -> None:
    sky(float(str(aqi)), seed).save(path, "JPEG", quality=90)


def planted_records() -> list[dict[str, object]]:
    """12 sessions of 3 frames: 3 places, 2 days each, 2 hours each; some readings missing."""
    rng = np.random.default_rng(7)
    records = []
    for number, aqi in enumerate(range(20, 440, 35)):
        place, day, hour = PLACES[number % 3], 1 + number // 6, 8 + 4 * (number // 3 % 2)
        noise = rng.uniform(0.9, 1.1, 6)
        readings = dict(
            zip(
                READING_COLUMNS,
                (np.array([0.6, 1.0, 0.2, 0.01, 0.05, 0.2]) * aqi * noise).round(2),
                strict=True,
            )
        )
        if number % 4 == 0:
            readings["SO2"] = ""
        for frame in range(FRAMES):
            name = f"sky-{number:02}-{frame}.jpg"
            moment = {"Location": place, "Day": day, "Hour": f"{hour}:00", "AQI": aqi}
            records.append(record(name, **moment, **readings))
    return records


def rows_of(session: str, photos: int = 1, **changes: object) -> list[DatasetRow]:
    """Rows of one session without files; `changes` are fields of `Row`, `group` is its own."""
    fields = {"place": "Alphaville", "group": session, "fold": 0, "aqi": 100.0}
    fields |= {"reading": Reading(pm25=40.0), **changes}
    return [
        DatasetRow(photo=Path(f"{session}-{number}.jpg"), session=session, **fields)
        for number in range(photos)
    ]
