"""From photo and readings to an AQI, what contributed, and what a few days of a place change.

    pip install . && python examples/predict_with_a_site.py

Runs as it is, without internet and without data of yours: the photo is a rendered scene.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from aqfusion import Photo, Reading, load_model
from aqfusion.explain.attribution import contributions
from aqfusion.explain.what_if import WhatIfInput
from aqfusion.settings import ASSETS
from aqfusion.sites.site import Day, Site

PHOTO = ASSETS / "scenes" / "haze.jpg"


def main(photo_path: Path = PHOTO) -> None:
    """Print four predictions and the contributions to one of them."""
    predictor = load_model()
    photo = Photo.open(photo_path)
    reading = Reading(pm25=80, no2=40)  # µg/m³; what is not given is missing, never 0

    for title, result in (
        ("photo only", predictor.predict(Reading(), photo)),
        ("readings only", predictor.predict(reading)),
        ("photo and readings", predictor.predict(reading, photo)),
    ):
        answer = result.fused
        print(f"{title}: AQI {answer.aqi} ({answer.low} to {answer.high}), {answer.category.name}")

    # Which input moved the answer by how much: exact Shapley values over all subsets of inputs.
    ask = partial(predictor.ask, predictor.embed(photo))
    attribution = contributions(WhatIfInput(ask, reading, has_photo=True).coalitions())
    print(f"without any input: AQI {attribution.base:.0f}")
    for name, points in attribution.points.items():
        if points:
            print(f"  {name}: {points:+.1f}")

    # A place with a few measured days: the same photo and readings mean something else there.
    now = datetime(2026, 1, 20, 9, tzinfo=UTC)
    days = tuple(
        Day(aqi=aqi, source="monitor", taken_at=now - timedelta(days=number))
        for number, aqi in enumerate((210, 190, 240, 205), start=1)
    )
    roof = Site("My roof", latitude=28.63, longitude=77.24, days=days)
    answer = predictor.at(roof, now).predict(reading, photo).fused
    print(f"with four days of {roof.name}: AQI {answer.aqi} ({answer.low} to {answer.high})")


if __name__ == "__main__":
    main()
