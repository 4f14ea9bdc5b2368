"""The recipe of each backbone under each protocol."""

from dataclasses import replace

import pytest

from aqfusion.model.architecture import BACKBONES, WeightsError
from aqfusion.training.protocols import PROTOCOLS, ProtocolError
from aqfusion.training.recipe import ALL_FRAMES, TEACHERS, Recipe, recipe_for

HONEST = ("leak-safe", "place")


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_readings_are_learned_by_heart_only_where_the_protocol_rewards_it(name, protocol):
    recipe = recipe_for(name, protocol, 3, distilled=False)
    assert (recipe.backbone, recipe.seed, recipe.distilled_from) == (name, 3, ())
    assert recipe.committee == (protocol in HONEST)
    assert (recipe.sigma < Recipe().sigma) == (protocol not in HONEST)
    assert (recipe.frames_per_session == ALL_FRAMES) == (protocol not in HONEST)


def test_an_honest_recipe_is_the_default_one_for_every_honest_protocol():
    for protocol in HONEST:
        assert recipe_for("resnet18", protocol, 0, distilled=False) == Recipe("resnet18")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_distilled_recipe_names_its_teachers_by_their_own_recipes(protocol):
    recipe = recipe_for("efficientnet_b0", protocol, 7, distilled=True)
    assert recipe.distilled_from == tuple(
        recipe_for(teacher, protocol, 7, distilled=False)
        for teacher in ("mobilenetv2_100", "resnet18")
    )
    plain = recipe_for("efficientnet_b0", protocol, 7, distilled=False)
    assert recipe.trunk_rate > plain.trunk_rate  # random weights have further to go
    assert replace(recipe, distilled_from=(), trunk_rate=plain.trunk_rate) == plain


def test_no_teacher_needs_teachers():
    assert not {teacher for teachers in TEACHERS.values() for teacher in teachers} & set(TEACHERS)


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(WeightsError, match="backbone must be one of"):
        recipe_for("vgg16", "paper", 0, distilled=False)
    with pytest.raises(ProtocolError, match="protocol must be one of"):
        recipe_for("resnet18", "kaggle", 0, distilled=False)
