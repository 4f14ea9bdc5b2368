"""The parts of the benchmark: where each is measured, and how one runs."""

import importlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from benchmarks import results

# The module of each part, in the order of a run; `PARTS` in it has the function.
MODULES = {
    "slider": "photos",
    "upload": "photos",
    "embed": "photos",
    "decode": "photos",
    "explain": "explanations",
    "heat_map": "explanations",
    "terminal": "starts",
    "start": "starts",
    "navigation": "navigation",
    "visitors": "visitors",
    "fairness": "fair_queue",
    "bulk": "bulk",
    "queue": "label_queue",
}
# Only where they are named: an hour, and minutes.
LONG = {"soak": "endurance", "decoder_memory": "decoding", "retraining": "retraining"}


def run_part(name: str, quick: bool) -> dict[str, Any]:
    """Measure a part in this process."""
    module = importlib.import_module(f"benchmarks.{(MODULES | LONG)[name]}")
    part: Callable[[bool], dict[str, Any]] = module.PARTS[name]
    return results.timed(lambda: part(quick), quick)


def in_own_process(name: str, quick: bool) -> dict[str, Any]:
    """The same in a new process, so that no part has what another has loaded or set."""
    context = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(run_part, name, quick).result()
