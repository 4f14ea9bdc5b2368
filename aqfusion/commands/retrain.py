"""`retrain`: corrections to a better model, judged before it is promoted."""

import argparse
from datetime import UTC, datetime

from aqfusion.commands.options import (
    Commands,
    Parser,
    UsageError,
    add_json_option,
    print_json,
    report,
)
from aqfusion.settings import load_settings

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
    parser.add_argument("--cancel", action="store_true", help="end the run that is going on")
    parser.add_argument(
        "--full", action="store_true", help="train the trunk too: not from labels, see the answer"
    )
    add_json_option(parser)
    parser.set_defaults(run=run_retrain)


def run_retrain(arguments: argparse.Namespace) -> None:
    """Retrain and print what came of it."""
    if arguments.full:
        raise UsageError(
            "--full must be left out, as the trunk learns from no labels yet; instead, put the "
            "corrected photos into a data folder, train on it with python -m aqfusion train, and "
            "name what comes of it in AQFUSION_MODEL"
        )
    limit, seed = _seconds(arguments.time_limit), _seed(arguments.seed)
    from aqfusion.registry.registry import TERMINAL, Registry
    from aqfusion.retrain.run import cancel, running

    settings = load_settings()
    registry = Registry.of(settings)
    if arguments.cancel:
        print_json({"cancelled": cancel(registry.home)})
        return
    registry.home.mkdir(parents=True, exist_ok=True)
    with running(registry.home, report, limit) as run:
        run.report("reading the labels")
        from aqfusion.labels.store import LabelStore
        from aqfusion.retrain.job import attempt, keep
        from aqfusion.training.recipe import Recipe

        store = LabelStore.of(settings)
        try:
            trial = attempt(store, registry, Recipe(seed=seed), run.report)
        finally:
            store.close()
        run.close()
        kept = None
        if not arguments.dry_run:
            promote = arguments.promote == "auto"
            kept = keep(trial, registry, TERMINAL, datetime.now(UTC), promote=promote)
        verdict = trial.outcome.verdict
        said = " ".join(verdict.reasons) or "the gate let it pass"
        name = kept.version.name if kept else None
        run.end("done" if verdict.passed else "refused", said, name)
    promoted = kept is not None and kept.promoted
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
