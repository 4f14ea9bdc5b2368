"""Results are written once, whole and in order, whatever is killed on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from multiprocessing import active_children

import fsspec
import pytest
from pyarrow import parquet

from aqfusion.air.readings import Reading
from aqfusion.bulk.bulk_item import BulkError, BulkItem
from aqfusion.bulk.finished_parts import FinishedParts
from aqfusion.bulk.item_list import list_folder
from aqfusion.bulk.prediction_row import COLUMNS, flat_columns
from aqfusion.bulk.result_files import format_of
from aqfusion.images.photo import Photo
from aqfusion.io.file_address import AddressError, FileAddress
from aqfusion.model.predictor import load_model
from aqfusion.settings import ROOT
from tests.bulk.photos import run, write_photos


@pytest.fixture
def photos(tmp_path):
    names = write_photos(tmp_path / "photos", 5)
    (tmp_path / "photos" / names[2]).write_bytes(b"no photo")
    return list_folder(FileAddress(str(tmp_path / "photos"))).items


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_are_those_of_single_predictions_and_a_bad_file_says_why(
    tmp_path, photos, checkpoint_folder
):
    items = (*photos, BulkItem(reading=Reading(pm25=80.0), line=2), BulkItem(line=3))
    summary = run(checkpoint_folder, items, tmp_path / "out.jsonl")
    rows = rows_of(tmp_path / "out.jsonl")
    assert [row["file"] for row in rows] == [*(item.file for item in photos), None, None]
    assert all(tuple(row) == COLUMNS for row in rows)
    model = load_model(checkpoint_folder)
    for row, item in zip(rows, items, strict=True):
        if row["error"]:
            continue
        photo = Photo.open(item.address) if item.address else None
        assert row | model.predict(item.reading, photo).fused.as_json() == row
        assert row["model_version"] == model.model_version
    assert rows[2]["aqi"] is None
    assert rows[2]["error"].startswith("photo must be a JPEG, PNG, WebP, HEIC or AVIF picture")
    assert rows[6]["error"].startswith("a prediction needs a photo, at least one reading")
    assert (summary.rows, summary.without_prediction, summary.earlier) == (7, 2, 0)
    assert [where for where, _ in summary.errors] == [photos[2].file, "line 3"]
    assert not (tmp_path / "out.jsonl.parts").exists()


def test_a_problem_tells_what_was_left_out_or_lost(tmp_path, checkpoint_folder):
    write_photos(tmp_path, 1, size=300)
    whole = (tmp_path / "sky-000.jpg").read_bytes()
    (tmp_path / "sky-000.jpg").write_bytes(whole[: len(whole) * 3 // 4])
    (item,) = list_folder(FileAddress(str(tmp_path))).items
    run(checkpoint_folder, (replace(item, problem="pm25 must be a number"),), tmp_path / "o.jsonl")
    (row,) = rows_of(tmp_path / "o.jsonl")
    assert row["problem"].startswith("The photo's file is cut off at its end: ")
    assert row["problem"].endswith("; pm25 must be a number")
    assert row["error"] is None


def test_the_three_formats_hold_the_same_and_no_name_is_a_formula(
    tmp_path, photos, checkpoint_folder
):
    evil = BulkItem(file="=1+1.jpg", reading=Reading(pm25=9.0), line=2)
    for ending in ("csv", "jsonl", "parquet"):
        run(checkpoint_folder, (*photos, evil), tmp_path / f"out.{ending}")
    table = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    rows = rows_of(tmp_path / "out.jsonl")
    assert tuple(table[0]) == flat_columns()
    assert [cell["aqi"] for cell in table] == [row["aqi"] for row in rows]
    assert table[0]["probability_hazardous"] == rows[0]["probabilities"]["Hazardous"]
    assert table[5]["file"] == "=1+1.jpg"
    assert table[5]["modalities"] == "sensors"
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == ",".join(flat_columns())
    assert len(lines) == 7
    assert lines[6].startswith("'=1+1.jpg,2,")
    with pytest.raises(BulkError, match=r"--out must end with .csv, .jsonl, .parquet, got 'o.txt'"):
        format_of("o.txt")


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path, checkpoint_folder):
    names = write_photos(tmp_path / "photos", 40, size=400)
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "aqfusion", "predict", "--folder", str(tmp_path / "photos")]
    command += ["--model", str(checkpoint_folder), "--out", str(out), "--processes", "1"]
    killed = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    parts = tmp_path / "out.jsonl.parts"
    end = time.monotonic() + 120
    while not [*parts.glob("*.jsonl")] and time.monotonic() < end:
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not out.exists()
    finished = len([*parts.glob("*.jsonl")])
    assert 1 <= finished < 10
    summary = run(checkpoint_folder, list_folder(FileAddress(str(tmp_path / "photos"))).items, out)
    assert summary.earlier == 4 * finished
    assert [row["file"] for row in rows_of(out)] == names
    assert not parts.exists()


def test_another_model_or_a_changed_photo_takes_nothing_from_the_parts(
    tmp_path, photos, checkpoint_folder, site_model_folder, monkeypatch
):
    out = tmp_path / "out.csv"
    monkeypatch.setattr(FinishedParts, "remove", lambda _: None)
    assert run(checkpoint_folder, photos, out).earlier == 0
    assert run(checkpoint_folder, photos, out).earlier == 5
    assert run(site_model_folder, photos, out).earlier == 0
    write_photos(tmp_path / "photos", 5, size=50)
    items = list_folder(FileAddress(str(tmp_path / "photos"))).items
    assert run(checkpoint_folder, items, out).earlier == 0


def test_two_runs_do_not_write_one_file(tmp_path, photos, checkpoint_folder):
    out = tmp_path / "out.csv"
    with (
        FinishedParts(FileAddress(str(out))).locked(),
        pytest.raises(BulkError, match="is being written by another run: wait until it ends"),
    ):
        run(checkpoint_folder, photos, out)


def test_results_may_go_to_another_machine(photos, checkpoint_folder):
    memory = fsspec.filesystem("memory")
    try:
        run(checkpoint_folder, photos, "memory://bulk-out/results.jsonl")
        lines = memory.cat("/bulk-out/results.jsonl").splitlines()
        assert [json.loads(line)["file"] for line in lines] == [item.file for item in photos]
        assert memory.find("/bulk-out") == ["/bulk-out/results.jsonl"]
    finally:
        memory.rm("/bulk-out", recursive=True)
    with pytest.raises(AddressError, match="the address must be a path or of a kind that fsspec"):
        FileAddress("nothing://me:secret@host/x").read(1)


@pytest.mark.long
def test_a_killed_process_costs_no_row(tmp_path, checkpoint_folder):
    names = write_photos(tmp_path / "photos", 100)
    items = list_folder(FileAddress(str(tmp_path / "photos"))).items
    killed = []

    def kill_first(progress):
        if progress.done and not killed:
            killed.append(active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    out = tmp_path / "out.jsonl"
    summary = run(checkpoint_folder, items, out, processes=2, progress=kill_first)
    assert killed
    assert (summary.rows, summary.without_prediction) == (100, 0)
    assert [row["file"] for row in rows_of(out)] == names
