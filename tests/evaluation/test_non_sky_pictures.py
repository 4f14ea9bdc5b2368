"""The pictures a guard is measured on: seeded, each kind what it is called."""

import importlib.util

import numpy as np
import pytest

from aqfusion.evaluation.photo_screening_evaluation import RENDERED, non_sky_pictures

SMALL = (120, 90)


def pixels(image) -> np.ndarray:
    return np.asarray(image).astype(float)


@pytest.mark.parametrize("draw", RENDERED.values(), ids=RENDERED)
def test_the_seed_decides_the_picture(draw):
    first, again, other = draw(1, SMALL), draw(1, SMALL), draw(4, SMALL)
    assert (first.size, first.mode) == (SMALL, "RGB")
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_a_night_is_dark_with_lights_below_the_sky():
    for seed in range(4):
        picture = pixels(RENDERED["rendered night"](seed, SMALL))
        assert picture.mean() < 60
        assert picture[: SMALL[1] // 2].mean() < 60 < 150 < picture[SMALL[1] // 2 :].max()


def test_a_room_is_lit_unevenly_and_has_colours():
    for seed in range(4):
        picture = pixels(RENDERED["rendered indoor"](seed, SMALL))
        assert 20 < picture.mean() < 230
        assert picture.std() > 15
        assert (picture.max(2) - picture.min(2)).mean() > 3


def test_nothing_is_one_colour_a_covered_lens_or_a_finger():
    one_colour, lens, finger = (pixels(RENDERED["blank"](seed, SMALL)) for seed in range(3))
    assert len(np.unique(one_colour.reshape(-1, 3), axis=0)) == 1
    assert lens.mean() < 30
    assert lens.std() > 0
    assert (finger[..., 0] > finger[..., 2]).mean() > 0.99


def test_every_set_has_its_pictures_and_none_that_shows_a_sky():
    sets = non_sky_pictures(count=1)
    assert {*RENDERED} <= {*sets}
    assert [len(sets[kind]) for kind in RENDERED] == [1, 1, 1]
    assert [*sets["sklearn.datasets"]] == ["flower"]
    if importlib.util.find_spec("skimage"):
        assert {"astronaut", "coffee", "page", "text", "moon"} <= {*sets["skimage.data"]}
    else:
        assert "skimage.data" not in sets
