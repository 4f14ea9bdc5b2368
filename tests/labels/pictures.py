"""Photos whose fingerprints are known to be near or far, and what leads an import astray."""

import io
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def picture(seed: int, side: int = 96) -> Image.Image:
    """A picture of a few soft patches: each seed is far from all others."""
    patches = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((side, side), Image.Resampling.BICUBIC)


def save(path: Path, seed: int, quality: int = 95) -> Path:
    """Write a picture as JPEG; another quality makes a near-duplicate with other bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed).save(path, "JPEG", quality=quality)
    return path


def with_exif(path: Path, seed: int) -> Path:
    """A JPEG that says where and by whom it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    picture(seed).save(path, "JPEG", exif=exif, comment=b"SECRET-PLACE")
    return path


def bomb(path: Path) -> Path:
    """A PNG of 80 KB and 81 megapixels."""
    side = 9000

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    size = side.to_bytes(4, "big")
    stream = io.BytesIO(b"\x89PNG\r\n\x1a\n")
    stream.seek(0, io.SEEK_END)
    stream.write(chunk(b"IHDR", size + size + bytes([8, 0, 0, 0, 0])))
    stream.write(chunk(b"IDAT", zlib.compress(bytes(side * (side + 1)))))
    stream.write(chunk(b"IEND", b""))
    path.write_bytes(stream.getvalue())
    return path
