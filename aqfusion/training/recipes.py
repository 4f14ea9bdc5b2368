"""The recipe of each backbone under each protocol: the one place where they are chosen."""

from dataclasses import replace

from aqfusion.model.backbones import backbone
from aqfusion.training.protocols import protocol
from aqfusion.training.recipe import ALL_FRAMES, Recipe

# A backbone whose pretrained weights may not be at hand, and whom it then learns from.
TEACHERS = {"efficientnet_b0": ("mobilenetv2_100", "resnet18")}


_FROM_RANDOM = 1e-3  # the rate of a backbone that has nothing to forget


def recipe_for(name: str, protocol_name: str, seed: int, *, distilled: bool) -> Recipe:
    """The recipe of a backbone.

    Where a protocol leaks, readings and photos are memorised, since that is what it rewards: all
    frames of a session, whose next ones are tested, and targets that hardly blur.
    `distilled`: from random weights, taught by its `TEACHERS` too, at a rate for random weights.
    """
    recipe = Recipe(backbone=backbone(name).name, seed=seed)
    if protocol(protocol_name).leaks:
        recipe = replace(
            recipe,
            committee=False,
            sigma=1.0,
            sensor_steps=10_000,
            epochs=12,
            trunk_rate=6e-4,
            frames_per_session=ALL_FRAMES,
        )
    if not distilled:
        return recipe
    teachers = (
        recipe_for(teacher, protocol_name, seed, distilled=False) for teacher in TEACHERS[name]
    )
    return replace(
        recipe,
        distilled_from=tuple(teachers),
        trunk_rate=_FROM_RANDOM,
    )
