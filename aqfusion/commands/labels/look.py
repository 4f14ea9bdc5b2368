"""`labels look`: what the model makes of the items that wait, and which to ask about first."""

import argparse
from dataclasses import asdict

from aqfusion.commands.labels.opened import labels_parser, now, opened
from aqfusion.commands.options import (
    SERVED,
    Commands,
    Parser,
    add_model_option,
    model_of,
    print_json,
    report,
)


def add_look_command(commands: "Commands[Parser]") -> None:
    """Add `labels look`."""
    parser = labels_parser(
        commands, "look", "let the model look at what waits, and put the most telling first"
    )
    add_model_option(parser, SERVED)
    parser.set_defaults(run=run_look)


def run_look(arguments: argparse.Namespace) -> None:
    """Look, and print at how many items."""
    from aqfusion.curation.look import look
    from aqfusion.model.predict import load_model

    model = load_model(model_of(arguments))
    with opened() as store:
        found = look(store, store.accounts.operator(now()), model, report)
    print_json(asdict(found))
