"""Mutated pictures of every format give a photo or a `PhotoError`, in bounded time and memory."""

import io
from collections import Counter

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from aqfusion.images.photo import LONGEST_SIDE, Photo, PhotoError
from aqfusion.settings import ROOT
from tests.hostile import encode, exif, flat, sky
from tests.mutation import LONG_ROUNDS, SEED, bounded, mutated_bytes, with_right_sums

pillow_heif.register_heif_opener()  # for Image.save; the product calls the reader itself

_SECONDS, _MEGABYTES = 4.0, 480.0  # of one file; decoders hold at most 360 MB together
SMALL = sky(40, 36)
FRAMES = [sky(40, 36, seed=1), sky(40, 36, seed=2)]
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TAKEN = {
    "JPEG": encode(SMALL, "JPEG", exif=exif(6), icc_profile=PROFILE),
    "progressive JPEG": encode(SMALL, "JPEG", progressive=True, subsampling=2),
    "CMYK JPEG": encode(SMALL.convert("CMYK"), "JPEG"),
    "grey JPEG": encode(SMALL.convert("L"), "JPEG", comment=b"a comment"),
    "MPO": encode(SMALL, "MPO", save_all=True, append_images=FRAMES),
    "PNG": encode(SMALL, "PNG", exif=exif(6), icc_profile=PROFILE),
    "palette PNG": encode(SMALL.quantize(9), "PNG", transparency=bytes([0, 99, 255])),
    "16-bit PNG": encode(flat("I;16", 900, (40, 36)), "PNG"),
    "APNG": encode(SMALL, "PNG", save_all=True, append_images=FRAMES),
    "WebP": encode(SMALL, "WEBP", exif=exif(6), icc_profile=PROFILE),
    "lossless WebP": encode(SMALL.convert("RGBA"), "WEBP", lossless=True),
    "animated WebP": encode(SMALL, "WEBP", save_all=True, append_images=FRAMES),
    "HEIC": encode(SMALL, "HEIF", exif=exif(6)),
    "AVIF": encode(SMALL, "AVIF", exif=exif(6)),
}
REFUSED = {
    name: encode(SMALL, name)
    for name in ("GIF", "TIFF", "BMP", "ICO", "JPEG2000", "PPM", "TGA", "PDF", "DIB", "ICNS")
}
ALL = {**TAKEN, **REFUSED}
KEPT = sorted((ROOT / "tests" / "cases" / "damaged-photos").glob("*"))


def outcome(data: bytes, what: str) -> str:
    """What became of the bytes, each rule of a photo checked."""
    with bounded(what, _SECONDS, _MEGABYTES):
        try:
            photo = Photo.decode(data, "sky.jpg")
        except PhotoError as error:
            sentence = str(error)
            assert sentence.startswith("sky.jpg "), sentence
            assert 10 < len(sentence) < 400, sentence
            assert "\n" not in sentence, sentence
            return "refused"
    assert photo.image.mode == "RGB"
    assert 1 <= min(photo.image.size) <= max(photo.image.size) <= LONGEST_SIDE
    return "read"


def fuzz(name: str, rounds: int, seed: int) -> Counter:
    """Mutate a file that often; where it fails, the file is in the message's place of the seed."""
    generator = np.random.default_rng([seed, len(name), *name.encode()])
    others = [ALL[other] for other in ALL if other != name]
    counts: Counter = Counter()
    for number in range(rounds):
        other = others[generator.integers(len(others))]
        data = mutated_bytes(ALL[name], generator, other)
        if data.startswith(b"\x89PNG") and generator.random() < 0.6:
            data = with_right_sums(data)
        counts[outcome(data, f"{name}, mutation {number} of seed {seed}")] += 1
    return counts


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ALL)
def test_a_mutated_picture_is_read_or_refused(name):
    assert outcome(ALL[name], name) == ("read" if name in TAKEN else "refused")
    counts = fuzz(name, 90 if name in TAKEN else 12, SEED)
    assert counts["refused"] > 0


@pytest.mark.parametrize("name", ["WebP", "lossless WebP"])
def test_still_webp_is_fuzzed_in_the_decoder_that_reads_it(name, monkeypatch):
    calls, decode = [], cv2.imdecode
    monkeypatch.setattr(cv2, "imdecode", lambda *given: calls.append(given) or decode(*given))
    counts = fuzz(name, 40, SEED + 2)
    assert len(calls) >= counts["read"] > 0
    assert len(calls) > 20


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ALL)
def test_many_mutated_pictures_are_read_or_refused(name):
    assert fuzz(name, LONG_ROUNDS, SEED + 1)["refused"] > 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.name)
def test_what_decoders_answer_with_errors_of_their_own_is_refused(file):
    """Each made one of them raise UnicodeDecodeError, RuntimeError, IndexError or SyntaxError."""
    assert outcome(file.read_bytes(), file.name) == "refused"


def test_the_bounds_notice_what_they_are_for():
    with pytest.raises(AssertionError, match=r"work took .* MB"), bounded("work", 60, 20):
        np.ones(50_000_000)  # more than an allocator has at hand from before
    with pytest.raises(AssertionError, match=r"work took \d+\.\d s"), bounded("work", 0.05, 1000):
        Image.open(io.BytesIO(encode(sky(1500, 1500), "PNG"))).load()
