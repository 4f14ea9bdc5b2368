"""`evaluate`: score a model on a data folder, or a backbone under a protocol."""

import argparse
from pathlib import Path

from aqfusion.commands.data_rows import data_rows
from aqfusion.commands.options import (
    Commands,
    Parser,
    UsageError,
    add_cache_option,
    add_data_option,
    add_json_option,
    add_licence_option,
    add_model_option,
    print_json,
    report,
)
from aqfusion.commands.weights_option import FirstWeights, add_weights_option
from aqfusion.settings import ASSETS, load_settings

ALL = "all"


def add_evaluate_command(commands: "Commands[Parser]") -> None:
    """Add `evaluate`."""
    parser = commands.add_parser(
        "evaluate",
        help="score a model on photos with a measured AQI",
        description="Score a model on a data folder, fused and each modality alone, as JSON; "
        "sessions that it was trained on are counted in seen_in_training. With --protocol, train "
        "backbones on parts of the folder instead and score them on the rest, into a metrics file; "
        "an evaluation that was cut off goes on where it was.",
        allow_abbrev=False,
    )
    add_data_option(parser)
    add_model_option(parser)
    parser.add_argument("--protocol", metavar="NAME", help="leak-safe, place, paper or all")
    parser.add_argument(
        "--backbone", metavar="NAME", help="timm name of the trunk, or all (with --protocol)"
    )
    add_weights_option(parser)
    add_cache_option(parser, "evaluation/ in AQFUSION_HOME")
    add_licence_option(parser)
    parser.add_argument(
        "--out", metavar="FILE", help="metrics file to update (default: assets/metrics.json)"
    )
    add_json_option(parser)
    parser.set_defaults(run=run_evaluate)


def run_evaluate(arguments: argparse.Namespace) -> None:
    """Print the scores, or update the metrics file."""
    if arguments.protocol is not None:
        _run_protocols(arguments)
        return
    for name in ("backbone", "weights", "cache", "out"):
        if getattr(arguments, name) is not None:
            rule = f"--{name} needs --protocol: leak-safe, place, paper or all"
            raise UsageError(f"{rule}, got none")

    from aqfusion.evaluation.evaluate import evaluate
    from aqfusion.model.predict import load_model

    rows = data_rows(arguments)
    predictor = load_model(arguments.model or load_settings().model)
    print_json(evaluate(predictor, rows, report))


def _run_protocols(arguments: argparse.Namespace) -> None:
    if arguments.model is not None:
        raise UsageError(
            f"--model must be left out where --protocol trains its own, got {arguments.model!r}"
        )
    from aqfusion.evaluation.map_trust import map_trust
    from aqfusion.model.backbones import BACKBONES, backbone
    from aqfusion.release.measure import Measurement
    from aqfusion.training.protocols import PROTOCOLS, protocol

    asked = arguments.protocol, arguments.backbone or ALL
    protocols = list(PROTOCOLS) if asked[0] == ALL else [protocol(asked[0]).name]
    backbones = list(BACKBONES) if asked[1] == ALL else [backbone(asked[1]).name]
    cache = Path(arguments.cache) if arguments.cache else load_settings().home / "evaluation"
    out = Path(arguments.out) if arguments.out else ASSETS / "metrics.json"
    weights = FirstWeights(arguments)
    rows = data_rows(arguments)
    runs = [(protocol, backbone) for protocol in protocols for backbone in backbones]
    measurement = Measurement(rows, arguments.licence, weights, cache, report, map_trust)
    measurement.run(runs, out)
    print_json({"wrote": str(out), "protocols": protocols, "backbones": backbones})
