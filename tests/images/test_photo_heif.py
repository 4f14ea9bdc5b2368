"""HEIC and AVIF: upright, in sRGB, and refused before a decoder sees more than the file says."""

import os
import struct

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from aqfusion.images.colour_profile import cicp_profile
from aqfusion.images.isobmff import read_heif
from aqfusion.images.photo import Photo, PhotoError
from tests.hostile import encode, exif, flat, sky
from tests.images.test_photo_fuzz import damaged

pillow_heif.register_heif_opener()  # for Image.save; the product calls the reader itself

ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "60"))
FORMATS = ["HEIF", "AVIF"]
ORANGE = (220, 120, 40)


def upright() -> Image.Image:
    image = Image.new("RGB", (192, 128), (20, 20, 20))
    image.paste((250, 250, 250), (0, 0, 96, 64))
    return image


def corners(image: Image.Image) -> list[bool]:
    width, height = image.size
    places = [(9, 9), (width - 9, 9), (9, height - 9), (width - 9, height - 9)]
    return [np.mean(image.getpixel(place)) > 128 for place in places]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_colours_come_through(format, mode):
    photo = Photo.decode(encode(flat("RGB", ORANGE, (96, 64)).convert(mode), format, quality=95))
    grey = round(0.299 * 220 + 0.587 * 120 + 0.114 * 40)
    want = (grey,) * 3 if mode == "L" else ORANGE
    assert (photo.image.mode, photo.image.size, photo.notes) == ("RGB", (96, 64), ())
    assert np.abs(np.asarray(photo.image).mean((0, 1)) - want).max() <= 4


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_turned_once(format, orientation):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright().transpose(undo[orientation]) if orientation > 1 else upright()
    photo = Photo.decode(encode(stored, format, exif=exif(orientation), quality=90))
    assert photo.image.size == photo.original_size == (192, 128)
    assert corners(photo.image) == [True, False, False, False]


@pytest.mark.parametrize("format", FORMATS)
def test_display_p3_is_converted(format):
    data = encode(flat("RGB", (234, 51, 35), (96, 64)), format, quality=95)
    tagged = encode(
        flat("RGB", (234, 51, 35), (96, 64)), format, quality=95, icc_profile=cicp_profile(12, 13)
    )
    assert np.abs(np.asarray(Photo.decode(tagged).image).mean((0, 1)) - (255, 0, 0)).max() <= 12
    assert np.abs(np.asarray(Photo.decode(data).image).mean((0, 1)) - (234, 51, 35)).max() <= 6


def test_display_p3_by_code_points_is_converted():
    data = encode(flat("RGB", (234, 51, 35), (96, 64)), "HEIF", quality=95)
    at = data.index(b"nclx") + 4
    points = bytearray(data)
    points[at : at + 4] = struct.pack(">HH", 12, 13)
    assert (
        np.abs(np.asarray(Photo.decode(bytes(points)).image).mean((0, 1)) - (255, 0, 0)).max() <= 12
    )


def test_tiles_are_put_together():
    data = encode(sky(640, 480), "HEIF", quality=90, tile_size=128)
    photo = Photo.decode(data)
    assert photo.image.size == (640, 480)
    assert np.abs(np.asarray(photo.image).astype(int) - np.asarray(sky(640, 480))).mean() < 9


@pytest.mark.parametrize("format", FORMATS)
def test_position_and_camera_are_hidden_from_the_decoder(format):
    data = encode(sky(), format, exif=exif(), xmp=b"<x:xmpmeta/>")
    kinds, left = (
        [part[8:12] for part in read.split(b"infe")[1:]] for read in (data, read_heif(data).pixels)
    )
    assert {b"Exif", b"mime"} <= set(kinds)
    assert not {b"Exif", b"mime"} & set(left)
    assert b"SecretCamera" not in Photo.decode(data).to_jpeg()


def stated(data: bytes, width: int, height: int) -> bytes:
    """The same file that says another size."""
    out, at = bytearray(data), -1
    while (at := out.find(b"ispe", at + 1)) >= 0:
        out[at + 8 : at + 16] = struct.pack(">II", width, height)
    return bytes(out)


@pytest.mark.parametrize("format", FORMATS)
def test_a_stream_larger_than_it_says_is_refused_before_it_is_decoded(format, monkeypatch):
    data = stated(encode(sky(640, 480), format), 64, 48)
    monkeypatch.setattr("aqfusion.images.photo._read_pixels", None)  # it would be called
    with pytest.raises(PhotoError, match="got one with a picture that is larger than it says"):
        Photo.decode(data)


@pytest.mark.parametrize("format", FORMATS)
def test_fifty_megapixels_are_the_most(format):
    data = stated(encode(sky(640, 480), format), 9064, 6048)
    with pytest.raises(PhotoError, match="at most 50 megapixels, got 9064 x 6048"):
        Photo.decode(data)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_cut_short_is_refused(format):
    data = encode(sky(640, 480), format)
    for share in (0.05, 0.2, 0.5, 0.9):
        with pytest.raises(PhotoError):
            Photo.decode(data[: int(len(data) * share)])


HOSTILE = {
    "a million boxes": lambda d: d[:32] + struct.pack(">I4s", 8, b"free") * 1_000_000,
    "a box of no size": lambda d: d[:32] + struct.pack(">I4sQ", 1, b"free", 0),
    "no primary picture": lambda d: d.replace(b"pitm", b"free"),
    "no sizes": lambda d: d.replace(b"ispe", b"free"),
    "no configuration": lambda d: d.replace(b"hvcC", b"free"),
    "another codec": lambda d: d.replace(b"hvc1", b"jpeg"),
    "a video alone": lambda d: d.replace(b"meta", b"moov"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_picture_is_refused(case):
    with pytest.raises(PhotoError, match="must be a valid image file, got one with "):
        Photo.decode(HOSTILE[case](encode(sky(), "HEIF")))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "options", [{"format": "HEIF"}, {"format": "HEIF", "tile_size": 64}, {"format": "AVIF"}]
)
def test_damage_never_leaks_another_exception(options):
    generator = np.random.default_rng(11)
    whole = encode(sky(160, 128), options.pop("format"), exif=exif(6), **options)
    refused = 0
    for _ in range(ROUNDS):
        try:
            assert Photo.decode(damaged(whole, generator)).image.mode == "RGB"
        except PhotoError:
            refused += 1
    assert 0 < refused <= ROUNDS
