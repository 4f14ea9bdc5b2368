"""`render-scenes`: paint the sample scenes of the gallery again."""

import argparse
from pathlib import Path

from aqfusion.commands.options import Commands, Parser, report
from aqfusion.settings import ASSETS


def add_render_scenes_command(commands: "Commands[Parser]") -> None:
    """Add `render-scenes`."""
    parser = commands.add_parser(
        "render-scenes",
        help="paint the sample scenes again (about a minute)",
        description="Paint the sample scenes again, as assets/scenes/scenes.json says.",
        allow_abbrev=False,
    )
    parser.add_argument("--out", default=str(ASSETS / "scenes"), metavar="FOLDER")
    parser.set_defaults(run=run_render_scenes)


def run_render_scenes(arguments: argparse.Namespace) -> None:
    """Paint them."""
    from aqfusion.scenes import write_scenes

    write_scenes(Path(arguments.out))
    if Path(arguments.out) == ASSETS / "scenes":  # the guidelines' examples: same view, other air
        examples = ASSETS / "label" / "examples"
        write_scenes(examples, examples, (320, 240))
    report(f"painted the scenes into {arguments.out}")
