"""From a photo's bytes to an AQI, step by step, the naive way beside ours.

python benchmarks/photos.py [--quick]
"""

import io
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from aqfusion.evaluation.latency import READING
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Predictor, load_model, shipped_names
from aqfusion.settings import ASSETS
from aqfusion.synthetic_scenes import scenes
from benchmarks.naive import NaiveModel, readings_of
from benchmarks.profiles import of_calls
from benchmarks.timing import NAIVE, OURS, compare

MEGAPIXELS = 12.0
_GROWTH = (1.0, 3.0, 12.0, 24.0, 48.0)
_GRAIN = 6.0  # levels: a 12-megapixel JPEG of quality 90 then has 3.4 MB, as a phone's has
_FORMATS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 90},
    "PNG": {"compress_level": 1},
    "WEBP": {"quality": 80, "method": 0},
    "HEIF": {"quality": 60, "enc_params": {"preset": "ultrafast"}},
    "AVIF": {"quality": 60, "speed": 10},
}
READINGS = readings_of(READING.values)


@cache
def picture(megapixels: float) -> Image.Image:
    """A scene of the gallery, 4 to 3, enlarged, with the grain of a camera."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    size = width, width * 3 // 4
    with Image.open(ASSETS / "scenes" / scenes()[0].file) as scene:
        large = np.asarray(scene.convert("RGB").resize(size), dtype=np.float32)
    draw = np.random.default_rng(0)
    grain = _GRAIN * draw.standard_normal((*large.shape[:2], 1), dtype=np.float32)
    return Image.fromarray((large + grain).clip(0, 255).astype(np.uint8))


def encoded(megapixels: float, format: str = "JPEG") -> bytes:
    """The picture as a file of a format that is read."""
    pillow_heif.register_heif_opener()  # for Image.save, and for the naive way to open it
    stream = io.BytesIO()
    picture(megapixels).save(stream, format, **_FORMATS[format])
    return stream.getvalue()


def decode(quick: bool) -> dict[str, Any]:
    """Bytes to the network's pixels: the formats, and JPEGs from 1 to 48 megapixels."""
    naive, ours = NaiveModel(), load_model()
    size = 0.1 if quick else MEGAPIXELS
    repeats = 1 if quick else 9

    def ways(data: bytes) -> dict[str, Any]:
        return {"megabytes": round(len(data) / 1e6, 1)} | compare(
            {
                NAIVE: lambda: naive.decode(data),
                OURS: lambda: ours.pixels(Photo.decode(data)),
            },
            repeats,
        )

    formats = {name: ways(encoded(size, name)) for name in _FORMATS}
    sizes = _GROWTH[:1] if quick else _GROWTH
    growth = {f"{megapixels:g}": ways(encoded(megapixels)) for megapixels in sizes}
    return {"megapixels": size, "formats": formats, "jpeg_by_megapixels": growth}


def embed(quick: bool) -> dict[str, Any]:
    """Pixels to the embedding, each backbone."""
    scene = Photo.from_image(picture(0.5))
    figures = {}
    for name in shipped_names():
        naive, ours = NaiveModel(name), load_model(name)
        pixels, floats = ours.pixels(scene), naive.decode(scene.to_jpeg())
        ways: dict[str, Callable[[], object]] = {
            NAIVE: partial(naive.embed, floats),
            OURS: partial(ours.embed_pixels, [pixels]),
        }
        figures[name] = compare(ways, 1 if quick else 40)
    return {"backbones": figures}


def slider(quick: bool) -> dict[str, Any]:
    """A reading changes, the photo does not: the whole network against what is cached."""
    naive, ours = NaiveModel(), load_model()
    scene = Photo.from_image(picture(0.5))
    pixels, embedding = naive.decode(scene.to_jpeg()), ours.embed(scene)

    def move() -> object:
        return ours.predict(READING, embedding)

    ways = {NAIVE: lambda: naive.predict(pixels, READINGS), OURS: move}
    return compare(ways, 2 if quick else 100) | {"profile": of_calls(move, 2 if quick else 200)}


def upload(quick: bool) -> dict[str, Any]:
    """A JPEG of 12 megapixels to its AQI."""
    naive, ours = NaiveModel(), load_model()
    data = encoded(0.1 if quick else MEGAPIXELS)
    take = partial(_take, ours, data)
    ways: dict[str, Callable[[], object]] = {
        NAIVE: lambda: naive.predict(naive.decode(data), READINGS),
        OURS: take,
    }
    return {"megabytes": round(len(data) / 1e6, 1)} | (
        compare(ways, 2 if quick else 25) | {"profile": of_calls(take, 1 if quick else 15)}
    )


def _take(predictor: Predictor, data: bytes) -> object:
    return predictor.predict(READING, Photo.decode(data))


PARTS = {"decode": decode, "embed": embed, "slider": slider, "upload": upload}
