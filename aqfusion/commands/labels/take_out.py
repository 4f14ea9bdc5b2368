"""`labels export`: what the store holds, for others to read."""

import argparse
from pathlib import Path

from aqfusion.commands.labels.opened import labels_parser, now, opened
from aqfusion.commands.options import Commands, Parser, print_json, report


def add_export_command(commands: "Commands[Parser]") -> None:
    """Add `labels export`."""
    parser = labels_parser(
        commands,
        "export",
        "export as csv (a row per item, and a second file with a row per answer), jsonl (all there "
        "is, for labels import), events (csv), label-studio or training (folders)",
    )
    parser.add_argument(
        "--format", required=True, help="csv, jsonl, events, label-studio or training"
    )
    parser.add_argument("--out", required=True, metavar="PATH", help="the file or folder to write")
    parser.set_defaults(run=run_export)


def run_export(arguments: argparse.Namespace) -> None:
    """Export and print what was written."""
    from aqfusion.labels.exports.export import export

    with opened() as store:
        operator = store.accounts.operator(now())
        done = export(store, operator, arguments.format, Path(arguments.out), report)
    for sentence in done.left_out:
        report(sentence)
    if done.missing:
        report(f"{len(done.missing)} photos must be in the store, and are missing")
    print_json(
        {
            "format": arguments.format,
            "wrote": [str(path) for path in done.wrote],
            "count": done.count,
            "left_out": list(done.left_out),
            "missing_photos": list(done.missing),
        }
    )
