"""`train`: a data folder to a model folder."""

import argparse
from dataclasses import asdict, replace
from pathlib import Path

from aqfusion.commands.data_rows import rows_of
from aqfusion.commands.options import (
    Commands,
    Parser,
    add_cache_option,
    add_data_option,
    add_json_option,
    add_licence_option,
    data_folder,
    print_json,
    report,
    whole_number,
)
from aqfusion.commands.weights_option import FirstWeights, add_weights_option


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
    parser.add_argument("--epochs", metavar="N", help="1 to 1000 (default: the recipe's)")
    parser.add_argument("--seed", default="0", metavar="N", help="of every random choice")
    add_weights_option(parser)
    parser.add_argument(
        "--cross-validate",
        action="store_true",
        help="figures from five fold models, final weights from all sessions (six times slower)",
    )
    add_licence_option(parser)
    add_cache_option(parser, "a folder beside --out until the model is written")
    add_json_option(parser)
    parser.set_defaults(run=run_train)


def run_train(arguments: argparse.Namespace) -> None:
    """Train and print the figures."""
    seed = whole_number("--seed", arguments.seed, 0, 2**31 - 1)
    epochs = (
        None if arguments.epochs is None else whole_number("--epochs", arguments.epochs, 1, 1000)
    )
    weights = FirstWeights(arguments)
    folder = data_folder(arguments)

    from aqfusion.release.train import train

    recipe = weights.recipe(arguments.backbone, "leak-safe", seed)
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs)
    metrics = train(
        rows_of(folder, report),
        recipe,
        Path(arguments.out),
        pretrained=weights,
        cross_validate=arguments.cross_validate,
        about={"data_licence": arguments.licence},
        report=report,
        cache=Path(arguments.cache) if arguments.cache else None,
    )
    print_json({"model": arguments.out, "recipe": asdict(recipe), **metrics})
