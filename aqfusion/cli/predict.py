"""`predict`, `explain` and `aqi`: a photo and readings to an AQI, with its reasons."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.air.readings import Reading
from aqfusion.cli.bulk import BulkOptions, bulk_options, predict_many
from aqfusion.cli.options import (
    SERVED,
    Choice,
    PathText,
    UsageError,
    json_option,
    model_option,
    now,
    print_json,
    reading_option_names,
    reading_options,
    served_model,
    typed_options,
)
from aqfusion.cli.site_options import PlaceAndTime, place_options
from aqfusion.explain.saliency_targets import METHOD_NAMES, RAISES, TARGETS
from aqfusion.model.prediction_command import (
    IMAGE_HELP,
    TRUST_HELP,
    prediction_json,
    refused_photo,
    require_some_input,
)

if TYPE_CHECKING:
    from aqfusion.explain.saved_report import SavedReport
    from aqfusion.images.photo import Photo
    from aqfusion.model.predictor import Predictor

_T = TypeVar("_T")
_PICTURE = ".png"
_OF_A_REPETITION = {"--repeat", "--image", "--site", "--model", "--json"}


@dataclass(frozen=True)
class _PredictOptions:
    """What a prediction is made from, as it was typed."""

    image: str | None
    reading: Reading
    place: PlaceAndTime
    model: str | None
    trust_photo: bool

    def check_something(self, command: str) -> None:
        """Refuse a command line from which nothing can be predicted."""
        require_some_input(command, self.image, self.reading, self.place.name)

    def open_photo(self) -> "Photo | None":
        """Open the photo, if there is one."""
        from aqfusion.images.photo import Photo

        return None if self.image is None else Photo.open(self.image)

    def load_predictor(self) -> "Predictor":
        """Load the model, which takes seconds, where and when the photo was taken."""
        from aqfusion.model.predictor import load_model

        return self.place.at(load_model(served_model(self.model)))


def _prediction_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a prediction, handed on as `inputs`."""

    @click.option(
        "--image",
        type=PathText(),
        metavar="FILE",
        help=IMAGE_HELP,
    )
    @reading_options
    @model_option(SERVED)
    @click.option("--trust-photo", is_flag=True, help=TRUST_HELP)
    @place_options
    @wraps(command)
    def with_inputs(
        image: str | None,
        reading: Reading,
        place: PlaceAndTime,
        model: str | None,
        trust_photo: bool,
        **others: Any,
    ) -> None:
        command(inputs=_PredictOptions(image, reading, place, model, trust_photo), **others)

    return with_inputs


@click.command(short_help="Predict the AQI from a photo, readings, or both, or of many.")
@_prediction_options
@bulk_options
@json_option
@click.pass_context
def predict(context: click.Context, /, inputs: _PredictOptions, bulk: BulkOptions) -> None:
    """Predict the AQI from a photo, readings, or both, as JSON; or of a whole folder or table.

    With --folder or --table a row for each photo or row of readings is written to --out. A run
    that was ended goes on where it was. Exit status 1: some rows have no prediction.
    """
    if bulk.is_asked:
        bulk.check(typed_options(context))
        predict_many(bulk, inputs.place, inputs.model, inputs.trust_photo)
        return
    inputs.check_something("predict")
    inputs.place.check()
    photo = inputs.open_photo()
    predictor = inputs.load_predictor()
    result = _answer_or_usage(
        "predict",
        lambda: predictor.predict(inputs.reading, photo, trust_photo=inputs.trust_photo),
    )
    print_json(prediction_json(predictor, inputs.reading, photo, result))


def _answer_or_usage(command: str, ask: Callable[[], _T]) -> _T:
    """What `ask` gives; a photo that is refused, and nothing beside it, is a `UsageError`."""
    from aqfusion.model.predictor import PhotoRefusedError

    try:
        return ask()
    except PhotoRefusedError as error:
        raise refused_photo(command, error) from error


@click.command(short_help="Compute the index of pollutant readings.")
@click.option(
    "--standard",
    "key",
    type=Choice(STANDARDS),
    default="us",
    help="standard of the index (default: us)",
)
@reading_options
@json_option
def aqi(key: str, reading: Reading) -> None:
    """Compute the Air Quality Index of pollutant readings, as JSON."""
    if not reading.present:
        raise UsageError(f"aqi must have at least one reading ({reading_option_names()}), got none")
    print_json({"standard": key, **standard(key).index(reading).as_json()})


@dataclass(frozen=True)
class _Pictures:
    """Which pictures `explain` draws, and how."""

    out: str | None
    heat_map: str | None
    method: str | None
    target: str | None

    def check(self, image: str | None) -> None:
        """Refuse what cannot be drawn, before anything is loaded."""
        for option, file in (("--out", self.out), ("--heat-map", self.heat_map)):
            if file is not None and Path(file).suffix.lower() != _PICTURE:
                raise UsageError(f"{option} must name a file that ends in {_PICTURE}, got {file!r}")
            if file is not None and Path(file).is_dir():
                raise UsageError(f"{option} must name a file, got the folder {file}")
        if self.heat_map is not None and image is None:
            raise UsageError("--heat-map needs --image, got none")
        if self.out and self.heat_map and Path(self.out).resolve() == Path(self.heat_map).resolve():
            raise UsageError(f"--out and --heat-map must be two files, got {self.out} twice")
        for option, value in (("--method", self.method), ("--target", self.target)):
            if value is not None and (image is None or not (self.out or self.heat_map)):
                raise UsageError(f"{option} needs --image, and --heat-map or --out")


@click.command(short_help="Explain a prediction, with pictures.")
@_prediction_options
@click.option("--out", type=PathText(), metavar="FILE.png", help="write a card to share")
@click.option(
    "--heat-map",
    type=PathText(),
    metavar="FILE.png",
    help="write the photo with its saliency map",
)
@click.option(
    "--method",
    type=Choice(METHOD_NAMES),
    metavar="NAME",
    help=f"saliency method: {', '.join(METHOD_NAMES)} (default: GradCAM)",
)
@click.option(
    "--target",
    type=Choice(TARGETS),
    metavar="WHAT",
    help=f"what the map explains: {', '.join(TARGETS)} (default: {RAISES})",
)
@click.option(
    "--repeat",
    type=PathText(),
    metavar="FILE.json",
    help="compute a saved report again from the same --image and --site, and compare",
)
@json_option
@click.pass_context
def explain(
    context: click.Context, /, inputs: _PredictOptions, repeat: str | None, **pictures: str | None
) -> None:
    """Predict, and explain the effect of each input: a report as JSON, and pictures."""
    if repeat is not None:
        more = [name for name in typed_options(context) if name not in _OF_A_REPETITION]
        if more:  # a report says itself what went in, and a repetition draws nothing
            rule = "--repeat takes --image, --site and --model and nothing else"
            raise UsageError(f"{rule}, got {more[0]}")
        inputs.place.check()
        from aqfusion.explain.saved_report import read_report

        saved = read_report(Path(repeat))
        photo = inputs.open_photo()
        saved.check_photo(photo)
        _repeat(inputs, saved, photo)
        return
    inputs.place.check()
    inputs.check_something("explain")
    drawn = _Pictures(**pictures)
    drawn.check(inputs.image)
    _explain(inputs, drawn, inputs.open_photo())


def _explain(inputs: _PredictOptions, pictures: _Pictures, photo: "Photo | None") -> None:
    predictor = inputs.load_predictor()
    from aqfusion.explain.report import Inputs, as_json, report_of

    given = Inputs(inputs.reading, photo, inputs.trust_photo)
    report = _answer_or_usage("explain", lambda: report_of(predictor, given, now()))
    if pictures.heat_map and not report.photo_used:
        raise UsageError(
            "--heat-map needs a photo that is used; this one is left out: "
            f"{report.result.photo_problem} (--trust-photo uses it anyway)"
        )
    if pictures.out or pictures.heat_map:
        from aqfusion.explain.photo_overlays import overlay
        from aqfusion.explain.saliency import saliency_map
        from aqfusion.explain.share_card import card
        from aqfusion.explain.text_layout import as_png
        from aqfusion.io.atomic_files import replace_file

        heat, target = None, pictures.target or RAISES
        if photo is not None and report.photo_used:
            heat = saliency_map(predictor, photo, pictures.method or METHOD_NAMES[0], target)
            if pictures.heat_map:
                replace_file(Path(pictures.heat_map), as_png(overlay(photo.image, heat)))
        if pictures.out:
            replace_file(Path(pictures.out), as_png(card(report, heat, target)))
    print_json(as_json(report))


def _repeat(inputs: _PredictOptions, saved: "SavedReport", photo: "Photo | None") -> None:
    predictor = inputs.load_predictor()
    from aqfusion.explain.reproduction import reproduce
    from aqfusion.explain.saved_report import ReportError

    repeated = reproduce(saved, predictor, photo, now())
    if not repeated.agrees:
        first, *more = repeated.differences
        others = f"; {len(more)} more values differ" if more else ""
        raise ReportError(
            f"{saved.name}: the report and this run differ: {first.path} is {first.stated} in the "
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
