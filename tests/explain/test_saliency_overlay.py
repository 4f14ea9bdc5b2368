"""A heat map over a photo: colour where there is evidence, the photo where there is none."""

import re

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from aqfusion.explain.photo_overlays import ANCHORS, colour_bar, colour_table, covered, overlay
from aqfusion.explain.saliency import SaliencyMap

GREY = Image.new("RGB", (30, 20), (128, 128, 128))
CORNER = SaliencyMap(np.eye(4, dtype=np.float32)[:1].repeat(4, 0))  # all in the left column of four


def test_evidence_changes_its_pixels_and_nothing_else():
    pixels = np.asarray(overlay(GREY, CORNER)).astype(int)
    assert (pixels[:, 0] != 128).any(axis=-1).all()
    assert (pixels[:, 20:] == 128).all()


def test_the_strongest_evidence_has_the_lightest_colour_at_the_stated_opacity():
    evidence = np.array([[0.0, 1.0]])
    photo = Image.new("RGB", (2, 1), (100, 100, 100))
    plain, full = np.asarray(covered(photo, evidence, opacity=1))[0]
    assert (tuple(plain), tuple(full)) == ((100, 100, 100), ANCHORS[-1])
    half = np.asarray(covered(photo, evidence, opacity=0.5))[0, 1]
    assert tuple(half) == (176, 178, 132)
    assert np.asarray(covered(photo, evidence, opacity=0)).tolist() == [[[100] * 3] * 2]


def test_an_empty_map_leaves_the_photo_as_it_is():
    assert overlay(GREY, SaliencyMap(np.zeros((3, 3), np.float32))).tobytes() == GREY.tobytes()


def test_the_overlay_is_as_large_as_the_photo_and_the_photo_stays():
    before = GREY.tobytes()
    laid = overlay(GREY, CORNER)
    assert (laid.size, laid.mode, laid.info) == (GREY.size, "RGB", {})
    assert GREY.tobytes() == before


@pytest.mark.parametrize("opacity", [-0.1, 1.1, float("nan")])
def test_an_opacity_out_of_range_is_refused(opacity):
    with pytest.raises(ValueError, match="opacity must be 0 to 1"):
        overlay(GREY, CORNER, opacity)


def test_colours_grow_lighter_all_the_way_and_are_those_of_inferno():
    table = colour_table().astype(float)
    lightness = table @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) >= 0).all()
    known = colormaps["inferno"](np.linspace(0, 1, 256))[:, :3] * 255
    assert np.abs(table - known).max() < 20
    nine = np.linspace(0, 255, 9).round().astype(int)
    assert np.abs(table - known)[nine].max() < 3


def test_the_bar_has_the_colours_and_the_cover_of_the_overlay():
    bar = [
        [float(number) for number in re.findall(r"[0-9.]+", colour)]
        for colour in colour_bar(5, opacity=0.8)
    ]
    assert [round(alpha, 3) for *_, alpha in bar] == [0, 0.2, 0.4, 0.6, 0.8]
    drawn = np.asarray(covered(Image.new("RGB", (5, 1)), np.linspace(0, 1, 5)[None], 0.8))[0]
    assert np.abs([[c * a for c in colour] for *colour, a in bar] - drawn.astype(float)).max() < 2
