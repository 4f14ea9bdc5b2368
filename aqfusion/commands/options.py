"""What several commands share: options, results as JSON, progress, usage errors."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from aqfusion.air.aqi import STANDARDS
from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.sensors import Reading
from aqfusion.errors import InputError
from aqfusion.settings import load_settings

_T = TypeVar("_T")


class UsageError(InputError):
    """A command line that cannot be understood."""


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose complaints are raised as one sentence, without the usage text."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(f"{message} (see {self.prog} --help)")


SERVED = "the version that the app serves"
Commands = (
    argparse._SubParsersAction
)  # argparse has no public name for what add_parser is called on


def add_standard_option(parser: argparse.ArgumentParser) -> None:
    """Add `--standard`."""
    parser.add_argument(
        "--standard", choices=tuple(STANDARDS), default="us", help="whose index (default: us)"
    )


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Add an option per pollutant and `--unit`; `reading_from` reads them."""
    group = parser.add_argument_group("readings")
    for name in POLLUTANTS:
        entry = pollutant(name)
        # Text, not type=float: `Reading.from_values` says better than argparse what is wrong.
        group.add_argument(f"--{name}", metavar="X", help=f"{entry.label} in {entry.unit}")
    group.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="POLLUTANT=UNIT",
        help="another unit, for example o3=ppb; may be repeated",
    )


def add_prediction_options(parser: argparse.ArgumentParser) -> None:
    """Add all that a prediction is made from: photo, readings, model."""
    parser.add_argument(
        "--image", metavar="FILE", help="a photo of the sky: JPEG, PNG, WebP, HEIC or AVIF"
    )
    add_reading_options(parser)
    add_model_option(parser, SERVED)
    parser.add_argument(
        "--trust-photo", action="store_true", help="use a photo even if it looks unsuitable"
    )


def answer_or_usage(command: str, ask: Callable[[], _T]) -> _T:
    """What `ask` gives; a photo that is refused, and nothing beside it, is a `UsageError`."""
    from aqfusion.model.predict import PhotoRefusedError  # takes seconds, with torch

    try:
        return ask()
    except PhotoRefusedError as error:
        raise UsageError(
            f"{command} must have a photo that can be judged, --site with days or at least one of "
            f"{reading_option_names()}, got only a photo that is left out: {error.problem} "
            "(--trust-photo uses it all the same)"
        ) from error


def reading_option_names() -> str:
    """The options of `add_reading_options`, for a sentence."""
    return ", ".join(f"--{name}" for name in POLLUTANTS)


def reading_from(arguments: argparse.Namespace) -> Reading:
    """Read what `add_reading_options` took; bad values raise `ReadingError`."""
    units: dict[str, str] = {}
    for given in arguments.unit:
        name, equals, unit = given.partition("=")
        if not equals:
            raise UsageError(f"--unit must look like o3=ppb, got {given!r}")
        units[name.strip()] = unit
    return Reading.from_values({name: getattr(arguments, name) for name in POLLUTANTS}, units)


def print_json(value: dict[str, Any]) -> None:
    """Print a result as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def print_lines(lines: Iterable[str]) -> None:
    """Print a result for people, each line for itself whatever text from outside is in it."""
    for line in lines:
        print("".join(sign if sign.isprintable() else "�" for sign in line))


def report(text: str) -> None:
    """Print progress where it does not mix with the result."""
    print(text, file=sys.stderr, flush=True)


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add `--json`, which says what is done anyway."""
    parser.add_argument("--json", action="store_true", help="print JSON, which is always done")


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add `--data`; `data_folder` reads it."""
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        help="data folder in the layout of the public set (default: AQFUSION_DATA)",
    )


def add_cache_option(parser: argparse.ArgumentParser, default: str) -> None:
    """Add `--cache`, the folder of finished and unfinished trainings."""
    parser.add_argument(
        "--cache",
        metavar="FOLDER",
        help=f"where trainings are kept, so that none is done twice (default: {default})",
    )


def add_licence_option(parser: argparse.ArgumentParser) -> None:
    """Add `--licence`."""
    parser.add_argument(
        "--licence",
        default="unknown: state the licence of the data with --licence",
        help="licence and source of the data, kept with what comes of them",
    )


def data_folder(arguments: argparse.Namespace) -> Path:
    """The data folder that was named here or in the settings."""
    folder = Path(arguments.data) if arguments.data else load_settings().data
    if folder is None:
        raise UsageError("--data must name a data folder where AQFUSION_DATA is not set, got none")
    return folder


def model_of(arguments: argparse.Namespace) -> str:
    """The model of `--model`, else the one that the app serves; what is wrong with that is told."""
    if arguments.model:
        return str(arguments.model)
    from aqfusion.registry.registry import Registry  # brings SQLAlchemy, which takes its time

    served = Registry.of(load_settings()).current()
    if served.warning:
        report(served.warning)
    return served.model


def add_model_option(
    parser: argparse.ArgumentParser, default: str = "AQFUSION_MODEL, shipped"
) -> None:
    """Add `--model`; `SERVED` is the default where `model_of` reads it."""
    parser.add_argument(
        "--model", metavar="NAME_OR_FOLDER", help=f"which model (default: {default})"
    )


def whole_number(option: str, text: str, low: int, high: int) -> int:
    """Read a whole number; any other text raises `UsageError` with the option's name."""
    short = text.isdecimal() and len(text) <= 10  # int() itself refuses thousands of digits
    if not short or not low <= int(text) <= high:
        raise UsageError(f"{option} must be a whole number from {low} to {high}, got {text!r}")
    return int(text)
