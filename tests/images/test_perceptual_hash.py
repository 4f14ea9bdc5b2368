"""Copies of a photo are near it, other photos and the same view in other air are not."""

import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aqfusion.data.dataset_folder import read_folder
from aqfusion.images.perceptual_hash import (
    NEAR,
    FingerprintIndex,
    hamming_distance,
    perceptual_hash,
)
from aqfusion.images.photo import Photo
from aqfusion.settings import ASSETS

SCENES = sorted((ASSETS / "scenes").glob("*.jpg"))


def as_jpeg(image: Image.Image, quality: int) -> Photo:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Photo.decode(stream.getvalue())


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Without `share` of the width and height, half of it at each edge."""
    x, y = round(image.width * share / 2), round(image.height * share / 2)
    return image.crop((x, y, image.width - x, image.height - y))


def hazier(image: Image.Image, share: float) -> Image.Image:
    return Image.blend(image, Image.new("RGB", image.size, (190, 185, 175)), share)


COPIES = {
    "JPEG 40": lambda image: as_jpeg(image, 40),
    "half the size": lambda image: Photo.from_image(image.reduce(2)),
    "half the size, JPEG 60": lambda image: as_jpeg(image.reduce(2), 60),
    "PNG": lambda image: Photo.from_image(image.copy()),
    "1 % off each edge": lambda image: Photo.from_image(cropped(image, 0.02)),
}


@pytest.mark.parametrize("copy", COPIES)
def test_copies_of_the_sample_scenes_are_near(copy):
    originals = [Photo.open(path) for path in SCENES]
    index = FingerprintIndex(map(perceptual_hash, originals))
    matches = [index.near(perceptual_hash(COPIES[copy](photo.image))) for photo in originals]
    assert matches == [(number,) for number in range(len(SCENES))]


def test_the_same_view_in_other_air_is_not_near_though_its_shape_is_the_same():
    clear = Photo.open(ASSETS / "scenes" / "clear-morning.jpg").image
    first, second = (
        perceptual_hash(Photo.from_image(clear)),
        perceptual_hash(Photo.from_image(hazier(clear, 0.5))),
    )
    assert hamming_distance(first, second) > NEAR
    assert hamming_distance(first >> 24, second >> 24) <= NEAR  # the 40 bits of shape


def test_plain_pictures_are_told_apart_by_their_tone_alone():
    grey, pale, blue = (
        perceptual_hash(Photo.from_image(Image.new("RGB", (64, 48), colour)))
        for colour in ((150, 150, 150), (200, 195, 185), (90, 140, 220))
    )
    assert hamming_distance(grey, blue) > NEAR
    assert hamming_distance(grey, pale) > NEAR
    assert grey >> 24 == blue >> 24 == 0  # no wave, so no chance


def test_tone_is_that_of_the_upper_half():
    sky = Image.new("RGB", (64, 64), (120, 150, 190))
    ground = sky.copy()
    ground.paste((60, 50, 30), (0, 32, 64, 64))
    tones = [perceptual_hash(Photo.from_image(image)) & 0xFFFFFF for image in (sky, ground)]
    # 146.6 is above 3 of the 12 steps of brightness, 70 above 10 of those of blueness
    assert tones == [0b111000000000_111111111100] * 2


def test_a_fingerprint_fits_a_database_and_differs_in_its_sign_too():
    dark_left = np.zeros((48, 64, 3), dtype=np.uint8)
    dark_left[:, 32:] = 255
    hashes = [
        perceptual_hash(Photo.from_image(Image.fromarray(i)))
        for i in (dark_left, dark_left[:, ::-1])
    ]
    assert all(-(2**63) <= value < 2**63 for value in hashes)
    assert hamming_distance(*hashes) >= 4
    assert {hamming_distance(hashes[0], hashes[0] ^ bit) for bit in (1, -(2**63))} == {1}


def test_the_index_finds_what_a_comparison_of_each_finds():
    generator = np.random.default_rng(3)
    centre = int(generator.integers(-(2**63), 2**63))
    near = []
    for flips in range(8):
        mask = sum(1 << int(bit) for bit in generator.choice(63, flips, replace=False))
        near.append(centre ^ mask)
    others = generator.integers(-(2**63), 2**63, 2000).tolist()
    index = FingerprintIndex(others)
    positions = [index.add(value) for value in reversed(near)]
    assert positions == [*range(2000, 2008)]
    assert index.near(centre, within=7) == (*reversed(positions),)  # nearest first
    assert index.near(centre, within=2) == (2007, 2006, 2005)
    assert len(index) == 2008
    for value in others[:20]:
        wanted = {n for n, other in enumerate(others) if hamming_distance(value, other) <= 20}
        assert {n for n in index.near(value, within=20) if n < 2000} == wanted


def test_an_empty_index_finds_nothing_not_even_in_the_room_it_keeps():
    index = FingerprintIndex()
    assert index.near(0, within=64) == ()
    index.add(5)
    assert index.near(0, within=64) == (0,)
    assert [index.add(value) for value in range(3000)][-1] == 3000
    assert index.near(5, within=0) == (0, 6)


def test_of_equals_the_first_is_named_first():
    index = FingerprintIndex([7, 6] * 200)
    assert index.near(7) == (*range(0, 400, 2), *range(1, 400, 2))


def test_a_million_are_searched_in_a_few_milliseconds():
    generator = np.random.default_rng(0)
    index = FingerprintIndex(generator.integers(-(2**63), 2**63, 1_000_000))
    wanted = index.add(12345)
    times = []
    for _ in range(7):
        start = time.perf_counter()
        assert index.near(12345) == (wanted,)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.010  # 2 ms on an idle core


def test_real_copies_are_found_and_frames_of_other_days_are_not(real_data: Path):
    rows = read_folder(real_data)[::40]
    photos = [Photo.open(row.photo) for row in rows]
    index = FingerprintIndex(map(perceptual_hash, photos))
    near = [index.near(perceptual_hash(as_jpeg(photo.image, 75))) for photo in photos]
    assert np.mean([number in matches for number, matches in enumerate(near)]) > 0.99
    near = [
        index.near(perceptual_hash(Photo.from_image(cropped(photo.image, 0.02))))
        for photo in photos
    ]
    assert np.mean([number in matches for number, matches in enumerate(near)]) > 0.9
    other_day = [
        any(rows[i].group != row.group for i in index.near(perceptual_hash(photo)))
        for row, photo in zip(rows, photos, strict=True)
    ]
    assert np.mean(other_day) < 0.02
