"""`stations check`: say what the Stations page makes of a table."""

from pathlib import Path

import click

from aqfusion.cli.options import (
    PathText,
    UsageError,
    latitude_option,
    longitude_option,
    moved_command,
    now,
    print_json,
    print_lines,
)
from aqfusion.csv_table.errors import CsvTableError
from aqfusion.errors import InputError
from aqfusion.stations.station_table import MOST_BYTES, Parsed, UploadedStation, parse_stations


class NothingReadError(InputError):
    """A file that was taken apart and has nothing that can be taken."""


@click.group(no_args_is_help=False, short_help="Check a table of stations.")
def stations() -> None:
    """Work on tables of stations."""


stations.add_command(
    moved_command("make-samples", "aqfusion stations make-samples", "tools/sample_stations.py")
)


@stations.command(short_help="Check how the Stations page reads a file.")
@click.argument("file", metavar="FILE", type=PathText())
@latitude_option
@longitude_option
@click.option("--name", default="", metavar="NAME", help="name of the station")
@click.option("--json", "as_program", is_flag=True, help="print all of it as JSON")
def check(file: str, lat: float | None, lon: float | None, name: str, as_program: bool) -> None:
    """Read a table of stations (CSV or .xlsx) as the Stations page does.

    Prints what is read and what is left out. A table without coordinates is of one station; name
    its place with --lat, --lon and --name. The exit status is 0 if anything was read, else 2.
    """
    from aqfusion.stations.import_report import as_json, summary

    content, place = _content(Path(file)), _place(lat, lon, name)
    try:
        parsed = parse_stations(content, now(), place=place)
    except CsvTableError as error:
        if as_program:  # a program that reads the answer gets JSON for every file
            print_json(as_json(Parsed((), (), (), (str(error),))))
        raise
    if as_program:
        print_json(as_json(parsed))
    else:
        print_lines(summary(parsed))
    if not parsed.measurements and not parsed.unplaced:
        raise NothingReadError("Nothing could be read from this file")


def _content(path: Path) -> bytes:
    """Read no more than is needed to see that a file is too long."""
    try:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file can have this name"
        raise InputError(f"FILE must be a readable file, got {path}: {reason}") from error


def _place(latitude: float | None, longitude: float | None, name: str) -> UploadedStation | None:
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        raise UsageError("--lat and --lon must be given together")
    return UploadedStation(latitude, longitude, name)
