"""Bytes that each decoder holds at its peak for a pixel, against those that the app counts with.

    python benchmarks/decoding.py [--megapixels 12]

Each picture is decoded in a process of its own, twice: whole, and a quarter of it, so that what
does not grow with the picture falls out, as do the bytes of the file, which the app counts twice.
Prints JSON; `counted` must not be below `measured`.
Needs Linux, which tells a process its peak.
"""

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pillow_heif
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script

from aqfusion.cli.main import run_command
from aqfusion.cli.options import print_json
from aqfusion.errors import InputError
from aqfusion.images.container import read_container
from aqfusion.images.decoding import BYTES_PER_PIXEL
from aqfusion.settings import ROOT

_MEASURE = """
import sys
from pathlib import Path
import cv2
from aqfusion.images.container import read_container
from aqfusion.images.decoding import hand_memory_back, opened
hand_memory_back()
container = read_container(Path(sys.argv[1]).read_bytes(), "photo")
peak = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
Path("/proc/self/clear_refs").write_text("5")
before = peak()
scale = 1024 / max(container.size)
with opened(container, tuple(round(side * scale) for side in container.size)) as raster:
    raster.rows(0, 32).convert("RGB")
print(max(0, 1024 * (peak() - before) - 2 * len(container.pixels)))
"""
_Encoder = Callable[[Image.Image], bytes]


def bench(megapixels: float) -> dict[str, dict[str, Any]]:
    """Bytes a pixel by kind of file, with the variant that the app takes it for."""
    width = round((megapixels * 1.5e6) ** 0.5) // 64 * 64
    small, large = _picture(width // 2), _picture(width)
    pixels = large.width * large.height - small.width * small.height
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, encode in _ENCODERS.items():
            peaks = []
            for picture in (small, large):
                path = Path(folder) / "photo"
                path.write_bytes(encode(picture))
                peaks.append(_peak(path))
            variant = read_container(path.read_bytes(), "photo").variant
            results[name] = {
                "counted_as": variant,
                "counted": BYTES_PER_PIXEL[variant],
                "measured": round((peaks[1] - peaks[0]) / pixels, 2),
            }
    return results


def _peak(path: Path) -> int:
    # a child's peak starts at its parent's: a small shell stands between
    shell = ["sh", "-c", '"$0" -c "$1" "$2"; true', sys.executable, _MEASURE, str(path)]
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise InputError(f"a picture could not be decoded: {done.stderr.strip()[-200:]}")
    return int(json.loads(done.stdout))


def _picture(width: int) -> Image.Image:
    """A gradient with noise: it compresses like a photo, at 3 to 2."""
    height = width * 2 // 3 // 64 * 64
    noise = np.random.default_rng(1).normal(0, 6, (height, width, 1))
    ramp = np.linspace(0, 60, height)[:, None, None] + np.array([90, 130, 190])
    return Image.fromarray((noise + ramp).clip(0, 255).astype(np.uint8))


def _as(format: str, mode: str = "RGB", **options: Any) -> _Encoder:
    def encode(image: Image.Image) -> bytes:
        stream = io.BytesIO()
        image.convert(mode).save(stream, format, **options)
        return stream.getvalue()

    return encode


def _film(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    other = Image.new("RGB", image.size, "blue")
    image.save(stream, "WEBP", save_all=True, append_images=[other], method=0)
    return stream.getvalue()


def _deep(image: Image.Image) -> Any:
    return np.asarray(image).astype(np.uint16) << 8


def _by_opencv(kind: str, depth: int) -> _Encoder:
    def encode(image: Image.Image) -> bytes:
        import cv2

        options = [cv2.IMWRITE_AVIF_DEPTH, depth, cv2.IMWRITE_AVIF_SPEED, 10]
        pixels = _deep(image) >> (16 - depth)
        return cv2.imencode(kind, pixels, options if kind == ".avif" else [])[1].tobytes()

    return encode


def _deep_heic(mode: str) -> _Encoder:
    def encode(image: Image.Image) -> bytes:
        own = image.convert(mode.partition(";")[0])
        pixels = _deep(own) >> (16 - int(mode.partition(";")[2]))
        file = pillow_heif.from_bytes(mode, own.size, pixels.tobytes())
        stream = io.BytesIO()
        file.save(stream, quality=60, enc_params={"preset": "ultrafast"})
        return stream.getvalue()

    return encode


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


_FAST: dict[str, Any] = {"quality": 60, "enc_params": {"preset": "ultrafast"}}
_ENCODERS: dict[str, _Encoder] = {
    "PNG, palette": _as("PNG", "P", compress_level=1),
    "PNG, grey": _as("PNG", "L", compress_level=1),
    "PNG, 16-bit grey": _as("PNG", "I;16", compress_level=1),
    "PNG, grey with alpha": _as("PNG", "LA", compress_level=1),
    "PNG": _as("PNG", compress_level=1),
    "PNG, alpha": _as("PNG", "RGBA", compress_level=1),
    "PNG, 16-bit": _by_opencv(".png", 16),
    "WebP, lossy": _as("WEBP", method=0),
    "WebP, lossy with alpha": _as("WEBP", "RGBA", method=0),
    "WebP, lossless": _as("WEBP", lossless=True, quality=0, method=0),
    "WebP, lossless with alpha": _as("WEBP", "RGBA", lossless=True, quality=0, method=0),
    "WebP, animated": _film,
    "HEIC": _as("HEIF", **_FAST),
    "HEIC, turned": _as("HEIF", exif=_turned(), **_FAST),
    "HEIC, tiles": _as("HEIF", tile_size=512, **_FAST),
    "HEIC, tiles, turned": _as("HEIF", tile_size=512, exif=_turned(), **_FAST),
    "HEIC, 4:4:4": _as("HEIF", chroma=444, **_FAST),
    "HEIC, 4:4:4, turned": _as("HEIF", chroma=444, exif=_turned(), **_FAST),
    "HEIC, alpha": _as("HEIF", "RGBA", **_FAST),
    "HEIC, 10-bit": _deep_heic("RGB;16"),
    "HEIC, 10-bit with alpha": _deep_heic("RGBA;16"),
    "HEIC, 12-bit": _deep_heic("RGB;12"),
    "AVIF": _as("AVIF", speed=10, quality=60),
    "AVIF, 4:4:4": _as("AVIF", speed=10, quality=60, subsampling="4:4:4"),
    "AVIF, alpha": _as("AVIF", "RGBA", speed=10, quality=60),
    "AVIF, 10-bit": _by_opencv(".avif", 10),
    "AVIF, 12-bit": _by_opencv(".avif", 12),
}


def decoder_memory(quick: bool) -> dict[str, Any]:
    """All kinds of files, of 12 megapixels."""
    return bench(0.5 if quick else 12.0)


PARTS = {"decoder_memory": decoder_memory}


@click.command()
@click.option(
    "--megapixels",
    default=12.0,
    show_default=True,
    type=click.FloatRange(0.5, 16),
    help="Size of the larger picture, 0.5 to 16.",
)
def main(megapixels: float) -> None:
    """Measure the decoders' memory, as JSON."""
    pillow_heif.register_heif_opener()  # for Image.save
    print_json(bench(megapixels))


if __name__ == "__main__":
    sys.exit(run_command(main, "benchmarks/decoding.py"))
