"""Parts of a page that take seconds come last, in their places, and hold nothing else up."""

import time
from threading import Event

import numpy as np
import pytest
from PIL import Image

from aqfusion.explain import saliency_process
from aqfusion.explain.photo_overlays import SaliencyMap
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import load_model
from aqfusion.ui import cached_models
from aqfusion.ui.cached_models import StillComputedError
from aqfusion.ui.deferred_parts import DeferredParts


class Drawn:
    """A part that is quick, or takes its time, and what was drawn of it."""

    def __init__(self, quick: bool) -> None:
        self.quick, self.steps = quick, []

    def part(self, wait: bool) -> None:
        if not (wait or self.quick):
            raise StillComputedError
        self.steps.append("waited" if wait else "at once")

    def stand_in(self) -> None:
        self.steps.append("stand-in")


def test_what_is_quick_is_drawn_at_once_and_the_rest_at_the_end():
    parts, quick, slow, behind = DeferredParts(), Drawn(True), Drawn(False), Drawn(True)
    for one in (quick, slow, behind):
        parts.draw(one.part, one.stand_in)
    assert (quick.steps, slow.steps, behind.steps) == (["at once"], ["stand-in"], ["stand-in"])
    parts.finish()
    assert (quick.steps, slow.steps) == (["at once"], ["stand-in", "waited"])
    assert behind.steps == ["stand-in", "waited"]


def test_a_fragment_that_runs_again_draws_its_part_itself():
    parts, slow = DeferredParts(), Drawn(False)
    parts.finish()
    parts.draw(slow.part, slow.stand_in)
    assert slow.steps == ["stand-in", "waited"]


def test_a_map_that_nobody_waited_for_is_computed_once(monkeypatch):
    asked, go_on = [], Event()

    def slow(_predictor, _folder, _photo, method, target):
        asked.append((method, target))
        go_on.wait(20)
        return SaliencyMap(np.ones((2, 2), np.float32))

    monkeypatch.setattr(saliency_process, "saliency_map", slow)
    photo = Photo.from_image(Image.new("RGB", (64, 48), "#6688aa"))
    model = load_model()
    with pytest.raises(StillComputedError):
        cached_models.heat_map(model, photo, "GradCAM", "raises", wait=False)
    go_on.set()
    for _ in range(1000):
        if cached_models.unclaimed():
            break
        time.sleep(0.01)
    drawn = cached_models.heat_map(model, photo, "GradCAM", "raises", wait=False)
    assert drawn is cached_models.heat_map(model, photo, "GradCAM", "raises")
    assert asked == [("GradCAM", "raises")]
    assert cached_models.unclaimed() == 0
