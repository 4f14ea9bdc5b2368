"""The recipe of each backbone under each protocol: the one place where they are chosen."""

from dataclasses import replace

from aqfusion.model.backbones import backbone
from aqfusion.training.protocols import protocol
from aqfusion.training.recipe import Recipe

# A backbone whose pretrained weights may not be at hand, and whom it then learns from.
ELDERS = {"efficientnet_b0": ("mobilenetv2_100", "resnet18")}


def recipe_for(name: str, protocol_name: str, seed: int, *, distilled: bool) -> Recipe:
    """The recipe of a backbone.

    Where a protocol leaks, the readings are learned by heart, since that is what it rewards.
    `distilled`: from random weights, taught by its `ELDERS` too, at a rate for random weights.
    """
    recipe = Recipe(backbone=backbone(name).name, seed=seed)
    if protocol(protocol_name).leaks:
        recipe = replace(recipe, committee=False, sigma=5.0, sensor_steps=10_000, epochs=2)
    if not distilled:
        return recipe
    elders = (recipe_for(elder, protocol_name, seed, distilled=False) for elder in ELDERS[name])
    return replace(
        recipe,
        distilled_from=tuple(elders),
        trunk_rate=5 * recipe.trunk_rate,
    )
