"""`features`: look at a data folder's photos once, so that retraining needs them no more."""

import argparse
from pathlib import Path

from aqfusion.commands.data_rows import data_rows
from aqfusion.commands.options import (
    Commands,
    Parser,
    add_data_option,
    add_json_option,
    add_licence_option,
    add_model_option,
    print_json,
    report,
)
from aqfusion.settings import load_settings


def add_features_command(commands: "Commands[Parser]") -> None:
    """Add `features`."""
    parser = commands.add_parser(
        "features",
        help="look at training photos once, so that retraining needs them no more",
        description="Look at the photos of a data folder with a model's trunk, up to 8 of each "
        "session, and write what it saw: numbers, no photos and no file names.",
        allow_abbrev=False,
    )
    add_data_option(parser)
    add_model_option(parser)
    add_licence_option(parser)
    parser.add_argument(
        "--out", metavar="FILE", help="where to (default: features.safetensors beside the model)"
    )
    add_json_option(parser)
    parser.set_defaults(run=run_features)


def run_features(arguments: argparse.Namespace) -> None:
    """Make the file and print what is in it."""
    from aqfusion.model.checkpoint import FEATURES
    from aqfusion.model.predict import load_model, model_folder
    from aqfusion.retrain.features import save_features
    from aqfusion.retrain.gather import gather

    model = arguments.model or load_settings().model
    rows = data_rows(arguments)
    predictor = load_model(model)
    out = Path(arguments.out) if arguments.out else model_folder(model) / FEATURES
    features = gather(predictor.checkpoint, rows, arguments.licence, report)
    print_json(
        {
            "wrote": str(out),
            "sha256": save_features(out, features),
            "trunk_sha256": features.trunk,
            "sessions": len(features.sessions),
            "frames": len(features.owner),
            "fingerprints": len(features.fingerprints),
        }
    )
