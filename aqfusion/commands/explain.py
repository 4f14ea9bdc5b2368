"""`explain`: a prediction with its reasons, as JSON and pictures; and a saved one made again."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aqfusion.commands.options import (
    Commands,
    Parser,
    UsageError,
    add_json_option,
    add_prediction_options,
    answer_or_usage,
    model_of,
    print_json,
    reading_from,
    reading_option_names,
)
from aqfusion.commands.site.where import Where, add_where_options
from aqfusion.explain.targets import METHOD_NAMES, RAISES, TARGETS, check_method, check_target

if TYPE_CHECKING:
    from aqfusion.air.sensors import Reading
    from aqfusion.explain.saved_report import SavedReport
    from aqfusion.photo import Photo

_ENDING = ".png"


def add_explain_command(commands: "Commands[Parser]") -> None:
    """Add `explain`."""
    parser = commands.add_parser(
        "explain",
        help="say what moved a prediction, and draw it",
        description="Predict, and say what each input did to it: a report as JSON, and pictures.",
        allow_abbrev=False,
    )
    add_prediction_options(parser)
    add_where_options(parser)
    parser.add_argument("--out", metavar="FILE.png", help="write a card to share")
    parser.add_argument(
        "--heat-map", metavar="FILE.png", help="write the photo under the map of its evidence"
    )
    parser.add_argument(
        "--method", metavar="NAME", help=f"how: {', '.join(METHOD_NAMES)} (default: GradCAM)"
    )
    parser.add_argument(
        "--target",
        metavar="WHAT",
        help=f"evidence of what: {', '.join(TARGETS)} (default: {RAISES})",
    )
    parser.add_argument(
        "--repeat",
        metavar="FILE.json",
        help="make a saved report again, of the same --image and --site, and say whether it agrees",
    )
    add_json_option(parser)
    parser.set_defaults(run=run_explain)


def run_explain(arguments: argparse.Namespace) -> None:
    """Print the report; what is wrong with the input is said before the model is loaded."""
    reading = reading_from(arguments)
    if arguments.repeat is not None:
        _check_alone(arguments, reading)
        where = Where.of(arguments)
        from aqfusion.explain.saved_report import read_report

        saved = read_report(Path(arguments.repeat))
        photo = _photo(arguments)
        saved.check_photo(photo)
        _repeat(arguments, where, saved, photo)
        return
    where = Where.of(arguments)
    if arguments.image is None and not reading.present and arguments.site is None:
        raise UsageError(
            f"explain must have --image, --site or at least one of {reading_option_names()}, "
            "got none"
        )
    _check_pictures(arguments)
    _explain(arguments, where, reading, _photo(arguments))


def _photo(arguments: argparse.Namespace) -> "Photo | None":
    from aqfusion.photo import Photo

    return None if arguments.image is None else Photo.open(arguments.image)


def _explain(
    arguments: argparse.Namespace, where: Where, reading: "Reading", photo: "Photo | None"
) -> None:
    from aqfusion.explain.report import Inputs, as_json, report_of  # takes seconds, with torch
    from aqfusion.model.predict import load_model

    predictor = where.at(load_model(model_of(arguments)))
    inputs = Inputs(reading, photo, arguments.trust_photo)
    now = datetime.now(UTC)
    report = answer_or_usage("explain", lambda: report_of(predictor, inputs, now))
    if arguments.heat_map and not report.photo_used:
        raise UsageError(
            "--heat-map needs a photo that is used; this one is left out: "
            f"{report.result.photo_problem} (--trust-photo uses it all the same)"
        )
    if arguments.out or arguments.heat_map:
        from aqfusion.explain.card import card
        from aqfusion.explain.heat_map import heat_map
        from aqfusion.explain.overlay import overlay
        from aqfusion.explain.paper import as_png
        from aqfusion.files import replace_file

        heat, target = None, arguments.target or RAISES
        if photo is not None and report.photo_used:
            heat = heat_map(predictor, photo, arguments.method or METHOD_NAMES[0], target)
            if arguments.heat_map:
                replace_file(Path(arguments.heat_map), as_png(overlay(photo.image, heat)))
        if arguments.out:
            replace_file(Path(arguments.out), as_png(card(report, heat, target)))
    print_json(as_json(report))


def _repeat(
    arguments: argparse.Namespace, where: Where, saved: "SavedReport", photo: "Photo | None"
) -> None:
    from aqfusion.explain.repeat import repeat
    from aqfusion.explain.saved_report import ReportError
    from aqfusion.model.predict import load_model

    predictor = where.at(load_model(model_of(arguments)))
    repeated = repeat(saved, predictor, photo, datetime.now(UTC))
    if not repeated.agrees:
        first, *more = repeated.differences
        others = f"; {len(more)} more values differ" if more else ""
        raise ReportError(
            f"{saved.name}: {first.path} must come out again, got {first.stated} in the "
            f"report and {first.recomputed} now{others}"
        )
    fused = repeated.report.result.fused
    print_json(
        {
            "agrees": True,
            "report": saved.name,
            "model": predictor.name,
            "sha256": saved.sha256,
            "aqi": fused.aqi,
            "low": fused.low,
            "high": fused.high,
            "category": fused.category.name,
        }
    )


def _check_alone(arguments: argparse.Namespace, reading: "Reading") -> None:
    """A report says itself what went in, and a repetition draws nothing."""
    names = ("trust_photo", "out", "heat_map", "method", "target", "taken_at")
    given = [f"--{name}" for name in reading.present]
    given += [f"--{name.replace('_', '-')}" for name in names if getattr(arguments, name)]
    given += ["--unit"] * bool(arguments.unit)
    if given:
        raise UsageError(
            f"--repeat takes --image, --site and --model and nothing else, got {given[0]}"
        )


def _check_pictures(arguments: argparse.Namespace) -> None:
    for option, file in (("--out", arguments.out), ("--heat-map", arguments.heat_map)):
        if file is not None and Path(file).suffix.lower() != _ENDING:
            raise UsageError(f"{option} must name a file that ends in {_ENDING}, got {file!r}")
        if file is not None and Path(file).is_dir():
            raise UsageError(f"{option} must name a file, got the folder {file}")
    if arguments.heat_map is not None and arguments.image is None:
        raise UsageError("--heat-map needs --image, got none")
    if arguments.out and arguments.heat_map and _same_file(arguments.out, arguments.heat_map):
        raise UsageError(f"--out and --heat-map must be two files, got {arguments.out} twice")
    for option, value, check in (
        ("--method", arguments.method, check_method),
        ("--target", arguments.target, check_target),
    ):
        if value is not None:
            check(value)
            if arguments.image is None or not (arguments.out or arguments.heat_map):
                raise UsageError(f"{option} needs --image, and --heat-map or --out, got less")


def _same_file(one: str, other: str) -> bool:
    return Path(one).resolve() == Path(other).resolve()
