"""Bytes of any upload -> a small upright RGB image without metadata, or `PhotoError`."""

import hashlib
import io
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image

from aqfusion.fair_queue import HEAVY
from aqfusion.images.colour_profile import to_srgb
from aqfusion.images.container import Container, PhotoError, read_container
from aqfusion.images.decoding import Raster, check_memory, opened, reserved, shrunk

__all__ = ["LONGEST_SIDE", "Photo", "PhotoError"]

LONGEST_SIDE = 1024
MAX_BYTES = 25_000_000
MAX_PIXELS = 50_000_000
# libjpeg decodes at an eighth, line by line: 108 megapixels cost 67 MB
MAX_JPEG_PIXELS = 220_000_000
MAX_COEFFICIENT_BYTES = 240_000_000  # of a JPEG in several scans, which is held whole
MIN_SIDE = 32
MAX_ASPECT = 8
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
        """Decode JPEG, PNG, WebP, HEIC or AVIF, the first picture; `name` opens the sentence.

        Waits for its turn among heavy work; where too many wait, `BusyError`.
        """
        return HEAVY.run(lambda: cls._decode(data, name))

    @classmethod
    def _decode(cls, data: bytes, name: str) -> "Photo":
        name = " ".join(name.split())[:200] or "photo"
        if len(data) > MAX_BYTES:
            raise PhotoError(f"{name} must have at most 25 MB, got {len(data) / 1e6:.1f} MB")
        container = read_container(data, name)
        _check_size(
            container.size, name, _most_pixels(container), is_spread=bool(container.coefficients)
        )
        need = check_memory(container, name)
        try:
            with reserved(need):
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
            raster = Raster(image.size, lambda top, last: image.crop((0, top, image.width, last)))
            small = shrunk(raster, _fitted(image.size), _plain)
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
    with opened(container, _fitted(container.size)) as raster:
        if container.format == "HEIC" and raster.size != container.size:
            _check_size(raster.size, "")  # what libheif has cut out of it
            container = replace(container, size=raster.size)
        read, size = _without_missing_rows(raster, container)
        if container.is_cut:
            notes.append(_cut_note(size[1] / container.size[1]))
        convert = _plain if container.profile is None else _plain_but_of_a_profile
        small = shrunk(read, _fitted(size), convert)
    if container.profile is not None:  # after shrinking: a colour costs time at every pixel
        small, fault = to_srgb(small, container.profile)
        notes += [fault] if fault else []
    return _plain(small), size, tuple(notes)


def _without_missing_rows(raster: Raster, container: Container) -> tuple[Raster, tuple[int, int]]:
    """Cut off the rows that are not in the file; libjpeg paints them a flat mid-grey."""
    (width, height), rows = raster.size, raster.size[1]
    if not container.is_cut:
        return raster, container.size
    whole = raster.rows(0, height)
    edge = np.asarray(whole.crop((max(0, width - 4), 0, width, height))).reshape(height, -1)
    painted = ((edge == 127) | (edge == 128)).all(1)  # 127 where Adobe stores inverted colours
    while rows and painted[rows - 1]:
        rows -= 1
    if rows < height / 2:
        raise PhotoError(
            f"must have at least half of its rows, got a JPEG cut off after {rows / height:.0%}"
        )
    kept = (container.size[0], max(1, round(container.size[1] * rows / height)))
    _check_size(kept, "", MAX_JPEG_PIXELS)
    return replace(raster, size=(width, rows)), kept


def _cut_note(share: float) -> str:
    missing = round(100 * (1 - share))
    lost = f"{missing} % of its picture is missing" if missing else "fine details may be missing"
    return f"The photo's file is cut off at its end: {lost}"


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, LONGEST_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _plain(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB, or to RGBA where something is transparent."""
    if image.mode.startswith("I;16"):  # convert() would clip every value above 255
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    return image if image.mode == "RGB" else image.convert("RGB")


def _plain_but_of_a_profile(image: Image.Image) -> Image.Image:
    """The same, but for modes that a colour profile may be of."""
    return image if image.mode in ("CMYK", "L") else _plain(image)


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
