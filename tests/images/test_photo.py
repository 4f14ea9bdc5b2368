"""Whatever is uploaded becomes a small upright RGB image, or one clear sentence."""

import contextlib
import io
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aqfusion.images.photo import Photo, PhotoError
from tests.hostile import chunk, encode, exif, flat, png, sky

ORANGE = (220, 120, 40)


def mean(photo: Photo) -> tuple[int, ...]:
    return tuple(round(float(v)) for v in np.asarray(photo.image).mean((0, 1)))


def grey16(value: int) -> bytes:
    return png(64, 48, 16, 0, (b"\0" + struct.pack(">H", value) * 64) * 48)


def rgb16(*values: int) -> bytes:
    return png(64, 48, 16, 2, (b"\0" + struct.pack(">3H", *values) * 64) * 48)


def see_through_palette() -> bytes:
    image = flat("P", 1)
    image.putpalette([0, 0, 0, *ORANGE])
    return encode(image, "PNG", transparency=bytes([255, 0]))


def animation(format: str) -> bytes:
    frames = [flat("RGB", colour) for colour in (ORANGE, (0, 0, 0), (255, 255, 255))]
    options = {"lossless": True} if format == "WEBP" else {}
    return encode(frames[0], format, save_all=True, append_images=frames[1:], **options)


COLOURS = {
    "JPEG": (encode(flat("RGB", ORANGE), "JPEG"), ORANGE),
    "PNG": (encode(flat("RGB", ORANGE), "PNG"), ORANGE),
    "lossless WebP": (encode(flat("RGB", ORANGE), "WEBP", lossless=True), ORANGE),
    "MPO of a phone": (animation("MPO"), ORANGE),
    "APNG": (animation("PNG"), ORANGE),
    "animated WebP": (animation("WEBP"), ORANGE),
    "grey JPEG": (encode(flat("L", 90), "JPEG"), (90, 90, 90)),
    "CMYK JPEG as Adobe stores it": (encode(flat("CMYK", (0, 255, 255, 0)), "JPEG"), (255, 0, 0)),
    "1-bit PNG": (encode(flat("1", 1), "PNG"), (255, 255, 255)),
    "grey and alpha": (encode(flat("LA", (0, 51)), "PNG"), (204, 204, 204)),
    "RGBA on white": (encode(flat("RGBA", (255, 0, 0, 51)), "PNG"), (255, 204, 204)),
    "transparent WebP": (encode(flat("RGBA", (9, 9, 9, 0)), "WEBP", lossless=True), (255,) * 3),
    "palette": (encode(flat("RGB", ORANGE).quantize(4), "PNG"), ORANGE),
    "transparent palette": (see_through_palette(), (255, 255, 255)),
    "one transparent colour": (
        png(64, 48, 8, 2, (b"\0" + bytes(ORANGE) * 64) * 48, chunk(b"tRNS", b"\0\xdc\0\x78\0\x28")),
        (255, 255, 255),
    ),
    "16-bit grey": (grey16(0x4000), (64, 64, 64)),
    "16-bit RGB": (rgb16(0xDC00, 0x7800, 0x2800), ORANGE),
}


@pytest.mark.parametrize("case", COLOURS)
def test_every_mode_keeps_its_colour(case):
    data, colour = COLOURS[case]
    photo = Photo.decode(data)
    assert (photo.image.mode, photo.image.size, photo.image.info) == ("RGB", (64, 48), {})
    assert np.abs(np.subtract(mean(photo), colour)).max() <= 2, mean(photo)


WHOLE = encode(sky(), "JPEG")
PROGRESSIVE = encode(sky(64, 64), "JPEG", progressive=True)
LAST_SCAN = PROGRESSIVE.rindex(b"\xff\xda")
REFUSED = {
    "empty": (b"", "a JPEG, PNG, WebP, HEIC or AVIF picture, got an empty file"),
    "text": (b"hello, sky", "a JPEG, PNG, WebP, HEIC or AVIF picture, got something else"),
    "GIF": (encode(sky(), "GIF"), "got GIF"),
    "BMP": (encode(sky(), "BMP"), "got BMP"),
    "TIFF": (encode(sky(), "TIFF"), "got TIFF"),
    "SVG": (b"\n<svg xmlns='http://www.w3.org/2000/svg'/>", "got SVG"),
    "HEIC without a picture": (b"\0\0\0\x18ftypheic" + b"\0" * 99, "got one with"),
    "a video": (b"\0\0\0\x18ftypisom" + b"\0" * 99, "got a video"),
    "half a JPEG": (WHOLE[: len(WHOLE) // 2], "a valid image file, got a damaged JPEG"),
    "half a PNG": (encode(sky(), "PNG")[:2000], "a valid image file, got a damaged PNG"),
    "half a WebP": (encode(sky(), "WEBP")[:300], "a valid image file, got a damaged WEBP"),
    "only a magic": (b"\x89PNG\r\n\x1a\n", "a complete image file, got a truncated one"),
    "a short PNG header": (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0\0\0\x40" * 2), "damaged PNG"),
    "colours without a palette": (
        png(64, 48, 8, 3, (b"\0" + bytes(64)) * 48),
        "a valid image file, got one with no palette for its colours",
    ),
    "transparency without a palette": (
        png(64, 48, 8, 3, (b"\0" + bytes(64)) * 48, chunk(b"tRNS", b"\0")),
        "a valid image file, got one with no palette for its colours",
    ),
    "a palette too late": (
        png(64, 48, 8, 3, (b"\0" + bytes(64)) * 48)[:-12] + chunk(b"PLTE", bytes(3)),
        "a valid image file, got one with no palette for its colours",
    ),
    "a scan too many": (PROGRESSIVE[:-2] + PROGRESSIVE[LAST_SCAN:-2] * 60, "more than 64"),
    "26 MB": (b"\xff\xd8\xff" + bytes(26_000_000), "at most 25 MB, got 26.0 MB"),
    "400 MP, valid": (
        png(20000, 20000, 1, 0, bytes(2501 * 20000)),
        "at most 50 megapixels, got 20000 x 20000",
    ),
    "2 GP, declared": (
        png(65535, 32767, 8, 6, b""),
        "at most 50 megapixels, got 65535 x 32767",
    ),
    "WebP canvas of 268 MP": (
        b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x3f\0\xff\x3f\0",
        "at most 50 megapixels, got 16384 x 16384",
    ),
    "a line": (png(40000, 3, 1, 0, bytes(5001 * 3)), "at least 32 pixels on each side, got 40000"),
    "an icon": (encode(sky(31, 64), "PNG"), "at least 32 pixels on each side, got 31 x 64"),
    "a ribbon": (encode(sky(400, 40), "PNG"), "at most 8 times as long as wide, got 400 x 40"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_photo_is_refused_in_one_sentence(case):
    data, sentence = REFUSED[case]
    started = time.perf_counter()
    with pytest.raises(PhotoError) as caught:
        Photo.decode(data, "sky.jpg")
    message = str(caught.value)
    assert message.startswith("sky.jpg must ")
    assert sentence in message
    assert time.perf_counter() - started < 0.3


ROWS = (b"\0" + bytes(64 * 3)) * 48
ZEROS = zlib.compress(bytes(1_000_000), 9)
EXIF_PIECE = b"\xff\xe1\x0f\xfeExif\0\0" + bytes(4086)
BOMBS = {
    "15 GB of text": lambda: png(64, 48, 8, 2, ROWS, chunk(b"zTXt", b"\0\0" + ZEROS) * 15_000),
    "15 GB of profiles": lambda: png(64, 48, 8, 2, ROWS, chunk(b"iCCP", b"\0\0" + ZEROS) * 15_000),
    "2 million chunks": lambda: png(64, 48, 8, 2, ROWS, chunk(b"aaAa") * 2_000_000),
    "6 million comments": lambda: b"\xff\xd8" + b"\xff\xfe\0\x02" * 6_000_000,
    "EXIF in 6,000 pieces": lambda: b"\xff\xd8" + EXIF_PIECE * 6_000,
    "24 MB of junk": lambda: b"\xff\xd8\xff\xfe\0\x02" + b"\xff\0" * 12_000_000,
    "24 MB of fill": lambda: b"\xff\xd8\xff\xfe\0\x02" + b"\xff" * 24_000_000,
    "3,000 scans": lambda: PROGRESSIVE[:LAST_SCAN] + PROGRESSIVE[LAST_SCAN:-2] * 3_000,
    "3 million WebP chunks": lambda: b"RIFF\0\0\0\0WEBP" + b"AAAA\0\0\0\0" * 3_000_000,
}


@pytest.mark.parametrize("case", BOMBS)
def test_bombs_do_not_hold_up_the_server(case):
    data = BOMBS[case]()
    assert len(data) < 25_000_000
    started = time.perf_counter()
    with contextlib.suppress(PhotoError):
        Photo.decode(data)
    assert time.perf_counter() - started < 3.0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_orientation_is_applied(format, orientation):
    upright = flat("RGB", (20, 20, 20), (96, 64))
    upright.paste((250, 250, 250), (0, 0, 48, 32))  # a light top left corner
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Transpose that undoes each orientation
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    photo = Photo.decode(encode(stored, format, exif=exif(orientation)))
    assert photo.image.size == photo.original_size == (96, 64)
    assert np.abs(np.asarray(photo.image).astype(int) - np.asarray(upright)).mean() < 3


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_position_and_camera_are_gone(format):
    data = encode(sky(), format, exif=exif(), icc_profile=b"profile", xmp=b"<x/>")
    assert b"SecretCamera" in data
    kept = Photo.decode(data).to_jpeg()
    assert b"SecretCamera" not in kept
    with Image.open(io.BytesIO(kept)) as again:
        assert dict(again.getexif()) == {}
        assert set(again.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_broken_exif_costs_the_orientation_not_the_photo():
    whole = Photo.decode(encode(sky(), "JPEG"))
    for tiff in (b"II*\0\xff\xff\xff\xff\0\0", b"MM\0*\0\0\0\x08\xff\xff", b"II*\0", b"junk"):
        assert Photo.decode(encode(sky(), "JPEG", exif=b"Exif\0\0" + tiff)) == whole


def test_longest_side_is_1024_and_shape_is_kept():
    photo = Photo.decode(encode(sky(3000, 2000), "JPEG"))
    assert (photo.image.size, photo.original_size) == ((1024, 683), (3000, 2000))
    assert Photo.from_image(flat("RGB", ORANGE, (300, 2000))).image.size == (154, 1024)


def test_digest_follows_pixels_not_metadata():
    plain, tagged = encode(sky(), "PNG"), encode(sky(), "PNG", exif=exif())
    assert Photo.decode(plain) == Photo.decode(tagged) == Photo.from_image(sky())
    assert Photo.decode(plain).digest != Photo.from_image(sky(seed=1)).digest
    assert (
        Photo.from_image(flat("L", 0, (64, 48))).digest
        != Photo.from_image(flat("L", 0, (48, 64))).digest
    )


def test_open_names_the_path(tmp_path: Path):
    (tmp_path / "sky.png").write_bytes(encode(sky(), "PNG"))
    assert Photo.open(tmp_path / "sky.png") == Photo.from_image(sky())
    with pytest.raises(PhotoError, match=r"no\.jpg must be an image file, got nothing there"):
        Photo.open(tmp_path / "no.jpg")
    with pytest.raises(PhotoError, match="must be an image file, got a folder"):
        Photo.open(tmp_path)


def test_quality_out_of_range_is_refused():
    with pytest.raises(PhotoError, match="quality must be between 1 and 95, got 0"):
        Photo.from_image(sky()).to_jpeg(quality=0)


def test_a_lowered_pillow_limit_gives_a_sentence(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(PhotoError, match="damaged WEBP"):
        Photo.decode(animation("WEBP"))


@pytest.mark.parametrize(
    "error",
    [
        AssertionError("no palette"),
        MemoryError(),
        RecursionError(),
        zlib.error("x"),
        struct.error(),
    ],
)
def test_whatever_a_decoder_raises_is_a_sentence(monkeypatch, error):
    def fail(_self):
        raise error

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    with pytest.raises(PhotoError, match=r"sky\.png must be a valid image file, got a damaged PNG"):
        Photo.decode(encode(sky(), "PNG"), "sky.png")


def test_many_threads_agree_with_one():
    uploads = [data for data, _ in COLOURS.values()] * 4
    alone = [Photo.decode(data) for data in uploads]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(Photo.decode, uploads)) == alone
