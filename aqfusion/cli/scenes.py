"""`render-scenes`: paint the sample scenes of the gallery again."""

from pathlib import Path

import click

from aqfusion.cli.options import PathText, report
from aqfusion.settings import ASSETS


@click.command(short_help="Render the sample scenes again (about a minute).")
@click.option(
    "--out", type=PathText(file_okay=False), default=str(ASSETS / "scenes"), metavar="FOLDER"
)
def render_scenes(out: str) -> None:
    """Render the sample scenes again, as assets/scenes/scenes.json describes them."""
    from aqfusion.synthetic_scenes import write_scenes

    write_scenes(Path(out))
    if Path(out) == ASSETS / "scenes":  # the guidelines' examples: same view, other air
        examples = ASSETS / "label" / "examples"
        write_scenes(examples, examples, (320, 240))
    report(f"rendered the scenes into {out}")
