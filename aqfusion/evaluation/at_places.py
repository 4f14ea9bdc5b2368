"""Predictions for a folder's photos where their places have a history, and where not.

A session is predicted from the days of other dates alone: its own is left out of the history, as if
nobody had measured it.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import torch

from aqfusion.evaluation.answers import Answers
from aqfusion.evaluation.scores import Floats
from aqfusion.model import bins
from aqfusion.model.checkpoint import Checkpoint
from aqfusion.model.fusion import Fusion, Opinions
from aqfusion.model.predict import Predictor
from aqfusion.sites.site import Day, Site
from aqfusion.training.held_out import MASKS, HeldOut
from aqfusion.training.sessions import Session, session_readings

_MOST_DAYS = 60  # of a history, the nearest in time: an answer takes the cube of all days in time
_YEARS = range(1970, 2200)


@dataclass(frozen=True)
class Past:
    """A session's day, and its place as it was without any day of that date."""

    day: Day
    site: Site


def pasts_of(predictor: Predictor, sessions: Sequence[Session]) -> tuple[Past, ...]:
    """The past of each session: days of all `sessions`, and of places that the model learned."""
    learned = {site.learned_as: site for site in predictor.known_sites()}
    names = sorted({session.place for session in sessions})
    # A folder's name of a place need not be one that a site may have.
    sites = {name: learned.get(name) or Site(f"place {n}") for n, name in enumerate(names)}
    days = [_day(session, sites[session.place]) for session in sessions]
    own: dict[str, list[Day]] = defaultdict(list)
    for session, day in zip(sessions, days, strict=True):
        own[session.place].append(day)
    return tuple(
        Past(day, _without(sites[session.place], own[session.place], day))
        for session, day in zip(sessions, days, strict=True)
    )


def nowhere(checkpoint: Checkpoint, sessions: Sequence[Session]) -> list[Fusion]:
    """For each session a model without a site."""
    return [Fusion(checkpoint, None, None)] * len(sessions)


def at_pasts(checkpoint: Checkpoint, pasts: Sequence[Past]) -> list[Fusion]:
    """For each session a model with the history of its place."""
    return [Fusion(checkpoint, past.site, past.day.taken_at) for past in pasts]


def answers_of(
    fusions: Sequence[Fusion],
    haze_share: float,
    held_out: HeldOut,
    sessions: Sequence[Session],
    visible: tuple[int, bool],
) -> Answers:
    """Predictions for all photos, with the readings of a mask, and with the photo or without it."""
    mask, has_image = visible
    readings = session_readings(sessions).masked_fill(~MASKS[mask], float("nan"))  # (S, 6)
    image = (1 - haze_share) * held_out.cnn_logits + haze_share * held_out.haze_logits
    probabilities, reach = [], []
    for number, fusion in enumerate(fusions):
        photos = image[held_out.session == number]  # (n, 50)
        count = len(photos)
        fused = fusion(
            Opinions(
                photos,
                held_out.sensor_logits[number, mask].expand(count, -1),
                readings[number].expand(count, -1),
                torch.full((count,), has_image),
                torch.full((count,), True),
                torch.full((count,), False),
            )
        )
        probabilities.append(fused.probabilities.double())
        reach.append(fused.reach)
    distribution, half = torch.cat(probabilities), torch.cat(reach)
    categories = bins.category_probabilities(distribution).numpy()
    return Answers(
        bins.mean(distribution).numpy(),
        bins.quantile(distribution, 0.5 - half).floor().numpy(),
        bins.quantile(distribution, 0.5 + half).ceil().numpy(),
        categories,
        categories,
    )


def means_of_other_days(pasts: Sequence[Past], sessions: Sequence[Session]) -> Floats:
    """The mean AQI (S,) of each place's other dates; where there is none, of other places."""
    means = []
    for past, session in zip(pasts, sessions, strict=True):
        others = [day.aqi for day in past.site.history]
        # A folder of a single day has no other days.
        others = (
            others or [other.aqi for other in sessions if other.place != session.place] or [0.0]
        )
        means.append(float(np.mean(others)))
    return np.array(means)


def _day(session: Session, site: Site) -> Day:
    clock = session.clock
    plausible = clock is not None and clock.year in _YEARS
    taken_at = clock.replace(tzinfo=site.zone or UTC) if clock is not None and plausible else None
    return Day(session.aqi, "data set", taken_at, reading=session.rows[0].reading)


def _without(site: Site, own: Sequence[Day], day: Day) -> Site:
    """The site with its own days and those of the folder, all but those of the date of `day`.

    What the model has learned of a place without a time may be this very day, so it is left out.
    """
    times = {own_day.taken_at for own_day in own}
    learned = [
        learned_day
        for learned_day in site.days
        if learned_day.taken_at and learned_day.taken_at not in times
    ]
    there = replace(site, days=())
    date = there.date_of(day)
    others = [
        other
        for other in (*learned, *own)
        if other is not day and (date is None or there.date_of(other) != date)
    ]
    others.sort(key=lambda other: _apart(other.taken_at, day.taken_at))
    return replace(site, days=tuple(others[:_MOST_DAYS]))


def _apart(first: datetime | None, second: datetime | None) -> float:
    if first is None or second is None:
        return math.inf
    return abs((first - second).total_seconds())
