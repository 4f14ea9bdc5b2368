"""What a bystander's slider waits for while many visitors upload photos, all in one run.

    python benchmarks/fair_queue.py [--uploads 50] [--slots 2]

Three times over: nobody uploads; all upload at once as before, each in a thread of its own; all
upload in turn. Prints JSON: compare the ratios, milliseconds only hold for this machine.
"""

import io
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script

from aqfusion.cli.main import run_command
from aqfusion.cli.options import print_json
from aqfusion.evaluation.latency import READING
from aqfusion.fair_queue import HEAVY, QueueClient
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import load_model, share_processors
from aqfusion.settings import ASSETS
from aqfusion.synthetic_scenes import scenes

_MOVE_SECONDS = 0.05  # between two moves of the slider
_LEAST_SECONDS = 2.0
_own = threading.local()


def bench(uploads: int, slots: int, niceness: int) -> dict[str, Any]:
    """Medians and 95th percentiles of a slider's move, alone and beside the uploads."""
    model = load_model()
    scene = (ASSETS / "scenes" / scenes()[0].file).read_bytes()
    stream = io.BytesIO()
    Image.open(io.BytesIO(scene)).resize((4000, 3000)).save(stream, "JPEG", quality=90)
    photo, embedding = stream.getvalue(), model.embed(Photo.decode(scene))

    def move() -> None:
        model.predict(READING, embedding)

    def upload() -> None:
        decoded = Photo.decode(photo)
        HEAVY.run(lambda: model.embed(decoded))

    before = HEAVY.visitor, HEAVY.slots, HEAVY.niceness
    try:
        HEAVY.visitor = lambda: QueueClient("", getattr(_own, "name", ""))
        ways: dict[str, Any] = {"alone": _measured(move, upload, 0)}
        HEAVY.slots = uploads
        ways["all_at_once"] = _measured(move, upload, uploads)
        HEAVY.slots, HEAVY.niceness = slots, niceness
        share_processors(slots)
        ways["in_turn"] = _measured(move, upload, uploads)
    finally:
        HEAVY.visitor, HEAVY.slots, HEAVY.niceness = before
    alone = ways["alone"]
    return {
        "uploads": uploads,
        "slots": slots,
        **ways,
        "ratios": {
            f"{way}_to_alone_{name}": round(ways[way][name] / alone[name], 2)
            for way in ("all_at_once", "in_turn")
            for name in ("median_ms", "p95_ms")
        },
    }


def _measured(move: Callable[[], None], upload: Callable[[], None], count: int) -> dict[str, float]:
    """Moves of the slider for as long as the uploads last, at least 2 seconds."""

    def visit(number: int) -> None:
        _own.name = str(number)
        upload()

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(count)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    took = []
    while (
        any(thread.is_alive() for thread in threads)
        or time.perf_counter() < started + _LEAST_SECONDS
    ):
        before = time.perf_counter()
        move()
        took.append(1000 * (time.perf_counter() - before))
        time.sleep(_MOVE_SECONDS)
    seconds = time.perf_counter() - started
    ordered = sorted(took)
    return {
        "median_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 2),
        "worst_ms": round(ordered[-1], 2),
        "seconds": round(seconds, 1),
    }


def fairness(quick: bool) -> dict[str, Any]:
    """Fifty visitors who upload at once."""
    return bench(2 if quick else 50, HEAVY.slots, 10)


PARTS = {"fairness": fairness}


@click.command()
@click.option("--uploads", default=50, show_default=True, help="Visitors who upload at once.")
@click.option("--slots", default=HEAVY.slots, show_default=True, help="Jobs that run at once.")
@click.option("--niceness", default=10, show_default=True, help="Of heavy work, 0 to 19.")
def main(uploads: int, slots: int, niceness: int) -> None:
    """Time a slider beside uploads, as JSON."""
    print_json(bench(uploads, slots, niceness))


if __name__ == "__main__":
    sys.exit(run_command(main, "benchmarks/fair_queue.py"))
