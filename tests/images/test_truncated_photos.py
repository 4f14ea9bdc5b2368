"""JPEGs that lack their end, and JPEGs that are larger than any other photo may be."""

import io
import resource
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from aqfusion.images.photo import Photo, PhotoError
from tests.hostile import encode, exif, sky

FINE = "The photo's file is cut off at its end: fine details may be missing"
SKY = sky(640, 480)


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


@pytest.mark.parametrize("lost", [1, 2, 3, 9])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_few_lost_bytes_are_told_and_cost_little(lost, progressive):
    data = encode(SKY, "JPEG", progressive=progressive)
    whole, photo = Photo.decode(data), Photo.decode(data[:-lost])
    assert (whole.notes, len(photo.notes)) == ((), 1)
    assert photo.notes[0].startswith("The photo's file is cut off at its end: ")
    height = photo.image.height
    assert height >= 480 - 16
    both = (np.asarray(one.image).astype(int)[: height - 16] for one in (whole, photo))
    assert np.abs(np.subtract(*both)).mean() < 1


def test_missing_rows_are_left_out_not_painted_grey():
    data = encode(SKY, "JPEG", quality=90)
    whole, photo = Photo.decode(data), Photo.decode(cut(data, 0.75))
    width, height = photo.image.size
    assert width == 640
    assert 330 <= height <= 390
    assert photo.original_size == (640, height)
    assert photo.notes == (
        f"The photo's file is cut off at its end: {round(100 - height / 4.8)} % of its picture is "
        "missing",
    )
    same = np.asarray(whole.image).astype(int)[: height - 2]
    assert np.abs(np.asarray(photo.image).astype(int)[: height - 2] - same).max() <= 1


def test_a_photo_that_lies_on_its_side_loses_a_side():
    data = encode(SKY, "JPEG", quality=90, exif=exif(6))
    photo = Photo.decode(cut(data, 0.75))
    assert photo.image.height == photo.original_size[1] == 640
    assert 330 <= photo.image.width <= 390


def test_less_than_half_is_refused():
    data = encode(SKY, "JPEG", quality=90)
    with pytest.raises(PhotoError) as refused:
        Photo.decode(cut(data, 0.4), "sky.jpg")
    assert str(refused.value).startswith(
        "sky.jpg must have at least half of its rows, got a JPEG cut off after "
    )


def test_a_progressive_file_without_its_last_scans_is_coarse_and_told():
    data = encode(SKY, "JPEG", progressive=True)
    photo = Photo.decode(cut(data, 0.6))
    assert photo.notes == (FINE,)
    assert photo.image.size == (640, 480)
    assert np.abs(np.asarray(photo.image).astype(int) - np.asarray(SKY)).mean() < 8


def test_a_cut_in_a_table_between_scans_keeps_the_picture_so_far():
    data = encode(SKY, "JPEG", progressive=True)
    for position in range(data.rindex(b"\xff\xc4"), data.rindex(b"\xff\xda") + 9):
        assert Photo.decode(data[:position]).notes == (FINE,)


def test_a_cut_in_the_header_is_refused():
    data = encode(SKY, "JPEG")
    for position in range(3, data.index(b"\xff\xda")):
        with pytest.raises(PhotoError):
            Photo.decode(data[:position])


@pytest.mark.parametrize("size", [(8160, 6120), (12000, 9000), (24000, 4000)])
def test_large_jpegs_are_read_by_reduced_decoding(size):
    data = encode(sky(80, 60).resize(size), "JPEG", quality=50)
    photo = Photo.decode(data)
    assert photo.original_size == size
    assert max(photo.image.size) == 1024
    small = np.asarray(sky(80, 60).resize(photo.image.size)).astype(int)
    assert np.abs(np.asarray(photo.image).astype(int) - small).mean() < 4


def test_a_progressive_one_must_be_held_whole_and_has_a_limit():
    data = encode(Image.new("RGB", (9600, 8200), (99, 130, 180)), "JPEG", progressive=True)
    assert Photo.decode(data).original_size == (9600, 8200)
    larger = encode(Image.new("RGB", (9600, 9600)), "JPEG", progressive=True)
    with pytest.raises(PhotoError, match="at most 50 megapixels, or one stored in a single pass"):
        Photo.decode(larger)


def test_no_jpeg_may_have_more_than_220_megapixels():
    data = bytearray(encode(sky(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = (16000).to_bytes(2, "big") * 2
    with pytest.raises(PhotoError, match="at most 220 megapixels, got 16000 x 16000"):
        Photo.decode(bytes(data))


MEASURE = """
import resource, sys
from PIL import JpegImagePlugin
from aqfusion.images.photo import Photo
data = open(sys.argv[1], "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
Photo.decode(data)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kB on Linux")
def test_108_megapixels_take_less_than_100_mb(tmp_path):
    stream = io.BytesIO()
    sky(80, 60).resize((12000, 9000)).save(stream, "JPEG", quality=50)
    (tmp_path / "large.jpg").write_bytes(stream.getvalue())
    # a child's peak starts at its parent's: a small shell stands between
    shell = ["sh", "-c", '"$0" -c "$1" "$2"; true', sys.executable, MEASURE]
    done = subprocess.run(
        [*shell, str(tmp_path / "large.jpg")], capture_output=True, text=True, check=True
    )
    assert 0 < int(done.stdout) < 100_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
