"""Time of a retraining from settled labels to a saved version, in an empty registry.

The hard case is measured: no photo has features yet, and no network without corrections is cached.
The photos are windows of the gallery's scenes, each another one.

    python benchmarks/retraining.py [CORRECTIONS] [--model NAME_OR_FOLDER]
"""

import io
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script

from aqfusion.air.readings import Reading
from aqfusion.cli.main import run_command
from aqfusion.cli.options import WholeNumber, model_option, print_json
from aqfusion.errors import InputError
from aqfusion.images.photo import Photo
from aqfusion.labels.answer import Answer
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.queue_sql import Shares
from aqfusion.labels.store import LabelStore
from aqfusion.registry.registry import TERMINAL, Registry
from aqfusion.retraining.fast_trainer import FAST
from aqfusion.retraining.fork_worker import one_thread
from aqfusion.retraining.pipeline import register, train_candidate
from aqfusion.settings import ASSETS, DEFAULT_MODEL, load_settings
from aqfusion.synthetic_scenes import scenes
from aqfusion.training.recipe import Recipe

_SIZE = 320  # pixels
_A_GROUP = 5  # items


def retrain_bench(model: str, count: int, recipe: Recipe = FAST) -> dict[str, Any]:
    """Seconds of the steps with `count` corrections, a part of which are categories only."""
    if count < 1:
        raise InputError(f"corrections to time must be 1 or more, got {count}")
    one_thread()  # as the command does
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="aqfusion-retrain-") as folder:
        store = _labelled(Path(folder), count, now)
        registry = Registry(Path(folder) / "models", model)
        looked = begun = time.perf_counter()

        def on_step(step: str) -> None:
            nonlocal looked
            if step.startswith("extracted features"):
                looked = time.perf_counter()

        processor = _processor()
        candidate = train_candidate(store, registry, recipe, on_step)
        judged = time.perf_counter()
        register(candidate, registry, TERMINAL, now, promote=True)
        ended = time.perf_counter()
        processor = _processor() - processor
        store.close()
    steps = {
        "look_at_photos": looked - begun,
        "train_and_judge": judged - looked,
        "keep": ended - judged,
        "all": ended - begun,
        "processor": processor,  # less than all: others had the machine too
    }
    return {
        "model": model,
        "corrections": count,
        "learned": candidate.manifest["labels"]["learned"],
        "processors": len(os.sched_getaffinity(0)),
        "seconds": {name: round(value, 1) for name, value in steps.items()},
    }


def _processor() -> float:
    """Seconds of processors that this process and those that it began have had."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _labelled(home: Path, count: int, now: datetime) -> LabelStore:
    """A store in which one person has labelled so many items, a third by category."""
    store = LabelStore.open(str(home / "labels.db"), str(home / "photos"), Shares(0.0, 0.0))
    admin = store.accounts.operator(now)
    person = store.accounts.add_user(admin, "Ada", "1234", "annotator", now)
    draw = np.random.default_rng(0)
    pictures = [Image.open(ASSETS / "scenes" / scene.file).convert("RGB") for scene in scenes()]
    for number in range(count):
        pm25 = float(draw.uniform(5, 400))
        item = NewItem(
            photo_hash=store.photos.put(_window(pictures[number % len(pictures)], draw)),
            reading=Reading(pm25=round(pm25, 1), pm10=round(pm25 * 1.5, 1), no2=40.0, o3=30.0),
            group=f"day {number // _A_GROUP}",
            place="a new place",
        )
        key, _ = store.items.add(admin, item, now)
        leased = store.queue.lease(person, key, now)
        exact = Answer(aqi=min(500, int(pm25) + 60))
        answer = Answer(category=exact.band) if number % 3 == 0 else exact
        store.answers.save(person, leased.token, f"bench {number}", answer, now)
    return store


def _window(picture: Image.Image, draw: np.random.Generator) -> Photo:
    side = int(min(picture.size) * draw.uniform(0.3, 0.9))
    left, top = (int(draw.integers(length - side + 1)) for length in picture.size)
    part = picture.crop((left, top, left + side, top + side)).resize((_SIZE, _SIZE))
    stream = io.BytesIO()
    part.save(stream, "JPEG", quality=90)
    return Photo.decode(stream.getvalue())


def retraining(quick: bool) -> dict[str, Any]:
    """A thousand corrections, with the shipped model."""
    return retrain_bench(DEFAULT_MODEL, 10 if quick else 1000)


PARTS = {"retraining": retraining}


@click.command()
@click.argument("corrections", metavar="CORRECTIONS", type=WholeNumber(1, 10**6), default=1000)
@model_option()
def main(corrections: int, model: str | None) -> None:
    """Time a retraining with so many corrections (default: 1000), in seconds, as JSON."""
    print_json(retrain_bench(model or load_settings().model, corrections))


if __name__ == "__main__":
    sys.exit(run_command(main, "benchmarks/retraining.py"))
