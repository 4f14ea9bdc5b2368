"""Reports whose numbers are planted, for what only draws or writes them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import numpy as np
from PIL import Image

from aqfusion.air.aqi import STANDARDS, standard
from aqfusion.air.readings import Reading
from aqfusion.explain.attribution import INPUTS, Attribution
from aqfusion.explain.report import Inputs, PredictionReport
from aqfusion.explain.saliency import SaliencyMap
from aqfusion.images.photo import Photo
from aqfusion.model.haze_score import HazeScore
from aqfusion.model.prediction import Prediction
from aqfusion.model.predictor import Result
from aqfusion.sites.site import Site

NOW = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
READING = Reading(pm25=80, o3=60.5)
PHOTO = Photo.from_image(Image.new("RGB", (120, 90), (150, 160, 170)))
US = standard("us")


def prediction(aqi: int) -> Prediction:
    chances = {category.name: 1 / 6 for category in US.categories}
    return Prediction(aqi, max(0, aqi - 40), min(500, aqi + 50), US.category_of(aqi), chances)


def report(
    aqi: int = 160,
    reading: Reading = READING,
    photo: Photo | None = PHOTO,
    problem: str | None = None,
    points: Mapping[str, float] = MappingProxyType({}),
    site: Site | None = None,
) -> PredictionReport:
    """A report whose inputs have moved the AQI by so many `points`."""
    used = photo is not None and problem is None
    said = prediction(aqi)
    result = Result(
        said,
        said if used else None,
        said if reading.present else None,
        0.25 if used else 0.0,
        reading.present,
        problem,
        None if site is None else said,
        0.0 if site is None else 0.5,
        site,
        HazeScore(70, 150.0) if used and site is not None else None,
    )
    return PredictionReport(
        inputs=Inputs(reading, photo),
        model="planted",
        sha256="0123456789abcdef" * 4,
        version="0.1.0",
        made_at=NOW,
        result=result,
        ablations=(),
        contributions=Attribution(
            aqi - sum(points.values()), aqi, dict.fromkeys(INPUTS, 0.0) | dict(points)
        ),
        formula={key: standard(key).index(reading) for key in STANDARDS},
    )


def renamed(known: PredictionReport, name: str) -> PredictionReport:
    return replace(known, model=name)


def hot_left() -> SaliencyMap:
    """All evidence in the left column of three."""
    return SaliencyMap(np.array([[1, 0, 0]] * 3, np.float32))
