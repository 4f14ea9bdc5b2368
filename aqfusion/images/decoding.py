"""Decoders of photos, and the memory they may take: a picture of 40 megapixels is 34 bytes long.

What a decoder will hold is computed from the file's headers before it begins. A picture that needs
more than `MOST_MEMORY` is refused, and those decoded at once share that much. What comes out of
the decoder is converted and shrunk band by band, so that no second copy of the picture is made.
"""

import contextlib
import ctypes
import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import AvifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from aqfusion.images import opencv
from aqfusion.images.container import Container, PhotoError

__all__ = [
    "MOST_MEMORY",
    "Raster",
    "check_memory",
    "hand_memory_back",
    "opened",
    "reserved",
    "shrunk",
    "trim_memory",
]

MOST_MEMORY = 360_000_000  # bytes that all decoders of a process hold together
_FILM = "animated WebP"
# Bytes a pixel at a decoder's peak, measured by benchmarks/decoding.py in Pillow 13, libheif 1.23
# and OpenCV 5. JPEG is decoded small, PNG row by row into the picture's own mode.
BYTES_PER_PIXEL = {
    "PNG of palette or grey": 1.1,
    "PNG of 16-bit grey": 2.1,
    "PNG": 4.1,
    "lossy WebP": 6.2,
    "WebP": 8.3,
    _FILM: 16.5,  # a canvas, the canvas before, the frame's bytes, and the picture
    "HEIC": 5.5,
    "HEIC with 4:4:4 or alpha": 11.5,
    "HEIC of more than 8 bits": 11.5,
    "AVIF": 9.6,
    "AVIF with 4:4:4 or alpha": 13.0,
    "AVIF of more than 8 bits": 17.5,
}
_BANDS = 30_000_000  # rows in the making, and the small picture
_BAND_BYTES = 4_000_000
_GAP = 3.0  # as Pillow's reducing_gap: averages first, as long as thrice the size remains
# The readers are called directly: Image.open looks at the global MAX_IMAGE_PIXELS and warns
# through the global warning filters, and threads share both.
# The former by glibc's malloc.h.
_M_MMAP_THRESHOLD, _MAPPED_BYTES = -3, 8_000_000
_M_ARENA_MAX, _ARENAS = -8, 4
_READERS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}


@dataclass(frozen=True)
class Raster:
    """A decoded picture: its `size`, and `rows(top, bottom)` of it as an image of any mode."""

    size: tuple[int, int]
    rows: Callable[[int, int], Image.Image]


def check_memory(container: Container, name: str) -> int:
    """Return the bytes that decoding will hold; `PhotoError` where they are too many."""
    width, height = container.size
    fixed = _BANDS + 2 * len(container.pixels)
    if container.coefficients is not None:
        return fixed + container.coefficients
    each = BYTES_PER_PIXEL[_FILM if _is_webp_by_pillow(container) else container.variant]
    need = fixed + int(each * max(width * height, container.coded_pixels))
    if need > MOST_MEMORY:
        got = f"{width} x {height}"
        if container.coded_pixels > width * height:
            got += f" out of {container.coded_pixels / 1e6:.0f} megapixels"
        most = int((MOST_MEMORY - fixed) / each) // 1_000_000
        raise PhotoError(
            f"{name} must have at most {most} megapixels as {container.variant}, "
            f"got {got}: as JPEG it may have 220"
        )
    return need


class _Budget:
    """Bytes that threads share; who needs more than is left waits for the others to end."""

    def __init__(self, most: int) -> None:
        self._most, self._used, self._changed = most, 0, threading.Condition()

    @contextmanager
    def taken(self, need: int) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + need <= self._most)
            self._used += need
        try:
            yield
        finally:
            with self._changed:
                self._used -= need
                self._changed.notify_all()


_budget = _Budget(MOST_MEMORY)


def reserved(need: int) -> AbstractContextManager[None]:
    """Hold so much of the memory of all decoders within `with`; waits for it."""
    return _budget.taken(need)


@contextmanager
def opened(container: Container, fitted: tuple[int, int]) -> Iterator[Raster]:
    """Decode, a JPEG to no less than `fitted`; a decoder of hostile bytes raises anything."""
    if container.format == "HEIC":
        yield _heic(container)
    elif container.format == "WEBP" and not _is_webp_by_pillow(container):
        yield _still_webp(container)
    else:
        with _READERS[container.format](io.BytesIO(container.pixels)) as image:
            _same_size(image.size, container)
            # libjpeg decodes at 1/2, 1/4 or 1/8 for a fifth of the time; others ignore this
            image.draft(None, fitted)
            image.load()
            yield _of_image(image)


def hand_memory_back() -> None:
    """Let glibc give large blocks back to the system when they are freed, from now on.

    Left alone it begins to keep blocks of up to 32 MB, in a pool for each thread: after some
    uploads a server keeps hundreds of megabytes of them. Elsewhere this does nothing.
    """
    _call_malloc("mallopt", _M_MMAP_THRESHOLD, _MAPPED_BYTES)
    _call_malloc("mallopt", _M_ARENA_MAX, _ARENAS)


def trim_memory() -> None:
    """Let glibc give what is free between small blocks back to the system."""
    _call_malloc("malloc_trim", 0)


def _call_malloc(name: str, *arguments: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):  # another library than glibc
            getattr(ctypes.CDLL(None), name)(*arguments)


def _is_webp_by_pillow(container: Container) -> bool:
    """Whether Pillow reads a WebP: a film, or any where OpenCV is not installed."""
    is_film = container.variant == _FILM
    return container.format == "WEBP" and (is_film or not opencv.INSTALLED)


def _of_image(image: Image.Image) -> Raster:
    return Raster(image.size, lambda top, bottom: image.crop((0, top, image.width, bottom)))


def _same_size(size: tuple[int, int], container: Container) -> None:
    if size != container.size:
        raise OSError(f"the header says {container.size}, the reader {size}")


def _heic(container: Container) -> Raster:
    """By libheif, whose own bytes are read: Pillow's copy would be as large again."""
    file = _libheif().open_heif(io.BytesIO(container.pixels), remove_stride=False)
    picture = file[file.primary_index]
    before = picture.size  # libheif cuts a picture out of what is coded
    if before[0] > container.size[0] or before[1] > container.size[1]:
        _same_size(before, container)
    data, stride, mode = memoryview(picture.data), picture.stride, picture.mode
    width = picture.size[0]

    def rows(top: int, bottom: int) -> Image.Image:
        part = data[top * stride : bottom * stride]
        return Image.frombytes(mode, (width, bottom - top), part, "raw", mode, stride)

    return Raster(picture.size, rows)


@cache
def _libheif() -> Any:
    """The package that reads HEIC; an exported model does without it."""
    try:
        import pillow_heif
    except ImportError as error:
        rule = "must be JPEG, PNG, WebP or AVIF where pillow-heif is not installed"
        raise PhotoError(f"{rule}, got HEIC (pip install pillow-heif)") from error
    # nothing but the primary picture: no thumbnail in its stead, no depth map
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    return pillow_heif


def _still_webp(container: Container) -> Raster:
    """By OpenCV, for half of the memory and time: Pillow takes every WebP for a film."""
    import numpy as np

    cv2 = opencv.load()
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(container.pixels, np.uint8), flags)
    if pixels is None:
        raise OSError("OpenCV reads no picture")
    height, width, channels = pixels.shape
    _same_size((width, height), container)
    mode, order = ("RGBA", "BGRA") if channels == 4 else ("RGB", "BGR")

    def rows(top: int, bottom: int) -> Image.Image:
        size = width, bottom - top
        return Image.frombytes(mode, size, pixels[top:bottom].data, "raw", order)

    return Raster((width, height), rows)


def shrunk(
    raster: Raster, target: tuple[int, int], convert: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    """Convert and shrink to `target`, to the same pixels as `resize` of the whole picture.

    As Pillow does, with alpha multiplied in: averages of whole factors, then columns, then rows.
    (It takes rows first where a picture is twice as high as wide, which differs by a level.)
    """
    width, height = raster.size
    if raster.size == target:
        return convert(raster.rows(0, height))
    across = int(width / target[0] / _GAP) or 1
    down = int(height / target[1] / _GAP) or 1
    step = max(1, _BAND_BYTES // (4 * width) // down) * down
    narrow: Image.Image | None = None
    for top in range(0, height, step):
        band = convert(raster.rows(top, min(height, top + step)))
        mode = band.mode
        band = _multiplied(band).reduce((across, down))
        box = (0.0, 0.0, width / across, float(band.height))
        band = band.resize((target[0], band.height), Image.Resampling.HAMMING, box)
        if narrow is None:
            narrow = Image.new(band.mode, (target[0], -(-height // down)))
        narrow.paste(band, (0, top // down))
    assert narrow is not None
    # Hamming is about as sharp as bicubic downwards, in half the time (Pillow's table of filters)
    box = (0.0, 0.0, float(target[0]), height / down)
    small = narrow.resize(target, Image.Resampling.HAMMING, box)
    return small if small.mode == mode else small.convert(mode)


def _multiplied(image: Image.Image) -> Image.Image:
    mode = {"RGBA": "RGBa", "LA": "La"}.get(image.mode)
    return image if mode is None else image.convert(mode)
