"""A sheet to draw on: text in Pillow's own font that is never wider than its place, and shapes.

The font has the letters of English and little more: no micro sign, no subscripts, no dashes.
"""

import io
from functools import cache
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

Colour = str | tuple[int, int, int]
Anchor = Literal["la", "ma", "ra", "lm", "mm", "rm", "ls", "ms", "rs"]
WIDTH, MARGIN = 1200, 64
INNER = WIDTH - 2 * MARGIN
PAGE, INK, MUTED, LINE, SHADE = "#FFFFFF", "#14212B", "#566672", "#D5DDE2", "#EDF1F4"
_FINER = 4  # shapes are drawn so many times larger, since Pillow draws their edges jagged
_SMALLEST = 14


class Paper:
    """An RGB sheet that is drawn on; places are pixels from the upper left corner."""

    def __init__(self, size: tuple[int, int], colour: Colour) -> None:
        """Take an empty sheet of (width, height)."""
        self.image = Image.new("RGB", size, colour)
        self._draw = ImageDraw.Draw(self.image)

    def text(
        self,
        at: tuple[float, float],
        words: str,
        size: float,
        colour: Colour,
        *,
        anchor: Anchor = "la",
        bold: bool = False,
        width: float | None = None,
    ) -> float:
        """Write one line, smaller where it would be wider than `width`; return its width."""
        words = plain(words)
        size, words = _fitted(words, size, bold, width)
        self._draw.text(at, words, colour, _font(size), anchor, stroke_width=_stroke(size, bold))
        return text_width(words, size, bold=bold)

    def lines(
        self, at: tuple[float, float], words: str, size: float, colour: Colour, width: float
    ) -> float:
        """Write as many lines as the words need and return where the next would stand."""
        x, y = at
        if not words:
            return y
        for line in wrapped(words, size, width):
            self.text((x, y), line, size, colour, width=width)
            y += 1.4 * size
        return y

    def box(
        self, box: tuple[float, float, float, float], colour: Colour, radius: float = 0
    ) -> None:
        """Fill (left, top, right, bottom), with round corners if there is a radius."""
        left, top, right, bottom = (round(edge) for edge in box)
        right, bottom = max(right, left + 1), max(bottom, top + 1)
        if radius == 0:
            self._draw.rectangle((left, top, right - 1, bottom - 1), colour)
            return
        shape = _rounded((right - left, bottom - top), round(radius))
        self.image.paste(Image.new("RGB", shape.size, colour), (left, top), shape)

    def picture(
        self, image: Image.Image, box: tuple[float, float, float, float], radius: float = 0
    ) -> None:
        """Fit a picture into a box, whole and in the middle of it."""
        left, top, right, bottom = box
        size = fitted_size(image.size, (right - left, bottom - top))
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        place = (round((left + right - size[0]) / 2), round((top + bottom - size[1]) / 2))
        self.image.paste(small, place, _rounded(size, min(round(radius), min(size) // 2)))


def fitted_size(size: tuple[int, int], room: tuple[float, float]) -> tuple[int, int]:
    """The largest size of the same shape that the room holds, in whole pixels."""
    scale = min(room[0] / size[0], room[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def plain(words: str) -> str:
    """Words in letters that the font has; another becomes a question mark.

    >>> plain("PM2.5 of 東\\n")
    'PM2.5 of ?'
    """
    one_line = " ".join(words.split())
    return "".join(letter if " " <= letter <= "~" else "?" for letter in one_line)


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """How wide one line is."""
    return _font(size).getlength(words) + 2 * _stroke(size, bold)


def wrapped(words: str, size: float, width: float) -> list[str]:
    """Lines no wider than `width`; a single longer word has one of its own."""
    lines = [""]
    for word in plain(words).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def as_png(image: Image.Image) -> bytes:
    """The picture alone, without any metadata."""
    stream = io.BytesIO()
    Image.frombytes("RGB", image.size, image.convert("RGB").tobytes()).save(
        stream, "PNG", optimize=True
    )
    return stream.getvalue()


def _fitted(words: str, size: float, bold: bool, width: float | None) -> tuple[float, str]:
    """A size at which the words fit, and the words, cut short where none does."""
    if width is None:
        return size, words
    while size > _SMALLEST and text_width(words, size, bold=bold) > width:
        size -= 1
    if text_width(words, size, bold=bold) <= width:
        return size, words
    while words and (wide := text_width(f"{words}...", size, bold=bold)) > width:
        words = words[: min(len(words) - 1, int(len(words) * width / wide) + 1)]
    return size, f"{words}..."


def _stroke(size: float, bold: bool) -> float:
    return round(size / 60, 2) if bold else 0


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow must be built with FreeType to draw text")
    return font


def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """A mask of a box with round corners and smooth edges."""
    fine = Image.new("L", (size[0] * _FINER, size[1] * _FINER), 0)
    ImageDraw.Draw(fine).rounded_rectangle(
        (0, 0, fine.width - 1, fine.height - 1), radius * _FINER, 255
    )
    return fine.resize(size, Image.Resampling.BOX)
