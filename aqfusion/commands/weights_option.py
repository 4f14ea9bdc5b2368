"""`--weights`: where the trunks' first weights come from; and the recipe that suits them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from aqfusion.commands.options import UsageError, report
from aqfusion.settings import load_settings

if TYPE_CHECKING:
    from aqfusion.model.network import AQFusionNet
    from aqfusion.training.recipe import Recipe

HUB, NONE = "hub", "none"


def add_weights_option(parser: argparse.ArgumentParser) -> None:
    """Add `--weights`."""
    parser.add_argument(
        "--weights",
        metavar="FOLDER",
        help="folder with pretrained NAME.safetensors, 'hub' for timm's hub (needs internet), "
        "'none' for random ones (default: AQFUSION_WEIGHTS, or none)",
    )


class FirstWeights:
    """What `--weights` named; calling it fills a network's trunk."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Take the option, else the settings; a folder that is absent raises `UsageError`."""
        self.source = arguments.weights or str(load_settings().weights or NONE)
        if self.source not in (HUB, NONE) and not Path(self.source).is_dir():
            rule = "--weights must be hub, none or a folder that exists"
            raise UsageError(f"{rule}, got {self.source!r}")

    def __call__(self, network: "AQFusionNet", name: str) -> None:
        """Fill the trunk of backbone `name`; one that is distilled stays random."""
        from aqfusion.model.backbones import download_pretrained, load_pretrained

        if self.source == HUB:
            download_pretrained(network.image_encoder.trunk, name)
        elif self.source != NONE and not self._distilled(name):
            load_pretrained(network.image_encoder.trunk, name, Path(self.source))

    def recipe(self, name: str, protocol: str, seed: int) -> "Recipe":
        """The recipe of a backbone under a protocol that suits the weights at hand."""
        from aqfusion.training.recipes import recipe_for

        distilled = self._distilled(name)
        if distilled:
            report(f"{name}: no pretrained weights, so it is distilled from other backbones")
        return recipe_for(name, protocol, seed, distilled=distilled)

    def _distilled(self, name: str) -> bool:
        from aqfusion.training.recipes import ELDERS

        if self.source in (HUB, NONE) or name not in ELDERS:
            return False
        return not (Path(self.source) / f"{name}.safetensors").is_file()
