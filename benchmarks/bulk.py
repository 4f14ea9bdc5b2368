"""A folder of 12-megapixel photos: a naive loop, ours with processes, and Dask with workers.

The naive loop's model is loaded before its time begins; ours starts its processes within it.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from aqfusion.bulk.bulk_prediction import predict_all, setup_of
from aqfusion.bulk.dask_cluster import dask_compute
from aqfusion.bulk.item_list import list_folder
from aqfusion.io.file_address import FileAddress
from aqfusion.model.predictor import load_model
from aqfusion.settings import DEFAULT_MODEL, ROOT
from benchmarks.naive import NaiveModel
from benchmarks.photos import MEGAPIXELS, READINGS, encoded
from benchmarks.timing import NAIVE, median_ratio

_PHOTOS, _NAIVE_PHOTOS = 128, 24
_ROUNDS = 2
_WORKERS = (1, 2)


def bulk(quick: bool) -> dict[str, Any]:
    """Photos a second of each way, the folder's files being of the same content."""
    count = 3 if quick else _PHOTOS
    with tempfile.TemporaryDirectory(prefix="aqfusion-bench-") as folder:
        photos, small = Path(folder) / "photos", Path(folder) / "small"
        _fill(photos, encoded(0.1 if quick else MEGAPIXELS), count)
        _fill(small, encoded(0.1), 2 * 64)
        ways: dict[str, Callable[[], float]] = {NAIVE: _naive_loop(photos)}
        for number in _WORKERS[: 1 if quick else None]:
            ways[f"processes_{number}"] = _command(photos, number, count)
        for number in _WORKERS[: 1 if quick else None]:
            ways[f"dask_{number}"] = _dask(photos, None if quick else small, number, count)
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(1 if quick else _ROUNDS):
            for name, way in ways.items():
                rates[name].append(way())
    seconds = {name: [1 / rate for rate in spent] for name, spent in rates.items()}
    faster = {
        name: round(median_ratio(seconds[NAIVE], spent), 2)
        for name, spent in seconds.items()
        if name != NAIVE
    }
    scaling = {}
    if not quick:
        scaling = {
            kind: round(median_ratio(seconds[f"{kind}_1"], seconds[f"{kind}_2"]), 2)
            for kind in ("processes", "dask")
        }
    return {
        "photos": count,
        "megapixels": 0.1 if quick else MEGAPIXELS,
        "cores": len(os.sched_getaffinity(0)),
        "photos_a_second": {
            name: round(statistics.median(spent), 2) for name, spent in rates.items()
        },
        "times_faster": faster,
        "two_against_one": scaling,
    }


def _fill(folder: Path, content: bytes, count: int) -> None:
    """Many names of one file, which need no room on the disk."""
    folder.mkdir()
    first = folder / "000.jpg"
    first.write_bytes(content)
    for number in range(1, count):
        os.link(first, folder / f"{number:03}.jpg")


def _naive_loop(photos: Path) -> Callable[[], float]:
    model = NaiveModel()
    files = sorted(photos.iterdir())[:_NAIVE_PHOTOS]

    def run() -> float:
        begun = time.perf_counter()
        rows = [
            f"{file.name},{model.predict(model.decode(file.read_bytes()), READINGS):.1f}"
            for file in files
        ]
        return len(rows) / (time.perf_counter() - begun)

    return run


def _command(photos: Path, processes: int, count: int) -> Callable[[], float]:
    def run() -> float:
        with tempfile.TemporaryDirectory(prefix="aqfusion-bench-") as folder:
            out = f"{folder}/results.csv"
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "aqfusion", "predict", "--folder", str(photos)),
                    *("--out", out, "--processes", str(processes)),
                ],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
            return count / float(json.loads(done.stdout)["seconds"])

    return run


def _dask(photos: Path, small: Path | None, workers: int, count: int) -> Callable[[], float]:
    """On workers of one thread, which have loaded the model by photos that are `small`."""

    def run() -> float:
        from distributed import LocalCluster

        cluster = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
        )
        with closing(cluster):
            address = cluster.scheduler_address
            if small is not None:
                _predict_on(address, small)
            return count / _predict_on(address, photos)

    return run


def _predict_on(address: str, photos: Path) -> float:
    predictor = load_model()
    with tempfile.TemporaryDirectory(prefix="aqfusion-bench-") as folder:
        items = list_folder(FileAddress(str(photos))).items
        out = FileAddress(f"{folder}/results.csv")
        begun = time.perf_counter()
        predict_all(
            setup_of(DEFAULT_MODEL, predictor), items, out, dask_compute(address, predictor)
        )
        return time.perf_counter() - begun


PARTS = {"bulk": bulk}
