"""The camera's clock: read where it is sound, and nothing else."""

import io
import struct
from datetime import datetime, timedelta, timezone

import pytest
from PIL import Image

from aqfusion.exif_clock import exif_clock
from aqfusion.photo import Photo
from tests.planted import sky

NAIVE = datetime(2023, 2, 1, 8, 30, 15)


def exif_of(taken="2023:02:01 08:30:15", offset=None):
    exif = Image.Exif()
    below = exif.get_ifd(0x8769)
    below[0x9003] = taken
    if offset is not None:
        below[0x9011] = offset
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_knows_when_it_was_taken(kind):
    stream = io.BytesIO()
    sky(100, 1).save(stream, kind, exif=exif_of().tobytes())
    assert Photo.decode(stream.getvalue()).taken == NAIVE


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
