"""`labels backup` and `labels restore`: one file with everything, and back."""

import argparse
from dataclasses import asdict
from pathlib import Path

from aqfusion.commands.labels.opened import labels_parser, now, opened
from aqfusion.commands.options import Commands, Parser, print_json, report


def add_backup_command(commands: "Commands[Parser]") -> None:
    """Add `labels backup`."""
    parser = labels_parser(
        commands,
        "backup",
        "write everything to one new file, photos and hashes of PINs included: keep it safe",
    )
    parser.add_argument("path", metavar="PATH")
    parser.set_defaults(run=run_backup)


def add_restore_command(commands: "Commands[Parser]") -> None:
    """Add `labels restore`."""
    parser = labels_parser(commands, "restore", "fill an empty store from a backup, or nothing")
    parser.add_argument("path", metavar="PATH")
    parser.set_defaults(run=run_restore)


def run_backup(arguments: argparse.Namespace) -> None:
    """Write the backup and print what is in it."""
    from aqfusion.labels.backup import backup

    with opened() as store:
        held = backup(store, store.accounts.operator(now()), Path(arguments.path), now())
    if held.missing:
        report(f"{len(held.missing)} photos must be in the store, and are missing")
    print_json({"wrote": arguments.path, **asdict(held)})


def run_restore(arguments: argparse.Namespace) -> None:
    """Fill the store and print what was in the backup."""
    from aqfusion.labels.restore import restore

    with opened() as store:
        held = restore(store, Path(arguments.path))
    print_json({"restored": arguments.path, **asdict(held)})
