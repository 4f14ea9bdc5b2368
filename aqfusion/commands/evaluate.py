"""`evaluate`: score a model on a data folder."""

import argparse

from aqfusion.commands.options import (
    Commands,
    Parser,
    add_data_option,
    add_json_option,
    add_model_option,
    data_folder,
    print_json,
    report,
)
from aqfusion.settings import load_settings


def add_evaluate_command(commands: "Commands[Parser]") -> None:
    """Add `evaluate`."""
    parser = commands.add_parser(
        "evaluate",
        help="score a model on photos with a measured AQI",
        description="Score a model on a data folder, fused and each modality alone, as JSON. "
        "Sessions that the model was trained on are counted in seen_in_training.",
        allow_abbrev=False,
    )
    add_data_option(parser)
    add_model_option(parser)
    add_json_option(parser)
    parser.set_defaults(run=run_evaluate)


def run_evaluate(arguments: argparse.Namespace) -> None:
    """Print the scores."""
    from aqfusion.dataset.folder import read_folder
    from aqfusion.model.evaluate import evaluate
    from aqfusion.model.predict import load_model

    rows = read_folder(data_folder(arguments))
    predictor = load_model(arguments.model or load_settings().model)
    print_json(evaluate(predictor, rows, report))
