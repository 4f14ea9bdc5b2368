"""`stations`: tell what the page makes of a file, and make the table of the sample stations."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from aqfusion.commands.data_rows import data_rows
from aqfusion.commands.options import (
    Commands,
    Parser,
    UsageError,
    add_data_option,
    add_json_option,
    print_json,
    print_lines,
    report,
)
from aqfusion.csv_table.fault import CsvTableError
from aqfusion.errors import InputError
from aqfusion.stations.csv_file import MOST_BYTES, Parsed, Place, parse_stations
from aqfusion.stations.sample import FOLDER, PLACES_NAME, TABLE_NAME


class NothingReadError(InputError):
    """A file that was taken apart and has nothing that can be taken."""


def add_stations_command(commands: "Commands[Parser]") -> None:
    """Add `stations` with its own commands."""
    parser = commands.add_parser(
        "stations",
        help="check a table of stations; make the sample stations' table again",
        allow_abbrev=False,
    )
    below = parser.add_subparsers(dest="stations_command", required=True, metavar="COMMAND")
    _add_check(below)
    _add_make_samples(below)


def _add_check(commands: "Commands[Parser]") -> None:
    parser = commands.add_parser(
        "check",
        help="tell what the Stations page makes of a file",
        description="Read a table of stations (CSV or .xlsx) as the Stations page does, and tell "
        "what is taken and what is left out. Ends with 0 if anything was read, else with 2.",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="the table, whatever its name is")
    place = parser.add_argument_group("the station of a table without coordinates")
    place.add_argument("--lat", metavar="DEGREES", help="its latitude, north is positive")
    place.add_argument("--lon", metavar="DEGREES", help="its longitude, east is positive")
    place.add_argument("--name", default="", metavar="NAME", help="what it is called")
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    parser.set_defaults(run=run_stations_check)


def _add_make_samples(commands: "Commands[Parser]") -> None:
    parser = commands.add_parser(
        "make-samples",
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
    parser.set_defaults(run=run_make_samples)


def run_stations_check(arguments: argparse.Namespace) -> None:
    """Read the file and print what was made of it; nothing read raises `NothingReadError`."""
    from aqfusion.stations.report import as_json, summary

    content, place = _content(Path(arguments.file)), _place(arguments)
    try:
        parsed = parse_stations(content, datetime.now(UTC), place=place)
    except CsvTableError as error:
        if arguments.json:  # a program that reads the answer gets one for every file
            print_json(as_json(Parsed((), (), (), (str(error),))))
        raise
    if arguments.json:
        print_json(as_json(parsed))
    else:
        print_lines(summary(parsed))
    if not parsed.measurements and not parsed.unplaced:
        raise NothingReadError("nothing could be read of this file")


def run_make_samples(arguments: argparse.Namespace) -> None:
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


def _content(path: Path) -> bytes:
    """Read no more than is needed to see that a file is too long."""
    try:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it has no such name"
        raise InputError(f"FILE must be a readable file, got {path}: {reason}") from error


def _place(arguments: argparse.Namespace) -> Place | None:
    if arguments.lat is None and arguments.lon is None:
        return None
    if arguments.lat is None or arguments.lon is None:
        raise UsageError("--lat and --lon must be given together")
    return Place(
        _degrees("--lat", arguments.lat, 90), _degrees("--lon", arguments.lon, 180), arguments.name
    )


def _degrees(option: str, text: str, most: int) -> float:
    try:
        degrees = float(text)
    except ValueError:
        degrees = float("nan")
    if not abs(degrees) <= most:
        raise UsageError(f"{option} must be degrees from -{most} to {most}, got {text!r}")
    return degrees
