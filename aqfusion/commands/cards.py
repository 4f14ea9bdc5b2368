"""`cards`: write the model cards of the shipped models."""

import argparse

from aqfusion.commands.options import Commands, Parser, add_json_option, print_json


def add_cards_command(commands: "Commands[Parser]") -> None:
    """Add `cards`."""
    parser = commands.add_parser(
        "cards",
        help="write the cards of the shipped models",
        description="Write assets/models/*/README.md from each model's config.json and "
        "assets/metrics.json.",
        allow_abbrev=False,
    )
    add_json_option(parser)
    parser.set_defaults(run=run_cards)


def run_cards(arguments: argparse.Namespace) -> None:
    """Write them and print where."""
    from aqfusion.release.shipped import write_cards

    print_json({"wrote": [str(path) for path in write_cards()]})
