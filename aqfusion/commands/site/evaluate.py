"""`site evaluate`: how well each day of a site is told from its others."""

import argparse

from aqfusion.commands.options import (
    SERVED,
    Commands,
    Parser,
    add_json_option,
    add_model_option,
    model_of,
    print_json,
    report,
)
from aqfusion.commands.site.named import (
    add_site_argument,
    is_file,
    knows_sites,
    site_for,
    site_named,
)

_EVERY = 25  # days between two lines of progress


def add_evaluate_command(commands: "Commands[Parser]") -> None:
    """Add `site evaluate`."""
    parser = commands.add_parser(
        "evaluate",
        help="tell each day of a site from its others",
        description="Leave out each day of a site in turn, with all others of its date, tell it "
        "from the rest, and compare: with and without the history, the photo, the readings "
        "and the landmarks, and beside the mean of the other days.",
        allow_abbrev=False,
    )
    add_site_argument(parser)
    add_model_option(parser, SERVED)
    add_json_option(parser)
    parser.set_defaults(run=run_evaluate)


def run_evaluate(arguments: argparse.Namespace) -> None:
    """Judge the site and print the figures."""
    # What is wrong with a file is said before the model is loaded, which takes seconds.
    site = site_named(arguments.site).site if is_file(arguments.site) else None

    from aqfusion.evaluation.site_days import judge_site
    from aqfusion.model.predict import load_model

    predictor = load_model(model_of(arguments))
    site = site or site_for(predictor, arguments.site)
    knows_sites(predictor)
    found = judge_site(predictor, site, _report)
    if found.foreign_photos:
        report(
            f"{found.foreign_photos} photos were seen by another model and are not used: "
            "add them again with this one"
        )
    learned = site.learned_as in {known.learned_as for known in predictor.known_sites()}
    if site.learned_as and learned:
        report("the network was trained on this place, so that its own part looks too good")
    print_json({"site": site.name, "model": predictor.name, **found.as_json()})


def _report(done: int, of: int) -> None:
    if done % _EVERY == 0:
        report(f"{done} of {of} days")
