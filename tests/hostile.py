"""Build uploads that no camera makes: PNG and RIFF files put together chunk by chunk."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def encode(image: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, bits: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG from raw rows (each with its filter byte); `extra` chunks come before the pixels."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(rows, 9))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND")


def sky(width: int = 64, height: int = 48, seed: int = 0) -> Image.Image:
    """A noisy blue gradient: pixels that compress like a photo's."""
    noise = np.random.default_rng(seed).normal(0, 8, (height, width, 3))
    ramp = np.linspace(0, 60, height)[:, None, None] + np.array([90, 130, 190])
    return Image.fromarray((noise + ramp).clip(0, 255).astype(np.uint8))


def flat(mode: str, colour: Any, size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new(mode, size, colour)


def exif(orientation: int = 1) -> bytes:
    """EXIF with an orientation, a camera's name and a GPS position."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "SecretCamera"
    tags.get_ifd(0x8825).update({1: "N", 2: (28.0, 36.0, 50.0), 3: "E", 4: (77.0, 12.0, 32.0)})
    return tags.tobytes()
