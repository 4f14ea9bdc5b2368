"""`predict`: a photo and readings, any of them absent, to an AQI."""

import argparse
from dataclasses import asdict

from aqfusion.air.aqi import STANDARDS, standard
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


def add_predict_command(commands: "Commands[Parser]") -> None:
    """Add `predict`."""
    parser = commands.add_parser(
        "predict",
        help="predict the AQI from a photo, readings, or both",
        description="Predict the AQI from a photo, readings, or both, as JSON.",
        allow_abbrev=False,
    )
    add_prediction_options(parser)
    add_where_options(parser)
    add_json_option(parser)
    parser.set_defaults(run=run_predict)


def run_predict(arguments: argparse.Namespace) -> None:
    """Print the prediction; what is wrong with the input is said before the model is loaded."""
    reading = reading_from(arguments)
    if arguments.image is None and not reading.present and arguments.site is None:
        raise UsageError(
            f"predict must have --image, --site or at least one of {reading_option_names()}, "
            "got none"
        )
    where = Where.of(arguments)

    from aqfusion.photo import Photo

    photo = None if arguments.image is None else Photo.open(arguments.image)

    from aqfusion.model.predict import load_model  # takes seconds: after the photo was accepted

    predictor = where.at(load_model(model_of(arguments)))
    result = answer_or_usage(
        "predict",
        lambda: predictor.predict(reading, photo, trust_photo=arguments.trust_photo),
    )
    print_json(
        {
            **result.fused.as_json(),
            "modalities": list(result.modalities),
            "readings": list(result.readings_used),
            "photo_share": round(result.photo_share, 4),
            "site_share": round(result.site_share, 4),
            "photo_problem": result.photo_problem,
            "photo_notes": list(photo.notes) if photo else [],
            "image_only": result.image_only and result.image_only.as_json(),
            "sensors_only": result.sensors_only and result.sensors_only.as_json(),
            "site_only": result.site_only and result.site_only.as_json(),
            "site": predictor.site and {"name": predictor.site.name, "days": result.site_days},
            "landmarks": result.landmarks and asdict(result.landmarks),
            "haze": result.haze and {"score": result.haze.score, "words": result.haze.words},
            "formula": {key: standard(key).index(reading).as_json() for key in STANDARDS},
            "model": predictor.name,
        }
    )
