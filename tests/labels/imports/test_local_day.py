"""Photos of one place and one local day are one group and one fold, however their time is told."""

import json
import shutil

import pytest

from aqfusion.cli import main
from aqfusion.data.dataset_folder import MANIFEST_NAME, read_folder
from aqfusion.labels.answer import Answer
from aqfusion.labels.exports.export import export
from aqfusion.labels.imports.import_source import import_from_source
from aqfusion.labels.imports.item_import import Terms
from aqfusion.labels.search import Filters
from aqfusion.settings import ROOT
from tests.labels.planted import NOW, say

CASES = ROOT / "tests" / "cases"


def dry_run(capsys, file, *more):
    status = main(["labels", "import", "--dry-run", str(file), "--json", *more])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("tables", [["t.csv"], ["offsets.csv", "zones.csv"]])
def test_four_photos_of_one_morning_are_one_group_and_one_fold(
    store, admin, ana, expert, tmp_path, tables
):
    for name in tables:
        import_from_source(store, admin, CASES / "labels-day" / name, Terms(), NOW)
    items = store.search(expert, Filters(), most=10).items[::-1]
    assert [item.group for item in items] == ["Chennai|2026-01-05"] * 4
    assert [item.task.taken_text for item in items] == [
        f"5 Jan 2026, 0{hour}:00 (UTC+05:30)" for hour in (5, 6, 5, 6)
    ]
    for item in items:
        if item.duplicate_of is None:
            say(store, ana, item.task.id, Answer(aqi=150))
    export(store, admin, "training", tmp_path / "out")
    rows = read_folder(tmp_path / "out")
    assert len({(row.group, row.fold) for row in rows}) == 1
    (tmp_path / "out" / MANIFEST_NAME).unlink()
    again = read_folder(tmp_path / "out")
    assert {(row.group, row.fold) for row in again} == {("Chennai|2026|1|5", 0)}


@pytest.mark.parametrize(
    ("case", "photos"),
    [
        ("labels-nfd", [("café.jpg", 80.0), ("plain.jpg", 40.0)]),
        (
            "labels-windows",
            [("img/a.jpg", 80.0), ("img/b.jpg", 40.0), ("img/c.jpg", 40.0), ("img/c.jpg", 41.0)],
        ),
    ],
)
def test_names_are_found_whatever_became_of_them(capsys, case, photos):
    status, output = dry_run(capsys, CASES / case / "t.csv")
    assert status == 0
    assert [(item["photo"], item["readings"]["pm25"]) for item in output["items"]] == photos
    assert output["left_out"] == []


def test_a_dry_run_tells_all_and_writes_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / "home"))
    folder = tmp_path / "mine"
    shutil.copytree(CASES / "labels-day", folder)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no photo")
    (folder / "m.csv").write_text(
        "photo,pm25,place,time,lat,lon,gold,remarks\n"
        "a.jpg,-1,Chennai,2026-01-05 05:00,13.08,80.27,160.0,x\n"
        "b.jpg,80,Somewhere,2026-01-05 05:00,,,,\n"
        "broken.jpg,80,,,,,,\n"
        "gone.jpg,80,,,,,,\n"
    )
    status, output = dry_run(capsys, folder / "m.csv")
    assert status == 0
    first, second = output["items"]
    assert (first["time"], first["group"]) == ("2026-01-05T05:00:00+05:30", "Chennai|2026-01-05")
    assert (first["readings"], first["gold"]) == ({}, 160)
    assert (second["time"], second["group"]) == (None, "Somewhere")
    assert [
        (fault["line"], fault["column"], fault["row_kept"]) for fault in output["left_out"]
    ] == [
        (2, "pm25", True),
        (3, "time", True),
        (4, "photo", False),
        (5, "photo", False),
    ]
    assert output["ignored_columns"] == ["remarks"]
    _, zoned = dry_run(capsys, folder / "m.csv", "--timezone", "Asia/Kathmandu")
    assert zoned["items"][1]["time"] == "2026-01-05T05:00:00+05:45"
    assert not (tmp_path / "home").exists()


def test_a_dry_run_of_nothing_good_ends_with_2(capsys, tmp_path):
    (tmp_path / "t.csv").write_text("photo,pm25\nnone.jpg,1\n")
    status, output = dry_run(capsys, tmp_path / "t.csv")
    assert (status, output["items"], len(output["left_out"])) == (2, [], 1)
