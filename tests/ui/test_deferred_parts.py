"""Parts of a page that take seconds come last, in their places, and hold nothing else up."""

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
