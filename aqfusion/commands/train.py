"""`train`: a data folder to a model folder."""

import argparse
from dataclasses import asdict
from pathlib import Path

from aqfusion.commands.options import (
    Commands,
    Parser,
    UsageError,
    add_data_option,
    add_json_option,
    data_folder,
    print_json,
    report,
)
from aqfusion.settings import load_settings


def add_train_command(commands: "Commands[Parser]") -> None:
    """Add `train`."""
    parser = commands.add_parser(
        "train",
        help="train a model on a data folder",
        description="Train a model on a data folder and print its leak-safe figures as JSON. "
        "A training that was cut off goes on where it was when it is started again.",
        allow_abbrev=False,
    )
    add_data_option(parser)
    parser.add_argument("--out", required=True, metavar="FOLDER", help="the model folder to write")
    parser.add_argument("--backbone", default="mobilenetv2_100", help="timm name of the trunk")
    parser.add_argument("--epochs", default="5", metavar="N", help="1 to 1000 (default: 5)")
    parser.add_argument("--seed", default="0", metavar="N", help="of every random choice")
    parser.add_argument(
        "--weights",
        metavar="FOLDER",
        help="folder with pretrained NAME.safetensors, 'hub' for timm's hub (needs internet), "
        "'none' for random ones (default: AQFUSION_WEIGHTS, or none)",
    )
    parser.add_argument(
        "--cross-validate",
        action="store_true",
        help="figures from five fold models, final weights from all sessions (six times slower)",
    )
    parser.add_argument(
        "--licence",
        default="unknown: state the licence of the training data with --licence",
        help="licence of the training data, kept in the model's config",
    )
    add_json_option(parser)
    parser.set_defaults(run=run_train)


def run_train(arguments: argparse.Namespace) -> None:
    """Train and print the figures."""
    epochs = _whole("--epochs", arguments.epochs, 1, 1000)
    seed = _whole("--seed", arguments.seed, 0, 2**31 - 1)
    folder = data_folder(arguments)

    from aqfusion.dataset.folder import read_folder
    from aqfusion.model.backbones import backbone, download_pretrained, load_pretrained
    from aqfusion.model.network import AQFusionNet
    from aqfusion.model.recipe import Recipe
    from aqfusion.model.train import train

    recipe = Recipe(backbone=backbone(arguments.backbone).name, epochs=epochs, seed=seed)
    weights = arguments.weights or str(load_settings().weights or "none")

    def pretrained(network: AQFusionNet) -> None:
        trunk = network.image_encoder.trunk
        if weights == "hub":
            download_pretrained(trunk, recipe.backbone)
        elif weights != "none":
            load_pretrained(trunk, recipe.backbone, Path(weights))

    metrics = train(
        read_folder(folder),
        recipe,
        Path(arguments.out),
        pretrained=pretrained,
        cross_validate=arguments.cross_validate,
        about={"data_licence": arguments.licence},
        report=report,
    )
    print_json({"model": arguments.out, "recipe": asdict(recipe), **metrics})


def _whole(option: str, text: str, low: int, high: int) -> int:
    short = text.isdecimal() and len(text) <= 10  # int() itself refuses thousands of digits
    if not short or not low <= int(text) <= high:
        raise UsageError(f"{option} must be a whole number from {low} to {high}, got {text!r}")
    return int(text)
