"""The haze score's scale: the photo's place on it, and the scenes by the model's own scores."""

import re
from itertools import pairwise

import pytest

from aqfusion.model.haze_score import HazeScore
from aqfusion.model.predictor import load_model
from aqfusion.synthetic_scenes import scenes
from aqfusion.ui import haze_view
from aqfusion.ui.haze_view import Example, scale, spread

EXAMPLES = [Example(str(score), f"Scene {score}", score, "data:x") for score in (91, 12, 11, 40)]


def text(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_score_is_told_in_words_and_marked_at_its_place():
    html = scale(HazeScore(72, 210.0), "", EXAMPLES)
    assert "Haze score of the photo 72 of 100 hazy" in text(html)
    assert '<div class="aq-mark" style="left:72%">' in html
    assert "What it means for the AQI depends on the place." in text(html)


def test_without_a_photo_nothing_is_marked_and_the_scenes_stay():
    html = scale(None, "No <photo> yet.", EXAMPLES)
    assert "aq-mark" not in html
    assert "No &lt;photo&gt; yet." in html
    assert html.count("<figure") == len(EXAMPLES)


def test_scenes_stand_in_the_order_of_their_scores_and_never_on_each_other():
    html = scale(HazeScore(12, 50.0), "", EXAMPLES)
    places = [float(at) for at in re.findall(r'aq-haze-scene" style="left:([0-9.]+)%', html)]
    assert re.findall(r"<figcaption>(\d+)", html) == ["11", "12", "40", "91"]
    assert all(b - a >= 10.5 for a, b in pairwise(places))
    assert 0 <= places[0] <= places[-1] <= 100


@pytest.mark.parametrize("at", [[50] * 9, list(range(9)), [100] * 9, [0, 0, 50, 50, 50, 99, 100]])
def test_crowded_places_are_moved_apart_within_the_scale(at):
    moved = spread(at, 10.6, 4.9, 95.1)
    assert all(b - a > 10.59 for a, b in pairwise(moved))
    assert moved[0] >= 4.9 - 1e-9
    assert moved[-1] <= 95.1 + 1e-9


def test_a_models_own_scores_place_the_scenes(site_model_folder):
    model = load_model(site_model_folder)
    found = haze_view._examples(model.checkpoint.sha256, model)
    assert [one.id for one in found] == [scene.id for scene in scenes()]
    assert all(one.picture.startswith("data:image/") for one in found)


def test_a_model_of_an_older_version_has_no_scale(checkpoint_folder):
    model = load_model(checkpoint_folder)
    assert haze_view._examples(model.checkpoint.sha256, model) == ()
