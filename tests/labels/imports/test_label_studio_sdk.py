"""Label Studio's own SDK reads what we write, and we read what it makes: there and back."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from aqfusion.labels.exports.export import export
from aqfusion.labels.imports.import_source import import_from_source
from aqfusion.labels.imports.item_import import Imported, Terms
from aqfusion.labels.progress import totals
from aqfusion.settings import ROOT
from tests.labels.planted import NOW

# It brings an older numpy than ours, so it gets a Python of its own.
HOME = ROOT / "build" / "venv-label-studio"
CHECK = Path(__file__).with_name("label_studio_sdk_check.py")


@pytest.fixture(scope="module")
def python() -> Path:
    """A Python with label-studio-sdk; where it cannot be had, the test skips and says so."""
    program = HOME / "bin" / "python"
    if not program.exists():
        venv.create(HOME, with_pip=True, symlinks=sys.platform != "win32")
    have = [program, "-c", "import label_studio_sdk"]
    if subprocess.run(have, capture_output=True, check=False).returncode:
        install = [program, "-m", "pip", "install", "--quiet", "label-studio-sdk~=2.1"]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            pytest.skip(f"label-studio-sdk cannot be installed here: {last}")
    return program


@pytest.mark.long
def test_what_label_studio_makes_of_an_export_comes_back(python, busy, tmp_path):
    admin = busy.people["admin"]
    out = tmp_path / "out"
    export(busy.store, admin, "label-studio", out)
    done = subprocess.run(
        [python, CHECK, out, "14"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["faults"] == []
    tasks = json.loads((out / "full.json").read_text())
    # A sample fills every control at once, as nobody would: it is for one answer of ours too many.
    before = totals(busy.store.database)
    both = import_from_source(busy.store, admin, out / "full.json", Terms(), NOW)
    ours = sum(len(task["annotations"]) - 1 for task in tasks)
    assert both.new == 0
    assert both.known == ours
    assert {fault.column.rpartition(" ")[2] for fault in both.faults} == {
        str(900_000 + number) for number in range(14)
    }
    for task in tasks:
        for result in task["annotations"][-1]["result"]:
            assert result["from_name"] in {
                *("category", "category_india", "cant_tell", "aqi", "note", "answered_by")
            }
    # One control of each sample is an answer.
    wanted = ("category", "category_india", "cant_tell", "aqi")
    for number, task in enumerate(tasks):
        last = task["annotations"][-1]
        last["result"] = [
            control
            for control in last["result"]
            if control["from_name"] in (wanted[number % 4], "note")
        ]
    (out / "full.json").write_text(json.dumps(tasks))
    done_full = import_from_source(busy.store, admin, out / "full.json", Terms(), NOW)
    settled = {busy.ids.overruled, busy.ids.nobody_can, busy.ids.corrected}
    assert (done_full.new, done_full.known) == (14 - len(settled), ours)
    assert {fault.value for fault in done_full.faults} == {"settled"}
    assert totals(busy.store.database)["events"] == before["events"] + 14 - len(settled)
    minimal = import_from_source(busy.store, admin, out / "min" / "result.json", Terms(), NOW)
    assert (minimal.new, minimal.known) == (0, ours)
    assert busy.store.verify() == ()
    again = import_from_source(busy.store, admin, out / "full.json", Terms(), NOW)
    assert again == Imported(0, ours + 11, 0, done_full.faults)
