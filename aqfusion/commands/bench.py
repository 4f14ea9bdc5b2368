"""`bench`: how long a prediction's steps, the label queue or a retraining take here."""

import argparse

from aqfusion.commands.options import (
    Commands,
    Parser,
    add_json_option,
    add_model_option,
    print_json,
)
from aqfusion.settings import load_settings


def add_bench_command(commands: "Commands[Parser]") -> None:
    """Add `bench`."""
    parser = commands.add_parser(
        "bench",
        help="time the steps of a prediction on this machine",
        description="Time the steps of a prediction in one run, as JSON: compare the ratios, "
        "milliseconds only hold for this machine at this moment.",
        allow_abbrev=False,
    )
    add_model_option(parser)
    parser.add_argument(
        "--queue",
        type=int,
        nargs="+",
        metavar="N",
        help="time the label queue with N items instead, for example 10000 100000; a million"
        " takes minutes to write",
    )
    parser.add_argument(
        "--retrain",
        type=int,
        nargs="?",
        const=1000,
        metavar="N",
        help="time a retraining with N corrections instead (default: 1000), in seconds",
    )
    add_json_option(parser)
    parser.set_defaults(run=run_bench)


def run_bench(arguments: argparse.Namespace) -> None:
    """Print the times."""
    if arguments.queue:
        from aqfusion.queue_bench import queue_bench

        print_json(queue_bench(arguments.queue))
        return
    model = arguments.model or load_settings().model
    if arguments.retrain is not None:
        from aqfusion.retrain_bench import retrain_bench

        print_json(retrain_bench(model, arguments.retrain))
        return
    from aqfusion.bench import bench

    print_json(bench(model))
