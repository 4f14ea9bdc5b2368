"""A folder that `train` reads as it is, and in which nothing leaks from fold to fold."""

import csv
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aqfusion.air.readings import Reading
from aqfusion.data.dataset_folder import CSV_NAME, DatasetRow, read_folder
from aqfusion.errors import InputError
from aqfusion.labels.answer import Answer
from aqfusion.labels.exports.export import export
from aqfusion.labels.imports.import_source import import_from_source
from aqfusion.labels.imports.item_import import Terms
from tests.labels.busy import MORNING, put
from tests.labels.pictures import save
from tests.labels.planted import NOW, say


@pytest.fixture
def train(store, admin, tmp_path):
    """Export for a training and read it as one does."""

    def train(number: int = 0) -> dict[str, DatasetRow]:
        folder = tmp_path / f"training-{number}"
        export(store, admin, "training", folder)
        return {row.photo.name: row for row in read_folder(folder)}

    return train


def cells(folder: Path) -> list[dict[str, str]]:
    with (folder / CSV_NAME).open(newline="", encoding="utf-8-sig") as stream:
        return [*csv.DictReader(stream)]


def test_the_busy_store_teaches_what_was_settled_of_its_training_split(busy, tmp_path):
    done = export(busy.store, busy.people["expert"], "training", tmp_path / "out")
    rows = read_folder(tmp_path / "out")
    assert done.count == len(rows) == 4
    assert done.left_out == (
        "1 left out: items labelled by another standard than the US one",
        "1 left out: items with the answer can't tell",
    )
    values = {value.photo_hash: value for value in busy.store.adjudicated("train")}
    ids = {row.photo.stem: values[row.photo.stem].item for row in rows}
    learned = {ids[row.photo.stem]: (row.aqi, row.reading) for row in rows}
    assert learned == {
        busy.ids.agreed: (76, Reading(pm25=11.5, co=1)),  # the middle of 51 to 100
        busy.ids.median: (156, Reading(pm25=12.5, co=1)),
        busy.ids.overruled: (90, Reading(pm25=13.5, co=1)),
        busy.ids.corrected: (126, Reading(pm25=12.25)),
    }
    sources = [row["AQI_From"] for row in cells(tmp_path / "out")]
    assert sources == ["middle of the category", "AQI", "AQI", "middle of the category"]
    about = (tmp_path / "out" / "README.txt").read_text()
    assert "AQI known for 2; the others have a category instead" in about
    assert "Moderate 76, Unhealthy for Sensitive Groups 126" in about
    assert "1 left out: items with the answer can't tell" in about
    assert "- CC BY 4.0: 1\n- none stated: 3\n" in about
    assert len([*(tmp_path / "out" / "All_img").iterdir()]) == 4


def test_times_are_on_the_clock_of_the_place_and_unknown_ones_say_so(busy, tmp_path):
    export(busy.store, busy.people["expert"], "training", tmp_path / "out")
    agreed, median, overruled, _ = cells(tmp_path / "out")
    moment = ("Location", "Year", "Month", "Day", "Hour")
    assert [agreed[name] for name in moment] == ["Place 1", "2023", "2", "1", "03:00"]
    assert [median[name] for name in moment] == ["ITO, Delhi", "2023", "2", "1", "08:30"]
    assert [overruled[name] for name in moment] == ["'=1+1", "0", "0", "0", ""]


def test_what_belongs_together_is_in_one_group_and_fold(store, admin, ana, train, tmp_path):
    """Photos 1 to 20 are of 20 days; some are near-duplicates, one photo stands twice."""
    day = timedelta(days=1)
    for number in range(1, 21):
        save(tmp_path / "in" / f"{number:02}.jpg", number)
    for near, original in ((21, 3), (22, 11)):
        save(tmp_path / "in" / f"{near}.jpg", original, quality=80)
    lines = ["photo,pm25,place,time"]
    for number in range(1, 23):
        time = (MORNING + number * day).isoformat()
        lines.append(f"{number:02}.jpg,{number},{'Here' if number % 2 else 'There'},{time}")
    lines.append(f"05.jpg,99,Here,{(MORNING + 40 * day).isoformat()}")
    same_day = (MORNING + 7 * day + timedelta(hours=3)).isoformat()
    save(tmp_path / "in" / "23.jpg", 23)
    lines.append(f"23.jpg,50,Here,{same_day}")
    (tmp_path / "in" / "photos.csv").write_text("\n".join(lines))
    done = import_from_source(store, admin, tmp_path / "in" / "photos.csv", Terms(), NOW)
    assert (done.new, done.duplicates, done.faults) == (24, 0, ())
    for item in range(1, 25):
        say(store, ana, item, Answer(aqi=10 * item))
    rows = {int(row.reading.pm25): row for row in train().values()}
    together = defaultdict(set)
    for number, row in rows.items():
        together[row.group].add(number)
    joined = sorted(tuple(sorted(group)) for group in together.values() if len(group) > 1)
    assert joined == [(3, 21), (5, 99), (7, 50), (11, 22)]
    assert {row.fold for row in rows.values()} == {0, 1, 2, 3, 4}
    assert rows[5].photo.name == rows[99].photo.name.replace("-2", "")
    assert rows[5].photo.read_bytes() == rows[99].photo.read_bytes()
    assert rows[7].session != rows[50].session


def test_one_photo_with_two_readings_is_in_one_fold_whatever_its_fingerprints(
    store, admin, ana, train
):
    for item, fingerprint in ((1, "0" * 16), (2, "f" * 16)):
        put(store, admin, 1, reading=Reading(pm25=item), fingerprint=fingerprint)
        say(store, ana, item, Answer(aqi=100))
    assert len({row.group for row in train().values()}) == 1


def test_what_is_near_a_frozen_item_is_not_learned_from(store, admin, ana, tmp_path):
    save(tmp_path / "frozen" / "a.jpg", 1)
    save(tmp_path / "train" / "deep" / "a.jpg", 1, quality=80)
    save(tmp_path / "train" / "b.jpg", 2)
    (tmp_path / "train" / "photos.csv").write_text("photo,place\ndeep/a.jpg,Here\nb.jpg,Here\n")
    import_from_source(store, admin, tmp_path / "frozen", Terms(split="frozen"), NOW)
    import_from_source(store, admin, tmp_path / "train" / "photos.csv", Terms(), NOW)
    for item in (2, 3):
        say(store, ana, item, Answer(aqi=80))
    done = export(store, admin, "training", tmp_path / "out")
    assert done.left_out == ("1 left out: items that are near-duplicates of a frozen item",)
    (row,) = read_folder(tmp_path / "out")
    assert row.photo.stem == [value.photo_hash for value in store.adjudicated("train")][1]


def test_photos_that_are_missing_are_told_and_left_out(store, admin, ana, tmp_path):
    for number in (1, 2):
        put(store, admin, number)
        say(store, ana, number, Answer(aqi=80))
    gone, kept = (value.photo_hash for value in store.adjudicated())
    next((tmp_path / "photos").rglob(f"{gone}.jpg")).unlink()
    done = export(store, admin, "training", tmp_path / "out")
    assert done.left_out == ("1 left out: items whose photo is missing",)
    assert [row.photo.stem for row in read_folder(tmp_path / "out")] == [kept]


def test_a_store_with_nothing_settled_gives_no_folder(store, admin, tmp_path):
    put(store, admin, 1)
    with pytest.raises(InputError, match="There is nothing to export: no settled item has an AQI"):
        export(store, admin, "training", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_frames_of_one_session_are_one_session(store, admin, ana, train):
    readings = Reading(pm25=40)
    times: list[datetime] = [MORNING, MORNING, MORNING + timedelta(hours=1)]
    for number, time in enumerate(times):
        put(store, admin, number, place="Here", taken_at=time, reading=readings)
        say(store, ana, number + 1, Answer(aqi=100 + number))
    first, second, third = train().values()
    assert first.session == second.session != third.session
    assert first.group == second.group == third.group
