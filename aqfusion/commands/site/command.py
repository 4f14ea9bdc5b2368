"""`site`: places with a history of days; each of its own commands adds itself."""

from aqfusion.commands.options import Commands, Parser
from aqfusion.commands.site.add import add_add_command
from aqfusion.commands.site.evaluate import add_evaluate_command
from aqfusion.commands.site.landmark import add_landmark_command
from aqfusion.commands.site.new import add_new_command
from aqfusion.commands.site.show import add_show_command


def add_site_command(commands: "Commands[Parser]") -> None:
    """Add `site`."""
    parser = commands.add_parser(
        "site",
        help="places with a history of measured days: make, add, show, evaluate, landmark",
        description="Work on sites: places with a history of measured days, in a file or in the "
        "label store that AQFUSION_LABELS names.",
        allow_abbrev=False,
    )
    below = parser.add_subparsers(dest="site_command", required=True, metavar="COMMAND")
    add_new_command(below)
    add_add_command(below)
    add_show_command(below)
    add_evaluate_command(below)
    add_landmark_command(below)
