"""From nothing to the first answer: the server, its pages, its memory, and the terminal.

python benchmarks/starts.py
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aqfusion.load_test.app_client import AppClient, AppClientError
from aqfusion.load_test.server_process import app_server, processor_seconds, resident_mb
from aqfusion.settings import ROOT
from benchmarks.photos import encoded
from benchmarks.profiles import of_imports, of_memory, of_process
from benchmarks.timing import NAIVE, OURS, median_ratio
from benchmarks.visitors import NAIVE_APP, PAGES

_SUBPAGES = ("explain", "stations", "places", "evaluation", "label", "review", "models", "admin")
_QUIET_SECONDS, _LONGEST = 1.5, 40.0
# A child's peak starts at its parent's, so a small process stands between.
_MEASURE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
print(json.dumps([time.perf_counter() - start, peak, done.returncode, done.stderr[-300:]]))
"""


def start(quick: bool) -> dict[str, Any]:
    """Seconds from the start of a server to its first page, and megabytes on the way."""
    repeats = 1 if quick else 3
    apps: dict[str, list[dict[str, float]]] = {OURS: [], NAIVE: []}
    for _ in range(repeats):
        for name, runs in apps.items():
            runs.append(_first_visit(name))
    profile: list[str] = []
    return {
        "repeats": repeats,
        **{
            name: {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}
            for name, runs in apps.items()
        },
        **_memory_and_pages(quick, profile),
        "profile": of_imports(["-c", "import app"]) if not quick else [],
        "profile_of_memory": profile,
    }


def _first_visit(name: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        more: dict[str, Any] = {} if name == OURS else {"script": NAIVE_APP}
        begun = time.monotonic()
        with app_server(Path(folder), **more) as server:
            ready = time.monotonic()
            with AppClient(server.address) as tab:
                first = tab.open(PAGES[name])
            visited = time.monotonic()
            with AppClient(server.address) as tab:
                second = tab.open(PAGES[name])
            return {
                "to_ready_s": ready - begun,
                "first_visit_s": first,
                "to_first_page_s": visited - begun,
                "second_visit_s": second,
                "memory_mb": resident_mb(server.process.pid) or 0.0,
            }


def _memory_and_pages(quick: bool, profile: list[str]) -> dict[str, Any]:
    """An idle server that nobody has visited, then after its first page; and pages, warm."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        app_server(Path(folder)) as server,
    ):
        process = server.process.pid
        _wait_until_idle(process, 1.0 if quick else _LONGEST)
        idle = resident_mb(process) or 0.0
        profile += of_memory(process)
        pages: dict[str, dict[str, float]] = {}
        samples: list[str] = []
        with AppClient(server.address) as tab:
            tab.open("predict")
            first = resident_mb(process) or 0.0
            with of_process(process, samples, quick):
                for page in _SUBPAGES[:2] if quick else _SUBPAGES:
                    if _is_there(tab, page):
                        pages[page] = _visited(tab, page, 1 if quick else 5)
            errors = list(tab.errors)
        return {
            "idle_mb": round(idle),
            "after_first_page_mb": round(first),
            "after_all_pages_mb": round(resident_mb(process) or 0.0),
            "pages": pages,
            "errors": errors[:3],
            "profile_of_pages": samples,
        }


def _is_there(tab: AppClient, page: str) -> bool:
    try:
        tab.goto(page)
        tab.goto("predict")
    except AppClientError:
        return False
    return True


def _visited(tab: AppClient, page: str, repeats: int) -> dict[str, float]:
    """Seconds of the server's whole run of a page that it has drawn before, and back."""
    there, back = [], []
    for _ in range(repeats):
        there.append(tab.goto(page))
        back.append(tab.goto("predict"))
    return {
        "median_s": round(statistics.median(there), 3),
        "worst_s": round(max(there), 3),
        "back_to_predict_s": round(statistics.median(back), 3),
    }


def _wait_until_idle(process: int, longest: float) -> None:
    """Until warming up is over: no processor used for a while."""
    end, spent = time.monotonic() + longest, -1.0
    while time.monotonic() < end:
        now = processor_seconds(process) or 0.0
        if now - spent < 0.03 * _QUIET_SECONDS:
            return
        spent = now
        time.sleep(_QUIET_SECONDS)


def terminal(quick: bool) -> dict[str, Any]:
    """One prediction in a process of its own: seconds and peak memory."""
    repeats = 1 if quick else 7
    with tempfile.TemporaryDirectory(prefix="aqfusion-bench-") as folder:
        photo = Path(folder) / "sky.jpg"
        photo.write_bytes(encoded(0.5))
        python = sys.executable
        ways = {
            NAIVE: [python, str(ROOT / "benchmarks/naive.py"), str(photo), "48", "95"],
            OURS: [*(python, "-m", "aqfusion", "predict", "--image", str(photo)), "--pm25", "48"],
        }
        edge = _edge_folder(Path(folder))
        if edge is not None:
            ways["edge"] = [python, str(edge / "predict.py"), "--image", str(photo), "--pm25", "48"]
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for number in range(repeats + (not quick)):
            for name, command in ways.items():
                spent = run_once(command)
                if number or quick:  # the first reads the files from the disk
                    runs[name].append(spent)
        profile = [] if quick else of_imports(["-m", *ways[OURS][2:]])
        seconds = {name: [run[0] for run in spent] for name, spent in runs.items()}
        return {
            "repeats": repeats,
            **{
                name: {
                    "median_s": round(statistics.median(seconds[name]), 3),
                    "memory_mb": round(max(run[1] for run in spent), 1),
                }
                for name, spent in runs.items()
            },
            "times_faster": {
                name: round(median_ratio(seconds[NAIVE], seconds[name]), 2)
                for name in ways
                if name != NAIVE
            },
            "profile": profile,
        }


def _edge_folder(folder: Path) -> Path | None:
    """A folder as `export` writes it, where this version has the command."""
    out = folder / "edge"
    command = [sys.executable, "-m", "aqfusion", "export", "--format", "onnx", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    return out if done.returncode == 0 else None


def run_once(command: Sequence[str]) -> tuple[float, float]:
    """Seconds and peak megabytes of a command that must succeed."""
    measure = [sys.executable, "-S", "-E", "-c", _MEASURE, *command]
    done = subprocess.run(measure, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, peak, status, error = json.loads(done.stdout)
    if status:
        raise RuntimeError(f"{' '.join(command[1:4])} ended with {status}: {error}")
    return float(seconds), float(peak)


PARTS = {"terminal": terminal, "start": start}
