"""Bytes of any upload -> a small upright RGB image without metadata, or `PhotoError`."""

import hashlib
import io
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import (
    AvifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from aqfusion.images.colour_profile import to_srgb
from aqfusion.images.container import Container, PhotoError, read_container

__all__ = ["LONGEST_SIDE", "Photo", "PhotoError"]

LONGEST_SIDE = 1024
MAX_BYTES = 25_000_000
MAX_PIXELS = 40_000_000
# libjpeg decodes at an eighth, line by line: 108 megapixels cost 67 MB
MAX_JPEG_PIXELS = 220_000_000
# WebP's decoder holds 16 bytes a pixel and samples of 10 bits take 15, others 4 to 10
MAX_WIDE_PIXELS = 24_000_000
MAX_COEFFICIENT_BYTES = 240_000_000  # of a JPEG in several scans, which is held whole
MIN_SIDE = 32
MAX_ASPECT = 8
# The readers are called directly: Image.open looks at the global MAX_IMAGE_PIXELS and warns
# through the global warning filters, and threads share both.
READERS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "HEIC": pillow_heif.HeifImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}
# nothing but the primary picture: no thumbnail in its stead, no depth map
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False
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
    and file name, and reveals nothing of the stripped metadata. Photos are equal when it is equal.
    `original_size` is (width, height) in pixels, upright, before shrinking. `notes` are sentences
    on what was lost or skipped in reading the file. `taken_at` is the capture time by the camera's
    clock, without an offset where the camera wrote none.
    """

    image: Image.Image = field(compare=False, repr=False)
    digest: str
    original_size: tuple[int, int] = field(compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    taken_at: datetime | None = field(default=None, compare=False, repr=False)

    @classmethod
    def decode(cls, data: bytes, name: str = "photo") -> "Photo":
        """Decode JPEG, PNG, WebP, HEIC or AVIF, the first picture; `name` opens the sentence."""
        name = " ".join(name.split())[:200] or "photo"
        if len(data) > MAX_BYTES:
            raise PhotoError(f"{name} must have at most 25 MB, got {len(data) / 1e6:.1f} MB")
        container = read_container(data, name)
        _check_size(
            container.size, name, _most_pixels(container), is_spread=bool(container.coefficients)
        )
        try:
            image, kept, notes = _read_pixels(container)
        except PhotoError as error:
            raise PhotoError(f"{name} {str(error).strip()}") from error
        except Exception as error:  # a decoder of hostile bytes fails in any way that it likes
            raise PhotoError(
                f"{name} must be a valid image file, got a damaged {container.format}"
            ) from error
        turn = UPRIGHT.get(container.orientation)
        size = kept[::-1] if container.orientation >= 5 else kept
        upright = image.transpose(turn) if turn is not None else image
        return replace(_photo(upright, size, notes), taken_at=container.taken_at)

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
    def from_image(cls, image: Image.Image) -> "Photo":
        """Take an image in memory, of any mode, as upright; the size rules of `decode` hold."""
        _check_size(image.size, "photo")
        try:
            image.load()
            small = _shrunk(_plain(image), image.size)
        except Exception as error:  # a file that was opened and not read yet
            raise PhotoError(f"photo must be a valid image, got {error}") from error
        return _photo(small, image.size)

    def to_jpeg(self, quality: int = 90) -> bytes:
        """Encode again as JPEG, free of any metadata; `quality` 1 to 95."""
        if not 1 <= quality <= 95:
            raise PhotoError(f"quality must be between 1 and 95, got {quality}")
        stream = io.BytesIO()
        self.image.save(stream, "JPEG", quality=quality, optimize=True)
        return stream.getvalue()


def _most_pixels(container: Container) -> int:
    held = container.coefficients
    if container.format == "WEBP" or container.depth > 8:
        return MAX_WIDE_PIXELS
    return MAX_PIXELS if held is None or held > MAX_COEFFICIENT_BYTES else MAX_JPEG_PIXELS


def _check_size(
    size: tuple[int, int], name: str, most: int = MAX_PIXELS, *, is_spread: bool = False
) -> None:
    width, height = size
    got = f"got {width} x {height}"
    other = ", or one stored in a single pass" if is_spread else ""
    if width * height > most:
        raise PhotoError(f"{name} must have at most {most // 1_000_000} megapixels{other}, {got}")
    if min(size) < MIN_SIDE:
        raise PhotoError(f"{name} must measure at least {MIN_SIDE} pixels on each side, {got}")
    if max(size) > MAX_ASPECT * min(size):
        raise PhotoError(f"{name} must be at most {MAX_ASPECT} times as long as wide, {got}")


def _read_pixels(container: Container) -> tuple[Image.Image, tuple[int, int], tuple[str, ...]]:
    """The picture in sRGB and small, the size of what could be read in full, and notes."""
    notes = []
    with READERS[container.format](io.BytesIO(container.pixels)) as image:
        if image.size != container.size:
            if container.format != "HEIC" or image.width * image.height > MAX_PIXELS:
                raise OSError(f"the header says {container.size}, the reader {image.size}")
            _check_size(image.size, "")  # what libheif has cut out of it
            container = replace(container, size=image.size)
        # libjpeg decodes at 1/2, 1/4 or 1/8 for a fifth of the time; other readers ignore this
        image.draft(None, _fitted(container.size))
        image.load()
        read, size = _without_missing_rows(image, container)
        if container.is_cut:
            notes.append(_cut_note(size[1] / container.size[1]))
        keeps_mode = container.profile is not None and image.mode in ("CMYK", "L")
        small = _shrunk(read if keeps_mode else _plain(read), size)
        if container.profile is not None:  # after shrinking: a colour costs time at every pixel
            small, fault = to_srgb(small, container.profile)
            notes += [fault] if fault else []
        return _plain(small), size, tuple(notes)


def _without_missing_rows(
    image: Image.Image, container: Container
) -> tuple[Image.Image, tuple[int, int]]:
    """Cut off the rows that are not in the file; libjpeg paints them a flat mid-grey."""
    (width, height), rows = image.size, image.size[1]
    if not container.is_cut:
        return image, container.size
    edge = np.asarray(image.crop((max(0, width - 4), 0, width, height))).reshape(height, -1)
    painted = ((edge == 127) | (edge == 128)).all(1)  # 127 where Adobe stores inverted colours
    while rows and painted[rows - 1]:
        rows -= 1
    if rows < height / 2:
        raise PhotoError(
            f"must have at least half of its rows, got a JPEG cut off after {rows / height:.0%}"
        )
    kept = (container.size[0], max(1, round(container.size[1] * rows / height)))
    _check_size(kept, "", MAX_JPEG_PIXELS)
    return (image if rows == height else image.crop((0, 0, width, rows))), kept


def _cut_note(share: float) -> str:
    missing = round(100 * (1 - share))
    lost = f"{missing} % of its picture is missing" if missing else "fine details may be missing"
    return f"The photo's file is cut off at its end: {lost}"


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


def _photo(
    image: Image.Image, original_size: tuple[int, int], notes: tuple[str, ...] = ()
) -> Photo:
    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    pixels = image.tobytes()
    digest = hashlib.sha256(b"%d x %d RGB " % image.size + pixels).hexdigest()
    return Photo(Image.frombytes("RGB", image.size, pixels), digest, original_size, notes)
