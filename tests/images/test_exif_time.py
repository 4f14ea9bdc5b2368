"""The camera's clock: read where it is sound, and nothing else."""

import io
import struct
from datetime import datetime, timedelta, timezone

import pillow_heif
import pytest
from PIL import Image, PngImagePlugin

from aqfusion.images.container import read_container
from aqfusion.images.exif import exif_clock
from aqfusion.images.isobmff import MOST_EXIF, _exif, _ItemBoxes
from aqfusion.images.photo import Photo
from tests.planted import sky

pillow_heif.register_heif_opener()  # for Image.save; the product calls the reader itself

NAIVE = datetime(2023, 2, 1, 8, 30, 15)


def exif_of(taken="2023:02:01 08:30:15", offset=None):
    exif = Image.Exif()
    below = exif.get_ifd(0x8769)
    below[0x9003] = taken
    if offset is not None:
        below[0x9011] = offset
    return exif


def photo_of(kind, **options):
    stream = io.BytesIO()
    sky(100, 1).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_a_photo_knows_when_it_was_taken(kind):
    assert Photo.decode(photo_of(kind, exif=exif_of().tobytes())).taken_at == NAIVE
    ahead = Photo.decode(photo_of(kind, exif=exif_of(offset="+05:30").tobytes())).taken_at
    assert ahead.utcoffset() == timedelta(hours=5, minutes=30)
    assert Photo.decode(photo_of(kind)).taken_at is None


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["exif", "APP1"])
def test_a_png_of_imagemagick_knows_it_too(name, packed):
    exif = exif_of().tobytes()
    texts = PngImagePlugin.PngInfo()
    text = f"\n{name.lower()}\n{len(exif):8}\n{exif.hex()}\n"
    texts.add_text(f"Raw profile type {name}", text, zip=packed)
    assert Photo.decode(photo_of("PNG", pnginfo=texts)).taken_at == NAIVE


def test_of_heic_the_exif_of_another_picture_tells_nothing():
    data = photo_of("HEIF", exif=exif_of().tobytes())
    at = data.index(b"cdsc") + 4  # of which item, how many it describes, which
    other = data[: at + 4] + struct.pack(">H", 77) + data[at + 6 :]
    assert read_container(data, "photo").taken_at == NAIVE
    assert read_container(other, "photo").taken_at is None


def test_exif_of_heic_may_lie_in_pieces_and_without_end():
    exif = struct.pack(">I", 6) + b"Exif\0\0" + exif_of().tobytes().removeprefix(b"Exif\0\0")
    data = bytes(100) + exif
    items = _ItemBoxes(
        primary=1,
        kinds={2: (b"Exif", 0)},
        extents={2: [(100, 120), (120, len(data)), *[(0, len(data))] * 10_000]},
    )
    read = _exif(data * 100, items)
    assert exif_clock(read) == NAIVE
    assert len(read) == MOST_EXIF - 10


def test_the_offset_is_that_of_the_camera():
    read = exif_clock(exif_of(offset="-05:30").tobytes())
    assert read == NAIVE.replace(tzinfo=timezone(-timedelta(hours=5, minutes=30)))
    assert exif_clock(exif_of(offset="soon").tobytes()) == NAIVE


@pytest.mark.parametrize(
    "taken",
    ["0000:00:00 00:00:00", "2023:02:30 08:30:15", "    :  :     :  :  ", "1980:01:01 00:00:00"],
)
def test_a_clock_that_was_never_set_tells_nothing(taken):
    assert exif_clock(exif_of(taken).tobytes()) is None


def test_what_is_damaged_tells_nothing():
    whole = exif_of(offset="+01:00").tobytes()
    for end in range(len(whole)):
        exif_clock(whole[:end])  # raises nothing
    assert exif_clock(b"") is None
    assert exif_clock(b"II*\0" + struct.pack("<I", 2**32 - 1)) is None


def test_the_time_is_no_part_of_what_a_photo_is():
    streams = io.BytesIO(), io.BytesIO()
    sky(100, 1).save(streams[0], "PNG", exif=exif_of().tobytes())
    sky(100, 1).save(streams[1], "PNG")
    one, other = (Photo.decode(stream.getvalue()) for stream in streams)
    assert (one, one.digest) == (other, other.digest)
    assert "2023" not in repr(one)
