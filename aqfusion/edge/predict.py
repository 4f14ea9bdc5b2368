"""`predict.py` of an exported folder: the options of `aqfusion predict`, its JSON, its sentences.

It runs from a copy of the package that holds what a prediction needs, so nothing is imported here
that needs more than numpy, ONNX Runtime and Pillow.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from aqfusion.air.pollutants import POLLUTANTS, pollutant
from aqfusion.air.readings import Reading
from aqfusion.errors import InputError, UsageError
from aqfusion.model.prediction_command import (
    IMAGE_HELP,
    SITE_FILE,
    TIME_HELP,
    TRUST_HELP,
    UNIT_HELP,
    learned_site,
    means_file,
    moment,
    prediction_json,
    refused_photo,
    require_offset,
    require_some_input,
    sites_unused,
    unit_of,
    unknown_site,
)
from aqfusion.settings import ASSETS

if TYPE_CHECKING:
    from aqfusion.model.predictor import Predictor
    from aqfusion.sites.site import Site

PROGRAM = "predict.py"
_NO_OPENCV = (
    "the site's landmarks are not used: measuring them needs OpenCV "
    "(pip install opencv-python-headless)"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Print one prediction and return the exit status: 0, or 2 after one sentence on stderr."""
    try:
        print_json(answer(options(sys.argv[1:] if argv is None else argv)))
    except InputError as error:
        return _refuse(str(error))
    except OSError as error:
        what = error.strerror or type(error).__name__
        return _refuse(what if error.filename is None else f"{what}: {error.filename}")
    except KeyboardInterrupt:
        _refuse("interrupted")
        return 130
    return 0


def print_json(value: dict[str, Any]) -> None:
    """Print as the app's commands do, in UTF-8 whatever the terminal's own encoding."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.buffer.write(f"{text}\n".encode())
    sys.stdout.flush()


class _Parser(argparse.ArgumentParser):
    """Reads options, and refuses them in the sentences of `aqfusion predict`."""

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        rule, colon, rest = message.partition(": ")
        if colon and rule == "unrecognized arguments":
            first = rest.split(" ")[0]
            option = f"No such option '{first}'"
            what = option if first[0] == "-" else f"Got unexpected extra argument ({first})"
            raise UsageError(f"{what} (see {PROGRAM} --help)")
        if colon and rest == "expected one argument":
            raise UsageError(f"Option '{rule.split(' ')[1]}' requires an argument")
        raise UsageError(f"{message} (see {PROGRAM} --help)")


def options(argv: Sequence[str]) -> argparse.Namespace:
    """Read the options; a bad one raises `UsageError`."""
    parser = _Parser(
        prog=PROGRAM,
        description="Predict the AQI from a photo, readings, or both, as JSON.",
        allow_abbrev=False,
    )
    parser.add_argument("--image", metavar="FILE", help=IMAGE_HELP)
    for entry in map(pollutant, POLLUTANTS):
        parser.add_argument(f"--{entry.name}", metavar="X", help=f"{entry.label} in {entry.unit}")
    parser.add_argument(
        "--unit", metavar="POLLUTANT=UNIT", action="append", default=[], help=UNIT_HELP
    )
    parser.add_argument("--model", metavar="NAME", help=f"the folder's own: {_model_name()}")
    parser.add_argument("--trust-photo", action="store_true", help=TRUST_HELP)
    parser.add_argument(
        "--site",
        metavar="NAME_OR_FILE",
        help=f"place: a site's file ({SITE_FILE}) or a place of the model",
    )
    parser.add_argument("--taken-at", metavar="TIME", help=TIME_HELP)
    parser.add_argument("--json", action="store_true", help="print JSON; this is always done")
    return parser.parse_args(argv)


def answer(given: argparse.Namespace) -> dict[str, Any]:
    """What `predict` prints; what cannot be predicted from raises `InputError`."""
    units = dict(unit_of("--unit", text) for text in given.unit)
    reading = Reading.from_values({name: getattr(given, name) for name in POLLUTANTS}, units)
    if given.model not in (None, _model_name()):
        raise UsageError(f"--model must be {_model_name()} in this folder, got {given.model!r}")
    require_some_input("predict", given.image, reading, given.site)
    require_offset(given.taken_at, given.site)
    site = _site_of_file(given.site) if given.site and means_file(given.site) else None
    if site is not None or given.site is None:
        moment(given.taken_at, site)  # before anything slow is loaded

    from aqfusion.images.photo import Photo
    from aqfusion.model.predictor import PhotoRefusedError, load_model

    photo = None if given.image is None else Photo.open(given.image)
    predictor = _at(load_model(_model_name()), site, given)
    try:
        result = predictor.predict(reading, photo, trust_photo=given.trust_photo)
    except PhotoRefusedError as error:
        raise refused_photo("predict", error) from error
    return prediction_json(predictor, reading, photo, result)


def _at(predictor: "Predictor", site: "Site | None", given: argparse.Namespace) -> "Predictor":
    """The model where and when it was."""
    if given.site is not None and site is None:
        learned = predictor.known_sites()
        site = learned_site(learned, given.site)
        if site is None:
            raise unknown_site(f"a file ({SITE_FILE})", learned, given.site)
    if site is not None and (unused := sites_unused(predictor)):
        _tell(unused)
    if site is not None and site.landmarks and given.image and find_spec("cv2") is None:
        _tell(_NO_OPENCV)
        site = replace(site, landmarks=())
    time = moment(given.taken_at, site)
    return predictor if site is None and time is None else predictor.at(site, time)


def _site_of_file(text: str) -> "Site":
    from aqfusion.sites.site_file import read_site

    read = read_site(Path(text))
    for fault in read.faults:
        _tell(fault)
    return read.site


def _model_name() -> str:
    """The one model of the folder."""
    names = [path.name for path in (ASSETS / "models").glob("*") if path.is_dir()]
    if len(names) != 1:
        raise InputError(
            f"{ASSETS / 'models'} must hold one model, got {len(names)}: export the folder again"
        )
    return names[0]


def _tell(sentence: str) -> None:
    sys.stderr.write(" ".join(sentence.split()) + "\n")


def _refuse(sentence: str) -> int:
    _tell(sentence)
    return 2
