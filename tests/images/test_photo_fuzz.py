"""Damaged bytes give a photo or a `PhotoError`; no other exception ever comes out."""

import os

import numpy as np
import pytest

from aqfusion.images.photo import Photo, PhotoError
from tests.hostile import encode, exif, flat, sky

ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "150"))  # a long run: FUZZ_ROUNDS=20000
FRAMES = [sky(seed=1), sky(seed=2)]
WHOLE = {
    "JPEG": encode(sky(), "JPEG", exif=exif(6)),
    "progressive JPEG": encode(sky(), "JPEG", progressive=True),
    "CMYK JPEG": encode(sky().convert("CMYK"), "JPEG"),
    "PNG": encode(sky(), "PNG", exif=exif(6)),
    "palette PNG": encode(sky().quantize(9), "PNG", transparency=bytes([0, 99, 255])),
    "16-bit PNG": encode(flat("I;16", 900), "PNG"),
    "APNG": encode(sky(), "PNG", save_all=True, append_images=FRAMES),
    "WebP": encode(sky(), "WEBP", exif=exif(6)),
    "lossless WebP": encode(sky().convert("RGBA"), "WEBP", lossless=True),
    "animated WebP": encode(sky(), "WEBP", save_all=True, append_images=FRAMES),
}


def damaged(data: bytes, generator: np.random.Generator) -> bytes:
    """Cut, flip, drop, double or blank some bytes; half of the hits fall on the first 200."""
    out = bytearray(data)
    for _ in range(generator.integers(1, 6)):
        if len(out) < 16:
            break
        limit = min(200, len(out)) if generator.random() < 0.5 else len(out)
        at, kind = int(generator.integers(0, limit)), generator.integers(0, 6)
        span = int(generator.integers(1, 12))
        if kind == 0 and generator.random() < 0.3:
            del out[max(at, 4) :]
        elif kind == 1:
            del out[at : at + span]
        elif kind == 2:
            out[at:at] = out[at : at + span]
        elif kind == 3:
            out[at : at + span] = bytes(generator.choice([0, 0xFF], 1)) * span
        else:
            out[at] = int(generator.integers(0, 256))
    return bytes(out)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", WHOLE)
def test_damage_never_leaks_another_exception(case):
    generator = np.random.default_rng(7)
    Photo.decode(WHOLE[case])
    refused = 0
    for _ in range(ROUNDS):
        try:
            photo = Photo.decode(damaged(WHOLE[case], generator))
            assert photo.image.mode == "RGB"
        except PhotoError:
            refused += 1
    assert 0 < refused < ROUNDS
