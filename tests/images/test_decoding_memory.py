"""A picture of 34 bytes and its like: memory of decoding is bounded, however many come at once."""

import io
import json
import re
import struct
import subprocess
import sys
import types
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from aqfusion.images import decoding
from aqfusion.images.container import read_container
from aqfusion.images.decoding import (
    BYTES_PER_PIXEL,
    MOST_MEMORY,
    Raster,
    check_memory,
    shrunk,
)
from aqfusion.images.photo import Photo, PhotoError
from aqfusion.settings import ROOT
from tests.hostile import chunk, encode, flat, png, sky

pillow_heif.register_heif_opener()  # for Image.save; the product calls the reader itself


def lossless_webp(width: int, height: int) -> bytes:
    """34 bytes that are a plain picture of any size: five codes of one symbol each (RFC 9649)."""
    bits, at = (width - 1) | (height - 1) << 14, 28 + 4 + 3  # no alpha, version 0, no transforms
    for _ in range(5):
        bits |= 1 << at  # a simple code of one symbol, which is the bit 0
        at += 4
    body = b"\x2f" + bits.to_bytes(9, "little")
    chunks = b"WEBPVP8L" + len(body).to_bytes(4, "little") + body + bytes(4)
    return b"RIFF" + len(chunks).to_bytes(4, "little") + chunks


def canvas(width: int, height: int) -> bytes:
    """A film of one small frame on a large canvas."""
    frames = [flat("RGB", colour) for colour in ("black", "white")]
    whole = bytearray(encode(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    whole[24:27] = (width - 1).to_bytes(3, "little")
    whole[27:30] = (height - 1).to_bytes(3, "little")
    return bytes(whole)


def zeros(width: int, height: int, bits: int, colour: int, row: int) -> bytes:
    """A PNG of nothing, written row by row: some kilobytes for hundreds of megabytes."""
    packer, parts = zlib.compressobj(9), []
    for _ in range(height):
        parts.append(packer.compress(bytes(row + 1)))
    stream = b"".join(parts) + packer.flush()
    empty = png(width, height, bits, colour, b"")
    start = empty.index(b"IDAT") - 4
    return empty[:start] + chunk(b"IDAT", stream) + chunk(b"IEND")


def cut_grid(tile: int, width: int, height: int) -> bytes:
    """Two large tiles, of which the picture shows a strip."""
    picture = flat("RGB", "blue", (2 * tile, tile))
    fast = {"quality": 30, "enc_params": {"preset": "ultrafast"}}
    data = encode(picture, "HEIF", tile_size=tile, **fast)
    for form in (">II", ">HH"):  # the item's size, and the grid's own
        data = data.replace(struct.pack(form, *picture.size), struct.pack(form, width, height))
    return data


ATTACKS = {
    "40 MP in 34 bytes": lambda: lossless_webp(8000, 5000),
    "38 MP in 34 bytes": lambda: lossless_webp(7600, 5000),
    "a canvas of 24 MP": lambda: canvas(6000, 4000),
    "a canvas of 19 MP": lambda: canvas(5000, 3800),
    "16-bit grey": lambda: zeros(7000, 5600, 16, 0, 14000),
    "16-bit colours with alpha": lambda: zeros(7000, 5600, 16, 6, 56000),
    "grey with alpha": lambda: zeros(7000, 5600, 8, 4, 14000),
    "a progressive JPEG": lambda: encode(
        flat("RGB", "blue", (9600, 8200)), "JPEG", progressive=True
    ),
    "a progressive JPEG of all colours": lambda: encode(
        flat("RGB", "blue", (7200, 5400)), "JPEG", progressive=True, subsampling=0
    ),
    "HEIC": lambda: encode(flat("RGB", "blue", (7200, 5400)), "HEIF", quality=30),
    "a grid of large tiles": lambda: cut_grid(4992, 5100, 700),
    "AVIF": lambda: encode(flat("RGB", "blue", (6000, 4500)), "AVIF", speed=10),
    "AVIF with alpha": lambda: encode(flat("RGBA", (1, 2, 3, 99), (5000, 4000)), "AVIF", speed=10),
}
MEASURE = """
import json, resource, sys, threading
from pathlib import Path
from PIL import ImageCms
import cv2
from aqfusion.images.decoding import hand_memory_back
from aqfusion.images.photo import Photo, PhotoError

hand_memory_back()

def decode(data):
    try:
        Photo.decode(data)
        ends.append("decoded")
    except PhotoError as error:
        ends.append(str(error))

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
peaks = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    data, ends = path.read_bytes(), []
    Path("/proc/self/clear_refs").write_text("5")
    threads = [threading.Thread(target=decode, args=(data,)) for _ in range(int(sys.argv[2]))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    text = Path("/proc/self/status").read_text()
    peak = int(text.split("VmHWM:")[1].split()[0]) - before
    peaks[path.name] = [peak / 1000, sorted({*ends})]
print(json.dumps(peaks))
"""


def peaks(folder: Path, files: dict[str, bytes], at_once: int) -> dict[str, list]:
    """The peak of memory, in MB above the start, of so many decodings at once, and their ends."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    # a child's peak starts at its parent's: a small shell stands between
    shell = ["sh", "-c", '"$0" -c "$1" "$2" "$3"; true', sys.executable, MEASURE]
    done = subprocess.run(
        [*shell, str(folder), str(at_once)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
def test_many_at_once_stay_below_the_limit(tmp_path):
    files = {name: ATTACKS[name]() for name in ("38 MP in 34 bytes", "a canvas of 19 MP")}
    measured = peaks(tmp_path, files, 4)
    ended = {name: ends for name, (_, ends) in measured.items()}
    assert ended == {name: ["decoded"] for name in files}
    assert {name: peak for name, (peak, _) in measured.items() if peak > MOST_MEMORY / 1e6} == {}


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
def test_twelve_of_each_attack_at_once_stay_below_the_limit(tmp_path):
    measured = peaks(tmp_path, {name: make() for name, make in ATTACKS.items()}, 12)
    assert len(measured) == len(ATTACKS)
    assert {name: peak for name, (peak, _) in measured.items() if peak > MOST_MEMORY / 1e6} == {}


REFUSED = {
    "WebP": (lossless_webp(10000, 5000), "39 megapixels as WebP, got 10000 x 5000"),
    "canvas": (canvas(6000, 4000), "19 megapixels as animated WebP, got 6000 x 4000"),
    "AVIF": (
        encode(flat("RGB", "blue", (64, 48)), "AVIF").replace(
            struct.pack(">II", 64, 48), struct.pack(">II", 8000, 6000)
        ),
        "34 megapixels as AVIF, got 8000 x 6000",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_needs_too_much_is_refused_with_format_limit_and_value(case):
    data, sentence = REFUSED[case]
    with pytest.raises(PhotoError, match=re.escape(f"sky must have at most {sentence}")):
        Photo.decode(data, "sky")


# width x height of cameras and screens, as people have them
HONEST = {
    "JPEG": [(4032, 3024), (6000, 4000), (8064, 6048), (8160, 6120), (12000, 9000)],
    "PNG": [(4032, 3024), (3840, 2160), (8064, 6048)],
    "HEIC": [(4032, 3024), (5712, 4284), (8064, 6048)],
    "lossy WebP": [(4032, 3024), (8064, 6048)],
    "WebP": [(4032, 3024), (3840, 2160), (6000, 4000)],
    "AVIF": [(4032, 3024), (6000, 4000)],
    "AVIF of more than 8 bits": [(4032, 3024)],
    "HEIC of more than 8 bits": [(4032, 3024), (5712, 4284)],
    "PNG of palette or grey": [(8064, 6048)],
    "PNG of 16-bit grey": [(8064, 6048)],
}


@pytest.mark.parametrize(
    ("variant", "size"), [(name, size) for name, sizes in HONEST.items() for size in sizes]
)
def test_photos_that_people_have_fit(variant, size):
    if variant != "JPEG":
        assert BYTES_PER_PIXEL[variant] * size[0] * size[1] + 50e6 < MOST_MEMORY


VARIANTS = {
    "PNG of palette or grey": encode(sky().quantize(8), "PNG"),
    "PNG of 16-bit grey": png(64, 48, 16, 0, (b"\0" + bytes(128)) * 48),
    "PNG": encode(sky(), "PNG"),
    "lossy WebP": encode(sky(), "WEBP"),
    "WebP": encode(sky(), "WEBP", lossless=True),
    "animated WebP": canvas(64, 48),
    "HEIC": encode(sky(), "HEIF"),
    "HEIC with 4:4:4 or alpha": encode(sky().convert("RGBA"), "HEIF"),
    "AVIF": encode(sky(), "AVIF"),
    "AVIF with 4:4:4 or alpha": encode(sky(), "AVIF", subsampling="4:4:4"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_headers_tell_what_memory_depends_on(variant):
    assert read_container(VARIANTS[variant], "sky").variant == variant
    assert Photo.decode(VARIANTS[variant]).image.size == (64, 48)


def test_alpha_and_depth_are_seen():
    alpha = encode(flat("RGBA", (1, 2, 3, 99)), "AVIF")
    assert read_container(alpha, "sky").variant == "AVIF with 4:4:4 or alpha"
    deep = pillow_heif.from_bytes("RGB;16", (64, 48), bytes(64 * 48 * 6))
    stream = io.BytesIO()
    deep.save(stream, quality=50)
    assert read_container(stream.getvalue(), "sky").variant == "HEIC of more than 8 bits"


def test_tiles_count_also_where_the_picture_shows_a_part_of_them():
    container = read_container(cut_grid(512, 600, 100), "sky")
    assert (container.size, container.coded_pixels) == ((600, 100), 2 * 512 * 512)
    small, large = (replace(container, coded_pixels=n * 1_000_000) for n in (1, 50))
    assert check_memory(large, "sky") - check_memory(small, "sky") > 49e6 * 5
    sentence = re.escape("got 600 x 100 out of 70 megapixels")
    with pytest.raises(PhotoError, match=sentence):
        check_memory(replace(container, coded_pixels=70_000_000), "sky")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "CMYK"])
@pytest.mark.parametrize("size", [(1301, 901), (3333, 1111), (6201, 903), (700, 1200)])
def test_bands_give_the_very_pixels_of_the_whole(mode, size, monkeypatch):
    monkeypatch.setattr("aqfusion.images.decoding._BAND_BYTES", 1_000_000)
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    grey = Image.fromarray(noise)
    bands = [grey.transpose(turn) for turn in (0, 1, 3)]
    image = Image.merge(mode, [grey, *bands][: len(Image.new(mode, (1, 1)).getbands())])
    scale = min(1.0, 1024 / max(size))
    target = round(size[0] * scale), round(size[1] * scale)
    whole = image.resize(target, Image.Resampling.HAMMING, reducing_gap=3.0)
    raster = Raster(size, lambda top, bottom: image.crop((0, top, size[0], bottom)))
    small = shrunk(raster, target, lambda part: part)
    assert (small.mode, small.size) == (mode, target)
    assert np.array_equal(np.asarray(small), np.asarray(whole))


def test_of_a_tall_picture_a_level_may_differ():
    image = sky(300, 2300)
    whole = image.resize((134, 1024), Image.Resampling.HAMMING, reducing_gap=3.0)
    raster = Raster(image.size, lambda top, bottom: image.crop((0, top, 300, bottom)))
    small = shrunk(raster, whole.size, lambda part: part)
    assert np.abs(np.asarray(small).astype(int) - np.asarray(whole)).max() <= 1


# A picture that is opened elsewhere escapes limits and turns; ours is what was shipped, or made.
DECODERS = re.compile(
    r"\bImage\.open\(|\bimdecode\(|\bimread\(|[a-z]ImageFile\b|open_heif\(|decode_image\("
)
ALLOWED = {
    "aqfusion/images/decoding.py",
    "aqfusion/labels/imports/full_state.py",  # the header alone, after Photo.decode
    "aqfusion/load_test/virtual_users.py",  # makes the photos that it uploads
    "aqfusion/evaluation/photo_screening_evaluation.py",  # pictures of an installed package
}


def test_nothing_is_decoded_elsewhere():
    files = [*(ROOT / "aqfusion").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
    names = {
        str(file.relative_to(ROOT))
        for file in files
        if DECODERS.search(file.read_text(encoding="utf-8"))
    }
    assert names == ALLOWED


def test_without_libheif_heic_is_refused_and_the_rest_is_read(monkeypatch):
    data = encode(sky(), "HEIF")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as if it were not installed
    decoding._libheif.cache_clear()
    with pytest.raises(PhotoError) as refused:
        Photo.decode(data, "roof.heic")
    assert str(refused.value) == (
        "roof.heic must be JPEG, PNG, WebP or AVIF where pillow-heif is not installed, got HEIC "
        "(pip install pillow-heif)"
    )
    assert Photo.decode(encode(sky(), "AVIF")).original_size == (64, 48)


@pytest.mark.parametrize("lossless", [True, False])
def test_without_opencv_pillow_reads_a_webp_to_the_same_pixels(lossless, monkeypatch):
    data = encode(sky(400, 300), "WEBP", lossless=lossless)
    with_opencv = Photo.decode(data)
    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.setattr(decoding.opencv, "INSTALLED", False)
    assert Photo.decode(data).digest == with_opencv.digest
    with pytest.raises(PhotoError, match="at most 19 megapixels as WebP, got 5000 x 4000"):
        Photo.decode(lossless_webp(5000, 4000))


def test_a_webp_that_comes_while_another_thread_loads_opencv_waits_for_it(monkeypatch):
    half_loaded = types.ModuleType("cv2")
    half_loaded.__spec__ = None  # as OpenCV's own loader leaves it for a moment
    monkeypatch.setitem(sys.modules, "cv2", half_loaded)
    still = read_container(lossless_webp(64, 48), "roof.webp")
    assert decoding.check_memory(still, "roof.webp") > 0
