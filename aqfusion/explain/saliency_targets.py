"""Saliency maps, and the names of their methods and targets, without loading torch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aqfusion.air.aqi import standard
from aqfusion.errors import InputError

if TYPE_CHECKING:  # the command line names methods and targets before it loads anything
    import numpy as np
    from numpy.typing import NDArray

METHOD_NAMES = ("GradCAM", "GradCAM++", "LayerCAM", "EigenCAM")
RAISES, LOWERS = "raises", "lowers"
TARGETS = (RAISES, LOWERS, *(category.name for category in standard("us").categories))


class HeatMapError(InputError):
    """A method or a target that does not exist."""


def check_method(name: str) -> None:
    """Refuse what is no method."""
    if name not in METHOD_NAMES:
        raise HeatMapError(f"method must be one of {', '.join(METHOD_NAMES)}, got {name!r}")


def check_target(name: str) -> None:
    """Refuse what is no target."""
    if name not in TARGETS:
        raise HeatMapError(f"target must be one of {', '.join(TARGETS)}, got {name!r}")


@dataclass(frozen=True, eq=False)
class SaliencyMap:
    """Evidence (h, w) of a photo's regions, 0 to 1 where there is any, top row first.

    It is relative: 1 is the strongest region of this photo, however little the photo counts.
    """

    values: "NDArray[np.float32]"

    @property
    def empty(self) -> bool:
        """Whether no region has evidence for the target."""
        return not self.values.any()

    def over(self, size: tuple[int, int]) -> "NDArray[np.float32]":
        """The map stretched to a photo of (width, height) pixels: (height, width), 0 to 1."""
        import numpy as np
        from PIL import Image

        stretched = Image.fromarray(self.values).resize(size, Image.Resampling.BICUBIC)
        return np.asarray(stretched).clip(0, 1)
