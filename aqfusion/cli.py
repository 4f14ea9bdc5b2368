"""The command line: JSON on stdout, progress on stderr, one sentence there for bad input.

Exit status: 0 done, 2 bad input or a file that cannot be read or written, 130 interrupted.
"""

import sys
from collections.abc import Sequence

from aqfusion import __version__
from aqfusion.commands.app import add_app_command
from aqfusion.commands.aqi import add_aqi_command
from aqfusion.commands.bench import add_bench_command
from aqfusion.commands.cards import add_cards_command
from aqfusion.commands.evaluate import add_evaluate_command
from aqfusion.commands.explain import add_explain_command
from aqfusion.commands.features import add_features_command
from aqfusion.commands.fetch_data import add_fetch_data_command
from aqfusion.commands.labels.command import add_labels_command
from aqfusion.commands.models import add_models_command
from aqfusion.commands.options import Parser
from aqfusion.commands.outline import add_outline_command
from aqfusion.commands.predict import add_predict_command
from aqfusion.commands.render_scenes import add_render_scenes_command
from aqfusion.commands.retrain import add_retrain_command
from aqfusion.commands.site.command import add_site_command
from aqfusion.commands.stations import add_stations_command
from aqfusion.commands.train import add_train_command
from aqfusion.errors import InputError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        arguments = build_parser().parse_args(argv)
        arguments.run(arguments)
    except InputError as error:
        return _refuse(str(error), 2)
    except OSError as error:
        what = error.strerror or type(error).__name__
        return _refuse(what if error.filename is None else f"{what}: {error.filename}", 2)
    except KeyboardInterrupt:
        return _refuse("interrupted", 130)
    return 0


def _refuse(sentence: str, status: int) -> int:
    print(" ".join(sentence.split()), file=sys.stderr)
    return status


def build_parser() -> Parser:
    """Build the parser; each command adds itself and names its function."""
    parser = Parser(prog="aqfusion", description="Tell the Air Quality Index.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_app_command(commands)
    add_predict_command(commands)
    add_explain_command(commands)
    add_aqi_command(commands)
    add_train_command(commands)
    add_evaluate_command(commands)
    add_cards_command(commands)
    add_bench_command(commands)
    add_fetch_data_command(commands)
    add_features_command(commands)
    add_retrain_command(commands)
    add_models_command(commands)
    add_render_scenes_command(commands)
    add_site_command(commands)
    add_stations_command(commands)
    add_outline_command(commands)
    add_labels_command(commands)
    return parser
