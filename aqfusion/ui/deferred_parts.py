"""Parts of a page that take seconds: they are drawn in their places once all others stand."""

from collections.abc import Callable

from aqfusion.ui.cached_models import StillComputedError

__all__ = ["DeferredParts"]


class DeferredParts:
    """The parts of one run of a page; in a fragment's own run, later, nothing is deferred."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: list[Callable[[], None]] = []
        self._over = False

    def draw(self, part: Callable[[bool], None], stand_in: Callable[[], object]) -> None:
        """Draw a part now if that is quick, else what stands in for it, and the part at the end.

        `part` gets whether to wait for what it shows; if not, it may raise `StillComputedError`.
        """
        if self._over:
            stand_in()
            part(True)
            return
        if not self._waiting:  # else this one would wait for that one
            try:
                part(False)
                return
            except StillComputedError:
                pass
        stand_in()
        self._waiting.append(lambda: part(True))

    def finish(self) -> None:
        """Draw what was put off."""
        self._over = True
        for part in self._waiting:
            part()
