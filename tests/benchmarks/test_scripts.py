"""The benchmarks and the makers of assets start as scripts, from any folder."""

import subprocess
import sys

import pytest

from aqfusion.settings import ROOT


def run(tmp_path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / script), *arguments]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "script",
    [
        *("benchmarks/visitors.py", "benchmarks/label_queue.py", "benchmarks/retraining.py"),
        *("benchmarks/fair_queue.py", "benchmarks/decoding.py"),
        *("tools/land_outline.py", "tools/sample_stations.py"),
    ],
)
def test_a_script_has_a_help(tmp_path, script):
    done = run(tmp_path, script, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: {script} [OPTIONS]")


@pytest.mark.parametrize(
    ("script", "arguments", "sentence"),
    [
        ("benchmarks/label_queue.py", ["5"], "SIZES must be a whole number from 100 to 10000000"),
        ("benchmarks/retraining.py", ["0"], "CORRECTIONS must be a whole number from 1 to 1000000"),
        ("benchmarks/decoding.py", ["--megapixels", "99"], "Invalid value for '--megapixels'"),
    ],
)
def test_bad_input_of_a_script_is_one_sentence(tmp_path, script, arguments, sentence):
    done = run(tmp_path, script, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
