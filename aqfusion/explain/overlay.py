"""A heat map laid over its photo, and the colours it is drawn in.

The colours go from dark to light, evenly to the eye and for colour-blind readers too: anchors of
"inferno" (S. van der Walt, N. Smith, matplotlib 2015, CC0), straight lines between them.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from aqfusion.explain.heat_map import HeatMap  # imports torch

OPACITY = 0.75
ANCHORS = (
    (0, 0, 4),
    (31, 12, 72),
    (85, 15, 109),
    (136, 34, 106),
    (186, 54, 85),
    (227, 89, 51),
    (249, 140, 10),
    (249, 201, 50),
    (252, 255, 164),
)


def colour_table() -> NDArray[np.uint8]:
    """The colours (256, 3) of evidence from 0 to 1."""
    at = np.linspace(0, len(ANCHORS) - 1, 256)
    bands = [np.interp(at, range(len(ANCHORS)), band) for band in zip(*ANCHORS, strict=True)]
    return np.stack(bands, axis=1).round().astype(np.uint8)


_TABLE = colour_table()


def overlay(photo: Image.Image, heat: "HeatMap", opacity: float = OPACITY) -> Image.Image:
    """The photo (RGB) under the map: plain without evidence, `opacity` at the most evidence.

    In between the cover grows with the evidence, so that what is faint stays faint.
    """
    return covered(photo, heat.over(photo.size), opacity)


def covered(
    picture: Image.Image, evidence: NDArray[np.floating], opacity: float = OPACITY
) -> Image.Image:
    """The picture (RGB) under evidence (height, width), 0 to 1."""
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must be 0 to 1, got {opacity}")
    colour = _TABLE[(evidence * 255).round().astype(np.uint8)].astype(np.float32)
    cover = (opacity * evidence)[..., None]
    under = np.asarray(picture.convert("RGB"), np.float32)
    return Image.fromarray((under + cover * (colour - under)).round().astype(np.uint8))


def colour_bar(steps: int = 9, opacity: float = OPACITY) -> tuple[str, ...]:
    """CSS colours from no evidence to the most, evenly spaced, as transparent as in `overlay`.

    >>> colour_bar(3)
    ('rgba(0,0,4,0.000)', 'rgba(187,55,84,0.375)', 'rgba(252,255,164,0.750)')
    """
    shares = np.linspace(0, 1, steps).tolist()
    rows = ((_TABLE[round(255 * share)].tolist(), opacity * share) for share in shares)
    return tuple(f"rgba({r},{g},{b},{alpha:.3f})" for (r, g, b), alpha in rows)
