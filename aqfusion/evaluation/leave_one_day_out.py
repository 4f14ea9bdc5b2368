"""Leave one day out: each day of a site is predicted without all days of its date."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aqfusion.air.aqi import round_half_up, standard
from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.model.prediction import PredictionBatch
from aqfusion.model.predictor import Embedding, Predictor
from aqfusion.sites.site import Day, Site

# What is shown of a day and of its site, and what is compared with it.
ALL, NO_HISTORY, NO_PHOTO, NO_READINGS, NO_LANDMARKS = (
    *("all", "without the history", "without the photo", "without the readings"),
    "without the landmarks",
)
HISTORY, MEAN = "the history alone", "mean of the other days"
LEAST_DAYS = 2


class SiteDaysError(InputError):
    """A site that has too few days to leave one out."""


@dataclass(frozen=True)
class DayScores:
    """How far answers are from the days' AQI; `coverage` of the interval, `None` without one."""

    rmse: float
    mae: float
    accuracy: float
    coverage: float | None

    def as_json(self) -> dict[str, float | None]:
        """The figures with 4 digits."""
        return {
            name: None if value is None else round(value, 4) for name, value in vars(self).items()
        }


@dataclass(frozen=True)
class LeftOutDay:
    """A day, and the AQI with the ends of its interval (NaN without one) by each method."""

    day: Day
    predictions: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True)
class SiteDays:
    """Each day as predicted from the others; `scores` by method, those that can be had.

    `foreign_photos` counts days whose photo another model has seen, so that it is not used.
    """

    days: tuple[LeftOutDay, ...]
    dates: int
    scores: Mapping[str, DayScores]
    foreign_photos: int

    def as_json(self) -> dict[str, Any]:
        """The figures as commands print them."""
        return {
            "days": len(self.days),
            "dates": self.dates,
            "foreign_photos": self.foreign_photos,
            "scores": {method: scores.as_json() for method, scores in self.scores.items()},
        }


def leave_one_day_out(
    predictor: Predictor,
    site: Site,
    report: Callable[[int, int], None] | None = None,
    most: int | None = None,
) -> SiteDays:
    """Predict each day of the site's history, or each of the last `most`, from all others.

    Fewer than two different days raise `SiteDaysError`. `report` gets how many days are done, and
    of how many. Where the network has learned the place, its own part is too good.
    """
    history = site.history if most is None else site.history[-most:]
    if site.day_count < LEAST_DAYS:
        rule = f"site must have {LEAST_DAYS} different days of the model's standard or more"
        raise SiteDaysError(f"{rule}, got {site.day_count}")
    embeddings = [_embedding(predictor, day) for day in history]
    methods = _methods(predictor, site, embeddings)
    days = []
    for number, (day, embedding) in enumerate(zip(history, embeddings, strict=True), start=1):
        days.append(LeftOutDay(day, _predict_day(predictor, site, day, embedding, methods)))
        if report is not None:
            report(number, len(history))
    return SiteDays(
        days=tuple(days),
        dates=site.day_count,
        scores={method: _scores(days, method) for method in (*methods, MEAN)},
        foreign_photos=sum(
            day.photo is not None and embedding is None
            for day, embedding in zip(history, embeddings, strict=True)
        ),
    )


def _methods(
    predictor: Predictor, site: Site, embeddings: list[Embedding | None]
) -> tuple[str, ...]:
    """Those that differ: without any photo there is nothing to leave out."""
    photos = any(embedding is not None for embedding in embeddings)
    readings = any(day.reading.present for day in site.history)
    knows_sites = predictor.checkpoint.sites is not None
    wanted = {
        ALL: knows_sites or photos or readings,
        NO_HISTORY: knows_sites,
        NO_PHOTO: photos and (readings or knows_sites),
        NO_READINGS: readings and (photos or knows_sites),
        NO_LANDMARKS: knows_sites and any(_extinction(site, day) for day in site.history),
        HISTORY: knows_sites,
    }
    return tuple(method for method, is_wanted in wanted.items() if is_wanted)


def _embedding(predictor: Predictor, day: Day) -> Embedding | None:
    """This model's embedding of the day's photo; `None` where another model made it."""
    if day.photo is None or day.photo.model != predictor.checkpoint.sha256:
        return None
    return Embedding(np.array([day.photo.embedding], dtype=np.float32), None)


def _extinction(site: Site, day: Day) -> dict[str, float]:
    """Extinction in the day's photo at landmarks that the site still has; any model may use it."""
    names = {landmark.name for landmark in site.landmarks}
    seen = {} if day.photo is None else day.photo.extinction
    return {name: value for name, value in seen.items() if name in names}


def _predict_day(
    predictor: Predictor,
    site: Site,
    day: Day,
    embedding: Embedding | None,
    methods: tuple[str, ...],
) -> dict[str, tuple[float, float, float]]:
    """The AQI and its interval by method, from the site as it was without this date."""
    before = site.without_date_of(day)
    photo_shown = [embedding is not None and m not in (NO_PHOTO, HISTORY) for m in methods]
    readings = [Reading() if m in (NO_READINGS, HISTORY) else day.reading for m in methods]
    landmarks_shown = [m in (ALL, NO_READINGS) for m in methods]
    prediction_batch: PredictionBatch = predictor.at(
        before, day.taken_at, _extinction(site, day)
    ).ask(
        embedding,
        np.array(photo_shown, dtype=bool),
        np.array([reading.values for reading in readings], dtype=np.float64).reshape(-1, 6),
        np.array([method != NO_HISTORY for method in methods], dtype=bool),
        np.array(landmarks_shown, dtype=bool),
    )
    rows = {
        method: (
            float(prediction_batch.aqi[i]),
            float(prediction_batch[i].low),
            float(prediction_batch[i].high),
        )
        for i, method in enumerate(methods)
    }
    return {**rows, MEAN: (_mean_of_dates(before), math.nan, math.nan)}


def _mean_of_dates(site: Site) -> float:
    """The mean AQI of a site's days, each date once."""
    dates: dict[object, list[float]] = {}
    for number, day in enumerate(site.history):
        dates.setdefault(site.date_of(day) or number, []).append(day.aqi)
    return float(np.mean([np.mean(aqis) for aqis in dates.values()]))


def _scores(days: list[LeftOutDay], method: str) -> DayScores:
    measured = np.array([left_out.day.aqi for left_out in days])
    aqi, low, high = np.array([left_out.predictions[method] for left_out in days]).T  # (D,) each
    error = aqi - measured
    held = (low <= measured) & (measured <= high)
    return DayScores(
        rmse=float(np.sqrt((error**2).mean())),
        mae=float(np.abs(error).mean()),
        accuracy=float((_categories(aqi) == _categories(measured)).mean()),
        coverage=None if np.isnan(low).any() else float(held.mean()),
    )


def _categories(aqi: NDArray[np.float64]) -> NDArray[np.str_]:
    us = standard("us")
    return np.array([us.category_of(round_half_up(float(value))).name for value in aqi])
