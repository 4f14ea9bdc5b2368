"""`labels import`: photos and labels into the store."""

import argparse
from dataclasses import asdict
from pathlib import Path

from aqfusion.commands.labels.opened import labels_parser, now, opened
from aqfusion.commands.options import Commands, Parser, UsageError, print_json, report

_MOST_TOLD = 20


def add_import_command(commands: "Commands[Parser]") -> None:
    """Add `labels import`."""
    parser = labels_parser(
        commands,
        "import",
        "import a data folder, a folder of photos, a CSV of photos, an export (.jsonl) or answers "
        "from Label Studio (its .json export); done again it brings what is missing",
    )
    parser.add_argument("source", metavar="FOLDER_OR_FILE")
    parser.add_argument(
        "--overlap", default="1", metavar="N", help="answers wanted of each item (default: 1)"
    )
    parser.add_argument(
        "--frozen", action="store_true", help="to measure by: no training learns from these"
    )
    parser.add_argument("--licence", metavar="TEXT", help="of the photos, for people to see")
    parser.add_argument(
        "--timezone",
        metavar="ZONE",
        help="of times that name none, as Asia/Kolkata or +05:30; else they are left out",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="tell as JSON what would come in, and write nothing: no store is needed",
    )
    parser.set_defaults(run=run_import)


def run_import(arguments: argparse.Namespace) -> None:
    """Import and print what became of every row."""
    if not (arguments.overlap.isdecimal() and len(arguments.overlap) <= 3):
        raise UsageError(f"--overlap must be a whole number, got {arguments.overlap!r}")

    from aqfusion.labels.imports.bring_in import bring_in, list_source
    from aqfusion.labels.imports.dry_run import dry_run
    from aqfusion.labels.imports.intake import Terms
    from aqfusion.time_zones import TimeError, zone

    try:
        local = zone(arguments.timezone) if arguments.timezone else None
    except TimeError as error:
        raise UsageError(f"--timezone {error}, got {arguments.timezone!r}") from error
    if arguments.dry_run:
        found = dry_run(list_source(Path(arguments.source), now(), local))
        print_json({"source": arguments.source, **found})
        if not found["items"]:
            raise UsageError(f"{arguments.source} must have a good photo, got none")
        return
    split = "frozen" if arguments.frozen else "train"
    terms = Terms(int(arguments.overlap), split, arguments.licence)
    with opened() as store:
        operator = store.accounts.operator(now())
        done = bring_in(store, operator, Path(arguments.source), terms, now(), report, local)
    for fault in done.faults[:_MOST_TOLD]:
        report(str(fault))
    if len(done.faults) > _MOST_TOLD:
        report(f"and {len(done.faults) - _MOST_TOLD} more, all of them in the JSON")
    for note in done.notes:
        report(note)
    if done.ignored:
        report(f"columns that nobody reads: {', '.join(map(repr, done.ignored))}")
    if done.new:
        report("to put the most telling ones first: python -m aqfusion labels score")
    print_json({"source": arguments.source, **asdict(done)})
