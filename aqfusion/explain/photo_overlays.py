"""Pictures over a photo: its saliency map, and the landmarks of its site.

The colours go from dark to light, evenly to the eye and for colour-blind readers too: anchors of
"inferno" (S. van der Walt, N. Smith, matplotlib 2015, CC0), straight lines between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from aqfusion.sites.landmark import Box

if TYPE_CHECKING:
    from aqfusion.sites.extinction import Sighting  # loads OpenCV

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


@dataclass(frozen=True, eq=False)
class SaliencyMap:
    """Evidence (h, w) of a photo's regions, 0 to 1 where there is any, top row first.

    It is relative: 1 is the strongest region of this photo, however little the photo counts.
    """

    values: NDArray[np.float32]

    @property
    def empty(self) -> bool:
        """Whether no region has evidence for the target."""
        return not self.values.any()

    def over(self, size: tuple[int, int]) -> NDArray[np.float32]:
        """The map stretched to a photo of (width, height) pixels: (height, width), 0 to 1."""
        stretched = Image.fromarray(self.values).resize(size, Image.Resampling.BICUBIC)
        return np.asarray(stretched).clip(0, 1)


def overlay(photo: Image.Image, heat: SaliencyMap, opacity: float = OPACITY) -> Image.Image:
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


LANDMARK, SKY = "#D55E00", "#0072B2"  # distinct for colour-blind readers too (Okabe & Ito 2008)
_LONGEST = 1600  # pixels


def landmark_picture(photo: Image.Image, sightings: "Sequence[Sighting]") -> Image.Image:
    """Each landmark's box and the sky that it is held to, as far as they are found in the photo."""
    picture = photo.convert("RGB")
    picture.thumbnail((_LONGEST, _LONGEST))
    draw = ImageDraw.Draw(picture)
    line = max(2, max(picture.size) // 300)
    for number, sighting in enumerate(sightings, start=1):
        for box, colour in ((sighting.sky, SKY), (sighting.box, LANDMARK)):
            if box is not None:
                draw.rectangle(_pixels(box, picture), outline=colour, width=line)
        if sighting.box is not None:
            _number(draw, _pixels(sighting.box, picture), number, max(picture.size) / 28)
    return picture


def _number(
    draw: ImageDraw.ImageDraw, at: tuple[float, float, float, float], number: int, size: float
) -> None:
    """Below the box, which it must not cover, on a ground of the box's colour."""
    left, _, _, bottom = at
    right = left + size * (1 + (number > 9))
    draw.rectangle((left, bottom, right, bottom + size), fill=LANDMARK)
    middle = ((left + right) / 2, bottom + size / 2)
    draw.text(middle, str(number), "white", anchor="mm", font_size=0.8 * size)


def _pixels(box: Box, picture: Image.Image) -> tuple[float, float, float, float]:
    width, height = picture.width - 1, picture.height - 1
    return box.left * width, box.top * height, box.right * width, box.bottom * height
