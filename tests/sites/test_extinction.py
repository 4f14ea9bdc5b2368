"""Landmarks measure known haze in rendered views, through what a camera and the sun do."""

import dataclasses
import re

import numpy as np
import pytest
from PIL import Image

from aqfusion.images.photo import Photo
from aqfusion.sites.extinction import extinctions, measure
from aqfusion.sites.landmark import Box, Landmark, LandmarkError, sky_above
from aqfusion.sites.reference_photo import ReferencePhoto
from aqfusion.sites.site import Site
from tests.sites.views import HEIGHT, TOWERS, WIDTH, View, landmarks, photo, truth

VISIBILITIES_KM = 40 / 1.25 ** np.arange(20)  # neighbours differ by a quarter
STILL_SEEN = 2.5  # extinctions beyond are lost in noise and JPEG sooner or later


def views():
    """Twenty visibilities, each under another sun, exposure, noise and turn of the camera."""
    generator = np.random.default_rng(5)
    for number, km in enumerate(VISIBILITIES_KM):
        yield View(
            visibility_km=km,
            exposure=generator.uniform(0.35, 0.95),
            sun=generator.uniform(0, 1),
            glow=generator.uniform(0, 0.5),
            noise=generator.uniform(0.003, 0.012),
            turn=generator.uniform(-1.5, 1.5),
            right=generator.uniform(-20, 20),
            down=generator.uniform(-12, 12),
            seed=number,
        )


@pytest.fixture(scope="module")
def town():
    return Site("town", landmarks=landmarks(), reference=ReferencePhoto.from_photo(photo(View(15))))


@pytest.fixture(scope="module")
def measured(town):
    """(view, what was seen) from clear to thick haze."""
    return [(view, extinctions(town, photo(view))) for view in views()]


def test_every_view_is_recognised(measured):
    assert [seen.refusals for _, seen in measured] == [()] * 20


@pytest.mark.parametrize("name", TOWERS)
def test_the_extinction_is_right_within_fifteen_percent(measured, name):
    errors = [
        seen.values[name] / truth(view, name) - 1
        for view, seen in measured
        if truth(view, name) <= STILL_SEEN
    ]
    assert len(errors) >= 4
    assert np.median(np.abs(errors)) < 0.15


@pytest.mark.parametrize("name", TOWERS)
def test_a_quarter_more_haze_is_a_higher_extinction(measured, name):
    values = [
        seen.values[name] for view, seen in measured if truth(view, name) <= STILL_SEEN * 1.25
    ]
    assert (np.diff(values) > 0).all()


def test_what_the_haze_hides_is_called_hidden(measured):
    for view, seen in measured:
        for sighting in seen.sightings:
            if truth(view, sighting.landmark.name) > 5:
                assert sighting.contrast.is_hidden
            if truth(view, sighting.landmark.name) < 2:
                assert not sighting.contrast.is_hidden


def test_the_stated_uncertainty_holds(measured):
    pulls = [
        abs(sighting.contrast.extinction - truth(view, sighting.landmark.name))
        / sighting.contrast.std
        for view, seen in measured
        for sighting in seen.sightings
        if truth(view, sighting.landmark.name) <= STILL_SEEN
    ]
    assert np.mean(np.array(pulls) < 2) > 0.9


def test_exposure_does_not_matter(town):
    dark, bright = (
        extinctions(town, photo(View(10, exposure=exposure))).values["tower"]
        for exposure in (0.25, 0.95)
    )
    assert dark == pytest.approx(bright, rel=0.05)


def test_the_boxes_follow_a_camera_that_moved(town):
    seen = extinctions(town, photo(View(10, right=20, down=-12)))
    for sighting in seen.sightings:
        assert sighting.box.left - sighting.landmark.box.left == pytest.approx(
            20 / WIDTH, abs=1 / WIDTH
        )
        assert sighting.box.top - sighting.landmark.box.top == pytest.approx(
            -12 / HEIGHT, abs=1 / HEIGHT
        )


def test_the_reference_itself_needs_no_matching(town):
    seen = extinctions(town, photo(View(15)))
    assert [sighting.box for sighting in seen.sightings] == [
        landmark.box for landmark in town.landmarks
    ]


def told(site, picture):
    seen = extinctions(site, picture)
    assert dict(seen.values) == {}
    return " ".join(seen.refusals)


def test_another_town_is_refused(town):
    assert "must show the reference photo's view" in told(town, photo(View(15), town=8))


def test_a_camera_that_looks_elsewhere_is_refused(town):
    assert "moved by at most 15%" in told(town, photo(View(15, right=230)))
    assert "moved by at most 15%" in told(town, photo(View(15, turn=12)))


def test_a_logo_in_both_pictures_is_no_view():
    """A sharp patch in the corner agrees in many points, all in one place."""
    logo = np.random.default_rng(0).integers(0, 2, (30, 50)).repeat(5, 0).repeat(5, 1) * 255

    def with_logo(town):
        pixels = np.array(photo(View(15), town).image)
        pixels[600:750, 20:270] = logo[..., None]
        return Photo.from_image(Image.fromarray(pixels))

    site = Site("town", landmarks=landmarks(), reference=ReferencePhoto.from_photo(with_logo(3)))
    said = told(site, with_logo(8))
    assert "must show the reference photo's view" in said
    assert int(re.search(r"got (\d+) that agree", said)[1]) >= 15


def test_a_picture_of_nothing_is_refused(town):
    nothing = Photo.from_image(Image.new("RGB", (640, 480), "grey"))
    assert "got 0 that agree" in told(town, nothing)


def test_a_night_is_refused(town):
    assert "bright enough to see the view" in told(town, photo(View(15, exposure=0.01)))


def test_an_overexposed_sky_is_refused(town):
    assert told(town, photo(View(15, exposure=1.6))).count("too bright, or the sun is in it") == 3


def test_a_site_without_a_reference_photo_says_so():
    site = Site("town", landmarks=landmarks())
    assert told(site, photo(View(15))) == (
        "the site has no reference photo; add one before its landmarks"
    )
    assert extinctions(Site("town"), photo(View(15))).refusals == ()


def picture(sky, thing):
    """A sky (40, 60) over a dark thing: grey values of 255."""
    pixels = np.zeros((80, 60, 3), np.uint8)
    pixels[:40], pixels[40:] = np.asarray(sky)[..., None], thing
    return Image.fromarray(pixels)


BOX, SKY = Box(0.1, 0.55, 0.9, 0.95), Box(0.1, 0.05, 0.9, 0.45)


def test_contrast_is_taken_in_linear_light():
    # sRGB 188 and 137 are 0.5029 and 0.2502 of full light
    seen = measure(picture(np.full((40, 60), 188), 137), BOX, SKY)
    assert (seen.sky, seen.dark) == pytest.approx((0.5029, 0.2502), abs=2e-4)
    assert seen.extinction == pytest.approx(-np.log(1 - 0.2502 / 0.5029), abs=2e-3)


def test_a_few_bright_windows_and_a_bird_change_nothing():
    plain = picture(np.full((40, 60), 188), 137)
    pixels = np.array(plain)
    pixels[44:78:8, 8:52:8] = 250
    pixels[18:22, 28:33] = 10
    assert measure(Image.fromarray(pixels), BOX, SKY).extinction == pytest.approx(
        measure(plain, BOX, SKY).extinction, abs=0.01
    )


def test_the_sky_is_followed_down_to_the_horizon():
    """A sky that brightens by 1 % a row is taken as bright as it is at the box's foot."""
    light = 0.2 * 1.01 ** np.arange(40)
    shown = 255 * (1.055 * light ** (1 / 2.4) - 0.055)
    sky = np.round(shown)[:, None].repeat(60, 1)
    seen = measure(picture(sky, 100), Box(0.1, 0.51, 0.9, 0.6), SKY)
    assert seen.sky == pytest.approx(0.2 * 1.01**47, rel=0.02)


@pytest.mark.parametrize(
    ("sky", "thing", "says"),
    [
        (np.full((40, 60), 255), 90, "overexposed in at most 10%, got 100%"),
        (np.full((40, 60), 30), 5, "at least 3% of full light, got 1.3%"),
        (np.repeat([np.repeat([90, 200], 30)], 40, 0), 50, "must vary by at most 12%"),
        (np.full((40, 60), 120), 160, "must be darker than the sky above it, got 1.87 times"),
    ],
)
def test_a_sky_that_tells_nothing_is_refused(sky, thing, says):
    with pytest.raises(LandmarkError, match=says):
        measure(picture(sky, thing), BOX, SKY)


def test_a_box_of_hardly_any_pixels_is_refused():
    with pytest.raises(LandmarkError, match="the box must have at least 12 pixels, got 1 x 4"):
        measure(picture(np.full((40, 60), 188), 137), Box(0.5, 0.6, 0.51, 0.65), SKY)


def test_a_box_at_the_top_of_the_picture_has_no_sky():
    with pytest.raises(LandmarkError, match="leave some sky above it"):
        sky_above(Box(0.1, 0.01, 0.2, 0.3))


def test_a_given_sky_is_kept():
    box, sky = Box(0.1, 0.5, 0.2, 0.6), Box(0.3, 0.2, 0.4, 0.3)
    assert Landmark.from_boxes("mill", box, sky) == Landmark("mill", box, sky)
    assert Landmark.from_boxes("mill", box) == dataclasses.replace(
        Landmark("mill", box, sky), sky=sky_above(box)
    )
