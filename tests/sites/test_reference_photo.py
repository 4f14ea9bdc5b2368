"""A reference photo is small and grey, and comes back from text as it went."""

import io

import numpy as np
import pytest
from PIL import Image

from aqfusion.images.photo import Photo
from aqfusion.sites.landmark import Box, Landmark, LandmarkError
from aqfusion.sites.reference_photo import LONGEST_SIDE, MOST_BYTES, ReferencePhoto
from aqfusion.sites.site import Site, SiteError

NOISE = np.random.default_rng(0).integers(0, 256, (768, 1024, 3), dtype=np.uint8)


def of(pixels):
    return ReferencePhoto.from_photo(Photo.from_image(Image.fromarray(pixels)))


def test_even_a_picture_of_noise_fits():
    reference = of(NOISE)
    assert len(reference.jpeg) <= MOST_BYTES
    assert max(reference.image.size) <= LONGEST_SIDE


def test_a_smooth_picture_keeps_its_shape_and_light():
    ramp = np.linspace(20, 230, 1024)[None, :, None].repeat(768, 0).repeat(3, 2)
    grey = of(ramp.astype(np.uint8)).grey()
    assert grey.shape == (600, 800)
    assert np.abs(grey[300] - np.linspace(20, 230, 800)).max() < 3


def test_a_small_picture_is_not_enlarged():
    assert of(NOISE[:60, :80]).grey().shape == (60, 80)


def test_it_comes_back_from_text():
    reference = of(NOISE[:60, :80])
    assert ReferencePhoto.from_base64(reference.digest, reference.base64) == reference


def png():
    stream = io.BytesIO()
    Image.new("L", (64, 64)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda: ReferencePhoto("short", b"\xff\xd8\xff"), "digest must be 64 digits"),
        (lambda: ReferencePhoto("a" * 64, png()), "must be a JPEG"),
        (
            lambda: ReferencePhoto("a" * 64, b"\xff\xd8\xff" * 30_000),
            "at most 60,000 bytes, got 90,000",
        ),
        (lambda: ReferencePhoto.from_base64("a" * 64, "é"), "must be base64"),
        (
            lambda: ReferencePhoto.from_base64("a" * 64, "A" * 10_000_000),
            "at most 60,000 bytes, got about",
        ),
        (lambda: ReferencePhoto.from_base64("a" * 64, "/9j/"), "reference photo must be"),
    ],
)
def test_what_breaks_a_rule_is_told(read, says):
    with pytest.raises(LandmarkError, match=says):
        read()


def test_two_landmarks_of_a_site_have_two_names():
    tower = Landmark("tower", Box(0, 0.5, 0.1, 0.6), Box(0, 0.4, 0.1, 0.5))
    with pytest.raises(SiteError, match="different names, got tower, tower"):
        Site("Delhi", landmarks=(tower, tower))
