"""`labels stats` and `labels verify`: how far the work is, and whether the store is sound."""

import argparse

from aqfusion.commands.labels.opened import labels_parser, opened
from aqfusion.commands.options import Commands, Parser, print_json
from aqfusion.errors import InputError


def add_stats_command(commands: "Commands[Parser]") -> None:
    """Add `labels stats`."""
    parser = labels_parser(commands, "stats", "count items, answers and events")
    parser.set_defaults(run=run_stats)


def add_verify_command(commands: "Commands[Parser]") -> None:
    """Add `labels verify`."""
    parser = labels_parser(
        commands, "verify", "prove that the current view is what all events come to"
    )
    parser.set_defaults(run=run_verify)


def run_stats(arguments: argparse.Namespace) -> None:
    """Print the figures."""
    from aqfusion.labels.totals import totals

    with opened() as store:
        told = totals(store.database)
        counts, snapshot = store.overview.counts(), store.snapshot_hash()
    print_json({"items": sum(counts.values()), "status": counts, **told, "snapshot": snapshot})


def run_verify(arguments: argparse.Namespace) -> None:
    """Print what is wrong; anything at all is bad input to all that follows."""
    with opened() as store:
        faults = store.verify()
    print_json({"sound": not faults, "faults": list(faults)})
    if faults:
        raise InputError(f"the store must be sound, got {len(faults)} faults: {faults[0]}")
