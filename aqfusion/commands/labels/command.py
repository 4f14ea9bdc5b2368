"""`labels`: bring in, take out, keep safe; each of its own commands adds itself."""

from aqfusion.commands.labels.bring_in import add_import_command
from aqfusion.commands.labels.people import add_add_user_command, add_invite_command
from aqfusion.commands.labels.safety import add_backup_command, add_restore_command
from aqfusion.commands.labels.score import add_score_command
from aqfusion.commands.labels.state import add_stats_command, add_verify_command
from aqfusion.commands.labels.take_out import add_export_command
from aqfusion.commands.options import Commands, Parser


def add_labels_command(commands: "Commands[Parser]") -> None:
    """Add `labels`."""
    parser = commands.add_parser(
        "labels",
        help="the label store: import, export, stats, backup, restore, accounts",
        description="Work on the label store that AQFUSION_LABELS and AQFUSION_PHOTOS name. Who "
        "can read the database may do anything here.",
        allow_abbrev=False,
    )
    below = parser.add_subparsers(dest="labels_command", required=True, metavar="COMMAND")
    add_import_command(below)
    add_score_command(below)
    add_export_command(below)
    add_stats_command(below)
    add_verify_command(below)
    add_backup_command(below)
    add_restore_command(below)
    add_add_user_command(below)
    add_invite_command(below)
