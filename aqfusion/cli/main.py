"""The command line: JSON on stdout, progress on stderr, one sentence there for bad input.

Exit status: 0 done, 1 done but for some rows of a bulk prediction, 2 bad input or a file that
cannot be read or written, 130 interrupted.
"""

import importlib
import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import get_completion_class, shell_complete

from aqfusion import __version__
from aqfusion.cli.options import Choice, moved_command
from aqfusion.errors import InputError

PROGRAM = "aqfusion"
COMPLETION_VARIABLE = "_AQFUSION_COMPLETE"
SHELLS = ("bash", "zsh", "fish")

# Where each command lies, as module:name below this package; imported once it is asked for.
COMMANDS = {
    "app": "app:app",
    "predict": "predict:predict",
    "explain": "predict:explain",
    "aqi": "predict:aqi",
    "export": "export:export",
    "train": "train:train",
    "evaluate": "train:evaluate",
    "cards": "train:cards",
    "fetch-data": "train:fetch_data",
    "features": "train:features",
    "retrain": "models:retrain",
    "models": "models:models",
    "render-scenes": "train:render_scenes",
    "site": "sites:site",
    "stations": "stations:stations",
    "labels": "labels:labels",
    "bench": "load_test:bench",
    "completion": "main:completion",
}
# Former names, kept for one release.
MOVED = {
    "outline": "tools/land_outline.py",
}


class _LazyGroup(click.Group):
    """A group whose commands are imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in MOVED:
            return moved_command(cmd_name, f"{PROGRAM} {cmd_name}", MOVED[cmd_name])
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(f"aqfusion.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=_LazyGroup, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def program() -> None:
    """Predict the Air Quality Index from a photo of the sky, readings, or both."""


@click.command(short_help="Print the script that completes commands in bash, zsh or fish.")
@click.argument("shell", metavar="SHELL", type=Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and file names in a shell.

    \b
    bash: eval "$(aqfusion completion bash)"     in ~/.bashrc
    zsh:  eval "$(aqfusion completion zsh)"      in ~/.zshrc
    fish: aqfusion completion fish | source      in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(program, {}, PROGRAM, COMPLETION_VARIABLE).source())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    asked = os.environ.get(COMPLETION_VARIABLE)
    if asked:  # by the script of `completion`, at each press of the tabulator key
        return shell_complete(program, {}, PROGRAM, COMPLETION_VARIABLE, asked)
    return run_command(program, PROGRAM, argv)


def run_command(command: click.Command, name: str, argv: Sequence[str] | None = None) -> int:
    """Run a command, here or of a script; whatever goes wrong is one sentence and a status."""
    try:
        with command.make_context(name, list(sys.argv[1:] if argv is None else argv)) as context:
            command.invoke(context)
    except click.exceptions.Exit as stop:  # after --help and --version
        sys.exit(stop.exit_code)
    except click.UsageError as error:
        return _refuse(_usage_sentence(error), 2)
    except InputError as error:
        return _refuse(str(error), 2)
    except OSError as error:
        what = error.strerror or type(error).__name__
        return _refuse(what if error.filename is None else f"{what}: {error.filename}", 2)
    except (KeyboardInterrupt, click.Abort):
        return _refuse("interrupted", 130)
    return 0


def _usage_sentence(error: click.UsageError) -> str:
    sentence = error.format_message().rstrip(".")
    return f"{sentence} (see {error.ctx.command_path} --help)" if error.ctx else sentence


def _refuse(sentence: str, status: int) -> int:
    click.echo(" ".join(sentence.split()), err=True)
    return status
