"""`retrain`: corrections to a better model, judged before it is promoted."""

import argparse
from dataclasses import asdict, replace
from datetime import UTC, datetime

from aqfusion.commands.options import (
    Commands,
    Parser,
    UsageError,
    add_json_option,
    print_json,
    report,
)
from aqfusion.labels.given_text import one_line
from aqfusion.registry.registry import TERMINAL, Registry
from aqfusion.retrain.run import cancel, status
from aqfusion.retrain.running import running
from aqfusion.settings import Settings, load_settings

_LONGEST = 7 * 24 * 3600  # seconds


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
    parser.add_argument("--dry-run", action="store_true", help="judge, but keep nothing")
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
        "--full", action="store_true", help="train the trunk too: not from labels, see the answer"
    )
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
    if arguments.full:
        raise UsageError(
            "--full must be left out, as the trunk learns from no labels yet; instead, put the "
            "corrected photos into a data folder, train on it with python -m aqfusion train, and "
            "name what comes of it in AQFUSION_MODEL"
        )
    limit, seed = _seconds(arguments.time_limit), _seed(arguments.seed)
    actor = TERMINAL
    if arguments.by is not None:
        actor = replace(TERMINAL, name=one_line("--by", arguments.by, 200))
    registry.home.mkdir(parents=True, exist_ok=True)
    with running(registry.home, actor.name, report, limit) as run:
        run.report("reading the labels")
        # Imported here: they bring the network along, and a second run is refused without it.
        from aqfusion.labels.store import LabelStore
        from aqfusion.retrain.fast_path import FAST
        from aqfusion.retrain.job import attempt, keep

        store = LabelStore.of(settings)
        try:
            trial = attempt(store, registry, replace(FAST, seed=seed), run.report)
        finally:
            store.close()
        run.close()
        kept = None
        if not arguments.dry_run:
            promote = arguments.promote == "auto"
            kept = keep(trial, registry, actor, datetime.now(UTC), promote=promote)
        verdict = trial.verdict
        said = " ".join(verdict.reasons) or "the gate let it pass"
        name, promoted = (kept.version.name, kept.promoted) if kept else (None, False)
        run.end("done" if verdict.passed else "refused", said, name, promoted)
    print_json({"version": name, "promoted": promoted, **trial.about})


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text[:10]) <= _LONGEST:
        raise UsageError(f"--time-limit must be 1 to {_LONGEST} seconds, got {text[:40]!r}")
    return float(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise UsageError(f"--seed must be a whole number below 1000000000, got {text[:40]!r}")
    return int(text)
