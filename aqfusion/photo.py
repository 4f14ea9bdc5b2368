"""Bytes of any upload -> a small upright RGB image without metadata, or `PhotoError`."""

import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from aqfusion.containers import Container, PhotoError, read_container

__all__ = ["LONGEST_SIDE", "Photo", "PhotoError"]

LONGEST_SIDE = 1024
MAX_BYTES = 25_000_000
MAX_PIXELS = 40_000_000
MIN_SIDE = 32
MAX_ASPECT = 8
# The readers are called directly: Image.open looks at the global MAX_IMAGE_PIXELS and warns
# through the global warning filters, and threads share both.
READERS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
}
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Photo:
    """An upright RGB `image`, longest side at most 1024 px, with empty `info`.

    `digest` is the SHA-256 (hex) of size and pixels after decoding: the same picture with other
    metadata or in another lossless format has the same digest, so that it serves as cache key
    and file name, and tells nothing about what was stripped. Photos are equal when it is equal.
    `original_size` is (width, height) in pixels, upright, before shrinking.
    """

    image: Image.Image = field(compare=False, repr=False)
    digest: str
    original_size: tuple[int, int] = field(compare=False)

    @classmethod
    def decode(cls, data: bytes, name: str = "photo") -> "Photo":
        """Decode JPEG, PNG or WebP bytes, first frame only; `name` opens the error's sentence."""
        name = " ".join(name.split())[:200] or "photo"
        if len(data) > MAX_BYTES:
            raise PhotoError(f"{name} must have at most 25 MB, got {len(data) / 1e6:.1f} MB")
        container = read_container(data, name)
        _check_size(container.size, name)
        try:
            image = _read_pixels(container)
        except Exception as error:  # a decoder of hostile bytes fails in any way that it likes
            raise PhotoError(
                f"{name} must be a sound image file, got a damaged {container.format}"
            ) from error
        turn = UPRIGHT.get(container.orientation)
        width, height = container.size
        size = (height, width) if container.orientation >= 5 else (width, height)
        return _photo(image.transpose(turn) if turn is not None else image, size)

    @classmethod
    def open(cls, path: str | Path) -> "Photo":
        """Decode a file; one that is absent, a folder or unreadable raises `PhotoError`."""
        file = Path(path)
        if not file.is_file():
            state = "a folder" if file.is_dir() else "nothing there"
            raise PhotoError(f"{file} must be an image file, got {state}")
        try:
            with file.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise PhotoError(f"{file} must be readable, got {error.strerror}") from error
        return cls.decode(data, str(file))

    @classmethod
    def of(cls, image: Image.Image) -> "Photo":
        """Take an image in memory, of any mode, as upright; the size rules of `decode` hold."""
        _check_size(image.size, "photo")
        try:
            image.load()
            small = _shrunk(_plain(image), image.size)
        except Exception as error:  # a file that was opened and not read yet
            raise PhotoError(f"photo must be a sound image, got {error}") from error
        return _photo(small, image.size)

    def to_jpeg(self, quality: int = 90) -> bytes:
        """Encode again as JPEG, free of any metadata; `quality` 1 to 95."""
        if not 1 <= quality <= 95:
            raise PhotoError(f"quality must be between 1 and 95, got {quality}")
        stream = io.BytesIO()
        self.image.save(stream, "JPEG", quality=quality, optimize=True)
        return stream.getvalue()


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    got = f"got {width} x {height}"
    if width * height > MAX_PIXELS:
        raise PhotoError(f"{name} must have at most 40 megapixels, {got}")
    if min(size) < MIN_SIDE:
        raise PhotoError(f"{name} must measure at least {MIN_SIDE} pixels on each side, {got}")
    if max(size) > MAX_ASPECT * min(size):
        raise PhotoError(f"{name} must be at most {MAX_ASPECT} times as long as wide, {got}")


def _read_pixels(container: Container) -> Image.Image:
    with READERS[container.format](io.BytesIO(container.pixels)) as image:
        if image.size != container.size:
            raise OSError(f"the header says {container.size}, the reader {image.size}")
        # libjpeg decodes at 1/2, 1/4 or 1/8 for a fifth of the time; other readers ignore this
        image.draft(None, _fitted(container.size))
        image.load()
        return _shrunk(_plain(image), container.size)


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, LONGEST_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _shrunk(image: Image.Image, original: tuple[int, int]) -> Image.Image:
    target = _fitted(original)
    if image.size == target:
        return image
    # Hamming is about as sharp as bicubic downwards, in half the time (Pillow's table of filters)
    return image.resize(target, Image.Resampling.HAMMING, reducing_gap=3.0)


def _plain(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB, or to RGBA where something is transparent."""
    if image.mode.startswith("I;16"):  # convert() would clip every value above 255
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    return image if image.mode == "RGB" else image.convert("RGB")


def _photo(image: Image.Image, original_size: tuple[int, int]) -> Photo:
    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    pixels = image.tobytes()
    digest = hashlib.sha256(b"%d x %d RGB " % image.size + pixels).hexdigest()
    return Photo(Image.frombytes("RGB", image.size, pixels), digest, original_size)
