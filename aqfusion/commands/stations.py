"""`stations`: make the table of the sample stations' sessions again."""

import argparse
from pathlib import Path

from aqfusion.commands.data_rows import data_rows
from aqfusion.commands.options import (
    Commands,
    Parser,
    add_data_option,
    add_json_option,
    print_json,
    report,
)
from aqfusion.stations.sample import FOLDER, PLACES_NAME, TABLE_NAME


def add_stations_command(commands: "Commands[Parser]") -> None:
    """Add `stations`."""
    parser = commands.add_parser(
        "stations",
        help="make the sample stations' table again",
        description=f"Make {TABLE_NAME} of the sample stations from a data folder. Places without "
        f"coordinates in assets/stations/{PLACES_NAME} are left out, which is told.",
        allow_abbrev=False,
    )
    add_data_option(parser)
    parser.add_argument(
        "--out",
        default=str(FOLDER / TABLE_NAME),
        metavar="FILE",
        help="where to (default: the table that the app reads)",
    )
    add_json_option(parser)
    parser.set_defaults(run=run_stations)


def run_stations(arguments: argparse.Namespace) -> None:
    """Make it, write it whole and print what is in it."""
    from aqfusion.files import replace_file
    from aqfusion.stations.sample import load_places
    from aqfusion.stations.sample_table import make_table

    rows = data_rows(arguments)
    table = make_table(rows, load_places(FOLDER / PLACES_NAME))
    for sentence in table.left_out:
        report(sentence)
    replace_file(Path(arguments.out), table.csv.encode("utf-8"))
    print_json(
        {"wrote": arguments.out, "sessions": table.sessions, "left_out": list(table.left_out)}
    )
