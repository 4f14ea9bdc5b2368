"""`outline`: cut the land of the stations map out of a world file again."""

import argparse
from pathlib import Path

from aqfusion.commands.options import Commands, Parser, report
from aqfusion.settings import ASSETS


def add_outline_command(commands: "Commands[Parser]") -> None:
    """Add `outline`."""
    parser = commands.add_parser(
        "outline",
        help="cut the land of the stations map out of a world file again",
        description=(
            "Cut the land of the stations map out of land-50m.json of the npm package "
            "world-atlas (Natural Earth, public domain); the same file gives the same outline."
        ),
        allow_abbrev=False,
    )
    parser.add_argument("--source", required=True, metavar="FILE", help="land-50m.json")
    parser.add_argument("--out", default=str(ASSETS / "stations" / "land.geojson"), metavar="FILE")
    parser.set_defaults(run=run_outline)


def run_outline(arguments: argparse.Namespace) -> None:
    """Cut it."""
    from aqfusion.stations.outline import write_outline

    size = write_outline(Path(arguments.source), Path(arguments.out))
    report(f"wrote {size} bytes to {arguments.out}")
