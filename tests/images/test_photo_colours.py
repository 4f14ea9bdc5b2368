"""Colours are what a colour-managed viewer shows; a profile is never a reason to refuse."""

import io
import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms

from aqfusion.images.colour_profile import (
    ADOBE_RGB,
    MAX_PROFILE_BYTES,
    cicp_profile,
    matrix_profile,
    to_srgb,
)
from aqfusion.images.photo import Photo
from aqfusion.settings import ROOT
from tests.hostile import chunk, encode, flat, png, sky

CASES = ROOT / "tests" / "cases" / "photo-icc"
P3 = cicp_profile(12, 13)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREY = (64, 48)
DAMAGED = "The photo's colour profile is damaged: its colours are taken as sRGB"
OTHER = (
    "The photo's colour profile is of a different type than the picture: its colours are taken "
    "as sRGB"
)


def pixels(photo: Photo) -> np.ndarray:
    return np.asarray(photo.image).astype(int)


@pytest.mark.parametrize("space", ["p3", "adobe", "prophoto"])
def test_one_picture_in_four_colour_spaces_is_one_picture(space):
    same, other = Photo.open(CASES / "srgb.jpg"), Photo.open(CASES / f"{space}.jpg")
    assert other.notes == ()
    assert np.abs(pixels(other) - pixels(same)).mean() < 2
    with Image.open(CASES / f"{space}.jpg") as stored:  # and not because they were equal before
        dropped = np.asarray(stored.convert("RGB")).astype(int)
    assert np.abs(dropped - pixels(same)).mean() > 2.5


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_the_most_saturated_red_of_display_p3_is_clipped_to_that_of_srgb(format):
    options = {"lossless": True} if format == "WEBP" else {}
    data = encode(flat("RGB", (255, 0, 0)), format, icc_profile=P3, **options)
    assert np.abs(pixels(Photo.decode(data)) - (255, 0, 0)).max() <= 3
    # sRGB's own red as Display P3 stores it (0.9175, 0.2003, 0.1387 by the published matrices)
    data = encode(flat("RGB", (234, 51, 35)), format, icc_profile=P3, **options)
    assert np.abs(pixels(Photo.decode(data)) - (255, 0, 0)).max() <= 6


def test_a_profile_of_srgb_changes_no_pixel():
    assert Photo.decode(encode(sky(), "PNG", icc_profile=SRGB)) == Photo.from_image(sky())
    assert Photo.decode(encode(sky(), "JPEG", icc_profile=SRGB)) == Photo.decode(
        encode(sky(), "JPEG")
    )
    assert Photo.decode(png_with(chunk(b"sRGB", b"\0"))) == Photo.from_image(sky())


def png_with(extra: bytes, image: Image.Image | None = None) -> bytes:
    data = encode(image or sky(), "PNG")
    return data[:33] + extra + data[33:]


def test_code_points_of_a_png_win_over_its_profile():
    body = b"x\0\0" + zlib.compress(matrix_profile(ADOBE_RGB))
    both = png_with(chunk(b"cICP", bytes([12, 13, 0, 1])) + chunk(b"iCCP", body))
    assert Photo.decode(both) == Photo.decode(encode(sky(), "PNG", icc_profile=P3))
    plain = png_with(chunk(b"cICP", bytes([1, 13, 0, 1])) + chunk(b"iCCP", body))
    assert Photo.decode(plain) == Photo.from_image(sky())


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "I;16", "1"])
def test_every_mode_keeps_its_shape_under_a_profile(mode):
    image = flat("I;16", 0x8000) if mode == "I;16" else sky().convert(mode)
    photo = Photo.decode(encode(image, "PNG", icc_profile=P3))
    assert (photo.image.mode, photo.image.size, photo.notes) == ("RGB", (64, 48), ())


def test_a_grey_axis_stays_grey():
    photo = Photo.decode(encode(flat("L", 90), "PNG", icc_profile=P3))
    assert np.abs(pixels(photo) - 90).max() <= 1


def gamma_grey(gamma: float) -> bytes:
    """A grey profile of one gamma, cut out of a profile of colours."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags, start = [(b"wtpt", white), (b"kTRC", curve.ljust(16, b"\0"))], 128 + 4 + 24
    table = b"".join(
        struct.pack(">4sII", name, start + sum(len(d) for _, d in tags[:n]), len(data))
        for n, (name, data) in enumerate(tags)
    )
    body = struct.pack(">I", 2) + table + b"".join(data for _, data in tags)
    head = bytearray(matrix_profile(ADOBE_RGB)[:128])
    head[0:4], head[16:20] = struct.pack(">I", 128 + len(body)), b"GRAY"
    return bytes(head) + body


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_grey_profile_is_applied(format):
    photo = Photo.decode(encode(flat("L", 128), format, icc_profile=gamma_grey(1.0)))
    assert photo.notes == ()
    assert np.abs(pixels(photo) - 188).max() <= 1  # half of the light


def test_cmyk_without_a_profile_is_as_before_and_with_one_of_colours_too():
    red = flat("CMYK", (0, 255, 255, 0))
    plain, tagged = (
        Photo.decode(encode(red, "JPEG", **options)) for options in ({}, {"icc_profile": P3})
    )
    assert plain == tagged
    assert tagged.notes == (OTHER,)


HOSTILE = {
    "nothing": b"\0",
    "text": b"profile",
    "half": matrix_profile(ADOBE_RGB)[:200],
    "random tags": matrix_profile(ADOBE_RGB)[:132] + bytes(range(256)) * 4,
    "4 GB of tags": matrix_profile(ADOBE_RGB)[:128] + b"\xff" * 400,
    "no tags": matrix_profile(ADOBE_RGB)[:128] + bytes(4),
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("case", HOSTILE)
def test_a_damaged_profile_costs_the_profile_not_the_photo(case, format):
    plain = Photo.decode(encode(sky(), format))
    photo = Photo.decode(encode(sky(), format, icc_profile=HOSTILE[case]))
    assert photo == plain
    assert photo.notes == (DAMAGED,)


def test_a_huge_profile_is_left_out():
    large = matrix_profile(ADOBE_RGB) + os.urandom(MAX_PROFILE_BYTES)
    photo = Photo.decode(encode(sky(), "PNG", icc_profile=large))
    assert photo == Photo.from_image(sky())
    assert photo.notes == (
        "The photo's colour profile is larger than 4 MB: its colours are taken as sRGB",
    )


def test_any_damage_to_a_profile_gives_a_photo():
    generator = np.random.default_rng(5)
    whole = matrix_profile(ADOBE_RGB)
    for _ in range(300):
        broken = bytearray(whole)
        for at in generator.integers(0, len(broken), generator.integers(1, 8)):
            broken[at] = generator.integers(0, 256)
        image, _note = to_srgb(sky(), bytes(broken))
        assert (image.mode, image.size) == ("RGB", (64, 48))


def test_many_threads_agree_on_colours():
    uploads = [path.read_bytes() for path in sorted(CASES.iterdir())] * 6
    alone = [Photo.decode(data) for data in uploads]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(Photo.decode, uploads)) == alone


def test_a_profile_in_pieces_is_put_together_in_order():
    data = encode(sky(), "JPEG", icc_profile=P3)
    assert P3 is not None
    half = len(P3) // 2
    pieces = b"".join(
        b"\xff\xe2" + struct.pack(">H", 16 + len(part)) + b"ICC_PROFILE\0" + bytes([n, 2]) + part
        for n, part in ((2, P3[half:]), (1, P3[:half]))
    )
    plain = encode(sky(), "JPEG")
    assert Photo.decode(plain[:2] + pieces + plain[2:]) == Photo.decode(data)


def test_lies_about_the_size_of_a_png_profile_cost_nothing():
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(200_000_000), 9))
    photo = Photo.decode(png(64, 48, 8, 2, (b"\0" + bytes(64 * 3)) * 48, bomb))
    assert "larger than 4 MB" in photo.notes[0]


def test_hdr_curves_put_paper_white_at_white():
    for transfer in (16, 18):
        profile = cicp_profile(9, transfer)
        assert profile is not None
        with io.BytesIO(profile) as stream:
            ImageCms.getProfileName(ImageCms.ImageCmsProfile(stream))
        white, note = to_srgb(flat("RGB", (255, 255, 255)), profile)
        assert note is None
        assert np.asarray(white).min() >= 254
