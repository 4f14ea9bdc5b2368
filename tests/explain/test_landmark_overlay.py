"""The picture of landmarks: boxes where they are in this photo, none where none was found."""

import numpy as np
import pytest
from PIL import Image, ImageColor

from aqfusion.explain.photo_overlays import LANDMARK, SKY, landmark_picture
from aqfusion.sites.extinction import Sighting
from aqfusion.sites.landmark import Box, Landmark

GREY = Image.new("RGB", (1000, 600), (128, 128, 128))
BOX, ABOVE = Box(0.4, 0.5, 0.5, 0.7), Box(0.4, 0.3, 0.5, 0.4)


def where(picture: Image.Image, colour: str) -> tuple[int, int, int, int]:
    """The left, top, right and bottom of what has a colour."""
    is_colour = (np.asarray(picture) == ImageColor.getrgb(colour)).all(2)
    rows, columns = np.nonzero(is_colour)
    return columns.min(), rows.min(), columns.max(), rows.max()


def test_boxes_are_drawn_where_they_were_found_in_this_photo():
    drawn = Landmark.from_boxes(
        "tower", Box(0.1, 0.5, 0.2, 0.6)
    )  # elsewhere on the reference photo
    picture = landmark_picture(GREY, [Sighting(drawn, BOX, ABOVE, refused="it is lit")])
    assert where(picture, SKY) == pytest.approx((400, 180, 500, 240), abs=1)
    left, top, right, bottom = where(picture, LANDMARK)
    assert (left, top, right) == pytest.approx((400, 300, 500), abs=1)
    assert 419 < bottom < 460  # the number stands below
    assert np.asarray(GREY).std() == 0  # the photo itself is as it was


def test_a_landmark_that_was_not_found_is_not_drawn():
    picture = landmark_picture(
        GREY, [Sighting(Landmark.from_boxes("tower", BOX), refused="no match")]
    )
    assert picture.tobytes() == GREY.tobytes()


def test_a_large_photo_is_shrunk_with_its_boxes():
    large = GREY.resize((4000, 2400))
    picture = landmark_picture(large, [Sighting(Landmark.from_boxes("tower", BOX), BOX, ABOVE)])
    assert picture.size == (1600, 960)
    assert where(picture, SKY) == pytest.approx((640, 288, 800, 384), abs=1)
