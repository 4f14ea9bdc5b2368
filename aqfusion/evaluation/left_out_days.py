"""How well a model does at one site: each of its dates is asked about as if nobody knew it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from aqfusion.model.predict import Embedding, Predictor
from aqfusion.model.prediction import Prediction
from aqfusion.sites.site import Day, Site


@dataclass(frozen=True)
class LeftOutDay:
    """A day, what the model says of it by the other dates, and what it says at no known place.

    `mean_of_others` is the mean AQI of the other dates: what needs neither photo nor model.
    """

    day: Day
    predicted: Prediction
    elsewhere: Prediction
    mean_of_others: float

    @property
    def inside(self) -> bool:
        """Whether the 90 % interval holds what was measured."""
        return self.predicted.low <= self.day.aqi <= self.predicted.high


def left_out_days(model: Predictor, site: Site, most: int | None = None) -> tuple[LeftOutDay, ...]:
    """Ask about the last `most` days of the history; of a site with a single date, about none."""
    found = []
    for day in site.history if most is None else site.history[-most:]:
        others = site.without_date_of(day)
        if others.day_count:
            found.append(_asked(model, others, day))
    return tuple(found)


def root_mean_squares(days: Sequence[LeftOutDay]) -> Mapping[str, float]:
    """RMSE in AQI of `predicted`, `elsewhere` and `mean_of_others` over the same days.

    >>> root_mean_squares(())
    {}
    """
    if not days:
        return {}
    said = {
        "predicted": [one.predicted.aqi for one in days],
        "elsewhere": [one.elsewhere.aqi for one in days],
        "mean_of_others": [one.mean_of_others for one in days],
    }
    measured = np.array([one.day.aqi for one in days])
    return {
        name: float(np.sqrt(np.mean((np.array(values) - measured) ** 2)))
        for name, values in said.items()
    }


def kept_embedding(model: Predictor, day: Day) -> Embedding | None:
    """The day's photo as this model sees it; `None` where another model looked at it."""
    if day.photo is None or day.photo.model != model.checkpoint.sha256:
        return None
    return Embedding(torch.tensor([day.photo.embedding]), None)


def _asked(model: Predictor, others: Site, day: Day) -> LeftOutDay:
    embedding = kept_embedding(model, day)
    shown = np.full(2, embedding is not None)
    readings = np.array([day.reading.values] * 2, dtype=float)  # (2, 6)
    told = model.at(others, day.taken_at).ask(embedding, shown, readings, np.array([True, False]))
    mean = float(np.mean([one.aqi for one in others.history]))
    return LeftOutDay(day, told[0], told[1], mean)
