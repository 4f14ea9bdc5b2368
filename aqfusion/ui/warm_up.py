"""What the first visitor would wait for, done while the server starts: imports, model, samples.

It is one thread that gives way to every visitor. Nothing depends on it: what it could not do, the
first page does for itself, and says what is wrong.
"""

import ast
import importlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from aqfusion.errors import InputError
from aqfusion.images.decoding import trim_memory
from aqfusion.settings import ROOT

__all__ = ["begin"]

_FIRST = "predict"
# Opened from there by a click. Stations and Admin load pandas, which many servers never need.
_NEXT = ("explain", "places", "label", "review", "models", "evaluation")
_GIVES_WAY = 10  # niceness
_log = logging.getLogger(__name__)


def begin() -> threading.Thread:
    """Begin; the thread ends by itself, and with the server at the latest."""
    thread = threading.Thread(target=_work, name="warm-up", daemon=True)
    thread.start()
    return thread


def _work() -> None:
    if sys.platform == "linux":  # where a thread has a niceness of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _GIVES_WAY)
    steps: list[Callable[[], object]] = [lambda: _import_page(_FIRST), _answer_once]
    steps += [lambda name=name: _import_page(name) for name in _NEXT]  # type: ignore[misc]
    for step in (*steps, _set_aside):
        try:
            step()
        except (InputError, OSError) as error:
            _log.info("Not warmed up: %s", error)


def _import_page(name: str) -> None:
    """Import what a page imports; the page itself only runs for a visitor."""
    page = Path(ROOT, "pages", f"{name}.py")
    for node in ast.parse(page.read_bytes()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")


def _answer_once() -> None:
    """Compute what the first page shows of its samples, which is then kept for all visitors."""
    from aqfusion.air.readings import Reading
    from aqfusion.ui import cached_models, gallery, haze_view, photo_input

    model = cached_models.predictor()
    samples = gallery.scene_samples()
    embedding = cached_models.embedding(model, gallery.photo_of(samples[photo_input.START].path))
    cached_models.at(model, None).predict(Reading(pm25=35.0), embedding)
    haze_view.examples(model)
    gallery.thumbnail_css(tuple(sample.path for sample in gallery.samples().values()))


def _set_aside() -> None:
    """Take all that stays out of the garbage collector's way, and give back what was passing."""
    from aqfusion.ui import page

    page.shorten()
    trim_memory()
