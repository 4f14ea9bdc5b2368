"""The command line: one function per command, JSON on stdout, one sentence on stderr for bad input.

Exit status: 0 done, 2 bad input. Heavy modules are imported inside the command that needs them.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.sensors import Reading
from aqfusion.errors import InputError


class UsageError(InputError):
    """A command line that cannot be understood."""


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose complaints are raised as one sentence, without the usage text."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        arguments = build_parser().parse_args(argv)
        arguments.run(arguments)
    except InputError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


def build_parser() -> Parser:
    """Build the parser; each command has an `add_..._command` that names its function."""
    parser = Parser(prog="aqfusion", description="Tell the Air Quality Index.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_aqi_command(commands)
    return parser


def add_aqi_command(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add `aqi`: readings to the index of a standard."""
    parser = commands.add_parser(
        "aqi",
        help="tell the index of pollutant readings",
        description="Tell the Air Quality Index of pollutant readings, as JSON.",
        allow_abbrev=False,
    )
    add_standard_option(parser)
    add_reading_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, which is always done")
    parser.set_defaults(run=run_aqi)


def run_aqi(arguments: argparse.Namespace) -> None:
    """Print the index of the readings given."""
    reading = reading_from(arguments)
    if not reading.present:
        options = ", ".join(f"--{name}" for name in POLLUTANTS)
        raise UsageError(f"aqi must have at least one reading ({options}), got none")
    index = standard(arguments.standard).index(reading)
    print_json(
        {
            "standard": arguments.standard,
            "aqi": index.aqi,
            "category": index.category and index.category.name,
            "dominant": index.dominant,
            "sub_indices": dict(index.sub_indices),
            "incomplete": index.incomplete,
            "beyond": index.beyond,
        }
    )


def add_standard_option(parser: argparse.ArgumentParser) -> None:
    """Add `--standard`."""
    parser.add_argument(
        "--standard", choices=tuple(STANDARDS), default="us", help="whose index (default: us)"
    )


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Add an option per pollutant and `--unit`; `reading_from` reads them."""
    group = parser.add_argument_group("readings")
    for name in POLLUTANTS:
        entry = pollutant(name)
        # Text, not type=float: `Reading.of` says better than argparse what is wrong.
        group.add_argument(f"--{name}", metavar="X", help=f"{entry.label} in {entry.unit}")
    group.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="POLLUTANT=UNIT",
        help="another unit, for example o3=ppb; may be repeated",
    )


def reading_from(arguments: argparse.Namespace) -> Reading:
    """Read what `add_reading_options` took; bad values raise `ReadingError`."""
    units: dict[str, str] = {}
    for given in arguments.unit:
        name, equals, unit = given.partition("=")
        if not equals:
            raise UsageError(f"--unit must look like o3=ppb, got {given!r}")
        units[name.strip()] = unit
    return Reading.of({name: getattr(arguments, name) for name in POLLUTANTS}, units)


def print_json(value: dict[str, Any]) -> None:
    """Print a result as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
