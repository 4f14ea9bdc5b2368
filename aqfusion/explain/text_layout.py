"""A sheet to draw on: text that is never wider than its place, and shapes.

Text is drawn in the Noto fonts of `assets/fonts`, each script in the font that has it; where Pillow
has Raqm, as its wheels do, the letters of Devanagari join as they should. A letter that no font has
is an empty box.
"""

import io
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from aqfusion.settings import ASSETS

Colour = str | tuple[int, int, int]
Anchor = Literal["la", "ma", "ra", "lm", "mm", "rm", "ls", "ms", "rs"]
WIDTH, MARGIN = 1200, 64
INNER = WIDTH - 2 * MARGIN
PAGE, INK, MUTED, LINE, SHADE = "#FFFFFF", "#14212B", "#566672", "#D5DDE2", "#EDF1F4"
_FINER = 4  # shapes are drawn so many times larger, since Pillow draws their edges jagged
_SMALLEST = 14
_FONTS = ASSETS / "fonts"
LATIN, DEVANAGARI, CJK = (f"NotoSans{script}-Regular.ttf" for script in ("", "Devanagari", "SC"))
_BLOCKS = (  # of Unicode, first and last, whose letters are not in LATIN
    (0x0900, 0x097F, DEVANAGARI),
    (0x1CD0, 0x1CFF, DEVANAGARI),
    (0x2E80, 0x9FFF, CJK),
    (0xA8E0, 0xA8FF, DEVANAGARI),
    (0xF900, 0xFAFF, CJK),
    (0xFE30, 0xFE4F, CJK),
    (0xFF00, 0xFFEF, CJK),
    (0x20000, 0x3FFFF, CJK),
)
_JOINERS = "\u200c\u200d"
# Where the base line lies below an anchor, in sizes: ascender, the middle, the line itself.
_BELOW = {"a": 0.97, "m": 0.37, "s": 0.0}


class CardCanvas:
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
        wide = text_width(words, size, bold=bold)
        x = at[0] - wide * {"l": 0, "m": 0.5, "r": 1}[anchor[0]]
        y = at[1] + size * _BELOW[anchor[1]]
        for name, run in runs(words):
            font, stroke = _font(name, size), _stroke(size, bold)
            self._draw.text((x, y), run, colour, font, "ls", stroke_width=stroke)
            x += font.getlength(run)
        return wide

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
    """Words as one line, without signs that nobody sees but that turn or hide others.

    >>> plain("PM₂.₅ of \u202e東\\n")
    'PM₂.₅ of 東'
    """
    one_line = " ".join(words.split())
    return "".join(
        letter
        for letter in one_line
        if letter in _JOINERS or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
    )


def runs(words: str) -> Iterator[tuple[str, str]]:
    """Cut a line where the font changes: the font's file name, and the words in it.

    >>> [(name == CJK, run) for name, run in runs("AQI 東京 5")]
    [(False, 'AQI '), (True, '東京 '), (False, '5')]
    """
    name = LATIN
    named = []
    for letter in words:
        own = _font_of(letter)
        # A space, a joiner or an accent goes with the letter before it.
        if own != LATIN or not (letter == " " or letter in _JOINERS or _is_mark(letter)):
            name = own
        named.append((name, letter))
    for name, letters in groupby(named, lambda pair: pair[0]):
        yield name, "".join(letter for _, letter in letters)


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """How wide one line is."""
    wide = sum(_font(name, size).getlength(run) for name, run in runs(words))
    return wide + 2 * _stroke(size, bold)


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
        end = min(len(words) - 1, int(len(words) * width / wide) + 1)
        while end and _is_mark(words[end]):  # which belongs to the letter before it
            end -= 1
        words = words[:end]
    return size, f"{words}..."


def _stroke(size: float, bold: bool) -> float:
    return round(size / 60, 2) if bold else 0


@cache
def _font(name: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS / name, size)


def _font_of(letter: str) -> str:
    code = ord(letter)
    return next((name for first, last, name in _BLOCKS if first <= code <= last), LATIN)


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M")


def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """A mask of a box with round corners and smooth edges."""
    fine = Image.new("L", (size[0] * _FINER, size[1] * _FINER), 0)
    ImageDraw.Draw(fine).rounded_rectangle(
        (0, 0, fine.width - 1, fine.height - 1), radius * _FINER, 255
    )
    return fine.resize(size, Image.Resampling.BOX)
