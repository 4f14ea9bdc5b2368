"""`retrain`: corrections to a better model, judged before it is promoted."""

import argparse
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from aqfusion.background.running import running
from aqfusion.commands.options import (
    Commands,
    Parser,
    UsageError,
    add_data_option,
    add_json_option,
    data_folder,
    print_json,
    report,
    whole_number,
)
from aqfusion.labels.actor import Actor
from aqfusion.labels.given_text import one_line
from aqfusion.registry.registry import TERMINAL, Registry
from aqfusion.retrain.run import cancel, status
from aqfusion.settings import Settings, load_settings

if TYPE_CHECKING:
    from aqfusion.labels.store import LabelStore
    from aqfusion.retrain.job import Trial
    from aqfusion.retrain.readiness import Readiness

_LONGEST = 7 * 24 * 3600  # seconds
_WORK = ".working-"


def add_retrain_command(commands: "Commands[Parser]") -> None:
    """Add `retrain`."""
    parser = commands.add_parser(
        "retrain",
        help="learn from the label store's corrections",
        description="Train again behind the model's trunk with the labels that people agree on, "
        "judge the candidate by photos that no retraining learns from, keep it as a version, and "
        "promote it where it is not worse. Prints the verdict as JSON.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="judge, but keep nothing; where there are too few labels, print what is missing",
    )
    parser.add_argument(
        "--promote",
        choices=("auto", "never"),
        default="auto",
        help="whether a candidate that passes becomes current (default: auto)",
    )
    parser.add_argument("--seed", default="0", metavar="N", help="of every random choice")
    parser.add_argument("--time-limit", metavar="SECONDS", help="give up after so long")
    parser.add_argument("--by", metavar="NAME", help="in whose name; kept with the version")
    parser.add_argument(
        "--full",
        action="store_true",
        help="train the trunk too, from --data and the labels; under torchrun several processes "
        "share the work, which must see the same folders",
    )
    add_data_option(parser)
    parser.add_argument("--epochs", metavar="N", help="of --full: 1 to 1000 (default: 5)")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--status", action="store_true", help="tell how the last run stands")
    instead.add_argument("--cancel", action="store_true", help="end the run that is going on")
    add_json_option(parser)
    parser.set_defaults(run=run_retrain)


def run_retrain(arguments: argparse.Namespace) -> None:
    """Retrain and print what came of it."""
    settings = load_settings()
    registry = Registry.of(settings)
    if arguments.status:
        stands = status(registry.home)
        print_json({"run": None if stands is None else asdict(stands)})
    elif arguments.cancel:
        print_json({"cancelled": cancel(registry.home, TERMINAL)})
    else:
        _retrain(arguments, settings, registry)


def _retrain(arguments: argparse.Namespace, settings: Settings, registry: Registry) -> None:
    options = _options(arguments)
    if not arguments.full:
        _run(options, settings, registry)
        return
    from aqfusion.retrain.full_path import help_first
    from aqfusion.training import ranks

    with ranks.together():
        if ranks.rank() == 0:
            _run(options, settings, registry)
        else:
            help_first(report)


@dataclass(frozen=True)
class _Options:
    """What was asked for; `full` is the data folder of the full path."""

    actor: Actor
    seed: int
    limit: float | None
    dry: bool
    promote: bool
    full: Path | None
    epochs: int | None


def _options(arguments: argparse.Namespace) -> _Options:
    actor = TERMINAL
    if arguments.by is not None:
        actor = replace(TERMINAL, name=one_line("--by", arguments.by, 200))
    if arguments.epochs is not None and not arguments.full:
        raise UsageError("--epochs must come with --full, got it alone")
    limit, epochs = arguments.time_limit, arguments.epochs
    return _Options(
        actor,
        whole_number("--seed", arguments.seed, 0, 2**31 - 1),
        None if limit is None else float(whole_number("--time-limit", limit, 1, _LONGEST)),
        arguments.dry_run,
        arguments.promote == "auto",
        data_folder(arguments) if arguments.full else None,
        None if epochs is None else whole_number("--epochs", epochs, 1, 1000),
    )


def _run(options: _Options, settings: Settings, registry: Registry) -> None:
    registry.home.mkdir(parents=True, exist_ok=True)
    with running(registry.home, options.actor.name, report, options.limit) as run:
        run.report("reading the labels")
        # Imported here: they bring the network along, and a second run is refused without it.
        from aqfusion.labels.store import LabelStore
        from aqfusion.retrain.job import keep

        for left in registry.home.glob(f"{_WORK}*"):  # of a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        now = datetime.now(UTC)
        store = LabelStore.of(settings)
        with closing(store), TemporaryDirectory(prefix=_WORK, dir=registry.home) as work:
            if options.dry and (few := _too_few(store, registry)) is not None:
                run.end("refused", few.reason)
                print_json({"version": None, "promoted": False, "readiness": few.as_json()})
                return
            trial = _trial(options, store, registry, Path(work), run.report)
            run.close()
            kept = None
            if not options.dry:
                kept = keep(trial, registry, options.actor, now, promote=options.promote)
        said = " ".join(trial.verdict.reasons) or "the gate let it pass"
        name, promoted = (kept.version.name, kept.promoted) if kept else (None, False)
        run.end("done" if trial.verdict.passed else "refused", said, name, promoted)
    print_json({"version": name, "promoted": promoted, **trial.about})


def _too_few(store: "LabelStore", registry: Registry) -> "Readiness | None":
    """What is there, where it is too little to retrain; a run that is no trial says so itself."""
    from aqfusion.retrain.readiness import readiness

    found = readiness(store, registry)
    return None if found.ready else found


def _trial(
    options: _Options,
    store: "LabelStore",
    registry: Registry,
    work: Path,
    report: Callable[[str], None],
) -> "Trial":
    from aqfusion.retrain.aside import one_thread
    from aqfusion.retrain.fast_path import FAST
    from aqfusion.retrain.full_path import Full, full_trial
    from aqfusion.retrain.job import attempt

    if options.full is None:
        one_thread()
        return attempt(store, registry, replace(FAST, seed=options.seed), report)
    from aqfusion.training.recipe import Recipe

    recipe = Recipe(seed=options.seed)
    if options.epochs is not None:
        recipe = replace(recipe, epochs=options.epochs)
    full = Full(options.full, recipe, datetime.now(UTC))
    return full_trial(store, registry, full, work, report)
