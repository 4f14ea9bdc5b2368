"""The photo with a site's landmarks marked and numbered."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from aqfusion.sites.extinction import Sighting
from aqfusion.sites.landmark import Box

LANDMARK, SKY = "#D55E00", "#0072B2"  # distinct for colour-blind readers too (Okabe & Ito 2008)
_LONGEST = 1600  # pixels


def landmark_picture(photo: Image.Image, sightings: Sequence[Sighting]) -> Image.Image:
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
