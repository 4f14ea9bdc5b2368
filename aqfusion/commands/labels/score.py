"""`labels score`: what the model makes of the items that wait, and which to ask about first."""

import argparse
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from aqfusion.background.running import Running, running
from aqfusion.commands.labels.opened import labels_parser, now, opened
from aqfusion.commands.options import (
    SERVED,
    Commands,
    Parser,
    add_model_option,
    model_of,
    print_json,
    report,
    whole_number,
)
from aqfusion.curation.process import NOUN, cancel, scoring_folder, status
from aqfusion.labels.given_text import one_line
from aqfusion.registry.registry import TERMINAL
from aqfusion.settings import load_settings

if TYPE_CHECKING:
    from aqfusion.curation.score import Scored

_LONGEST = 7 * 24 * 3600  # seconds
_TOLD_EVERY = 320  # items


def add_score_command(commands: "Commands[Parser]") -> None:
    """Add `labels score`, and `labels look`, as it was called before."""
    about = "score the unlabelled items: what the model says of them, the most telling first"
    for name in ("score", "look"):
        parser = labels_parser(
            commands, name, about if name == "score" else "the former name of labels score"
        )
        add_model_option(parser, SERVED)
        parser.add_argument("--time-limit", metavar="SECONDS", help="end after so long")
        parser.add_argument("--by", metavar="NAME", help="in whose name, for people to see")
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument("--status", action="store_true", help="tell how the last one stands")
        instead.add_argument("--cancel", action="store_true", help="end the one that is going on")
        parser.set_defaults(run=run_score)


def run_score(arguments: argparse.Namespace) -> None:
    """Score, and print of how many items; one scoring runs at a time."""
    settings = load_settings()
    if arguments.status:
        stands = status(settings)
        print_json({"run": None if stands is None else asdict(stands)})
        return
    if arguments.cancel:
        print_json({"cancelled": cancel(settings, TERMINAL)})
        return
    by = TERMINAL
    if arguments.by is not None:
        by = replace(TERMINAL, name=one_line("--by", arguments.by, 200))
    limit = arguments.time_limit
    seconds = None if limit is None else whole_number("--time-limit", limit, 1, _LONGEST)
    print_json(asdict(score(by.name, lambda: model_of(arguments), seconds)))


def score(by: str, chosen: Callable[[], str], seconds: int | None = None) -> "Scored":
    """Score in this process, which must be the only one that does; `chosen` names the model."""
    home = scoring_folder(load_settings())
    home.mkdir(parents=True, exist_ok=True)
    with running(home, by, report, None if seconds is None else float(seconds), NOUN) as run:
        run.report("loading the model")
        # Imported here: they bring the network along, and a second run is refused without it.
        from aqfusion.curation.score import score_unlabelled
        from aqfusion.model.predict import load_model
        from aqfusion.retrain.aside import one_thread

        one_thread()
        model = load_model(chosen())
        with opened() as store:
            operator = store.accounts.operator(now())
            found = score_unlabelled(store, operator, model, _counting(run))
        missing = f", {found.missing} photos missing" if found.missing else ""
        run.end("done", f"{found.new} scored, {found.known} had been before{missing}")
    return found


def _counting(run: Running) -> Callable[[int, int, int], None]:
    told = -_TOLD_EVERY

    def count(done: int, total: int, missing: int) -> None:
        nonlocal told
        run.count(done, total, missing)
        if done - told >= _TOLD_EVERY or done == total:
            told = done
            run.report(f"{done} of {total} scored")

    return count
