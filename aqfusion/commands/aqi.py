"""`aqi`: readings to the index of a standard."""

import argparse

from aqfusion.air.aqi import standard
from aqfusion.commands.options import (
    Commands,
    Parser,
    UsageError,
    add_json_option,
    add_reading_options,
    add_standard_option,
    print_json,
    reading_from,
    reading_option_names,
)


def add_aqi_command(commands: "Commands[Parser]") -> None:
    """Add `aqi`: readings to the index of a standard."""
    parser = commands.add_parser(
        "aqi",
        help="tell the index of pollutant readings",
        description="Tell the Air Quality Index of pollutant readings, as JSON.",
        allow_abbrev=False,
    )
    add_standard_option(parser)
    add_reading_options(parser)
    add_json_option(parser)
    parser.set_defaults(run=run_aqi)


def run_aqi(arguments: argparse.Namespace) -> None:
    """Print the index of the readings given."""
    reading = reading_from(arguments)
    if not reading.present:
        raise UsageError(f"aqi must have at least one reading ({reading_option_names()}), got none")
    index = standard(arguments.standard).index(reading)
    print_json({"standard": arguments.standard, **index.as_json()})
