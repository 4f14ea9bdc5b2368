"""Score a model on photos with a measured AQI, with the history of their places and without.

A session is predicted from the days of other dates alone: its own is left out of the history, as if
nobody had measured it.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from aqfusion.data.dataset_folder import DatasetRow
from aqfusion.evaluation.backbone_evaluation import FULL, judged, truth_of
from aqfusion.evaluation.calibrated_predictions import (
    CalibratedPredictions,
    JudgedPhotos,
    calibrated_predictions,
    concatenate,
    whole_points,
)
from aqfusion.evaluation.scores import Truth, scores
from aqfusion.model.checkpoint import ServedModel
from aqfusion.model.fusion import Fusion, FusionInputs
from aqfusion.model.modality_pooling import ModalityLogits
from aqfusion.model.predictor import Predictor
from aqfusion.network.checkpoint import trained
from aqfusion.resampling import Floats
from aqfusion.sites.site import Day, Site
from aqfusion.training.calibration import Calibration
from aqfusion.training.holdout_predictions import MASKS, HoldoutPredictions, predict_holdout
from aqfusion.training.sessions import Session, session_readings, sessions_of

_MOST_DAYS = 60  # of a history, the nearest in time: an answer takes the cube of all days in time
_YEARS = range(1970, 2200)


@dataclass(frozen=True)
class SiteHistory:
    """A session's day, and its place as it was without any day of that date."""

    day: Day
    site: Site


def site_histories(predictor: Predictor, sessions: Sequence[Session]) -> tuple[SiteHistory, ...]:
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
        SiteHistory(day, _without(sites[session.place], own[session.place], day))
        for session, day in zip(sessions, days, strict=True)
    )


def no_history(model: ServedModel, sessions: Sequence[Session]) -> list[Fusion]:
    """For each session a model without a site."""
    return [Fusion(model, None, None)] * len(sessions)


def predict_with_history(model: ServedModel, pasts: Sequence[SiteHistory]) -> list[Fusion]:
    """For each session a model with the history of its place."""
    return [Fusion(model, past.site, past.day.taken_at) for past in pasts]


def answers_of(
    fusions: Sequence[Fusion],
    haze_share: float,
    held_out: HoldoutPredictions,
    sessions: Sequence[Session],
    visible: tuple[int, bool],
) -> CalibratedPredictions:
    """Predictions for all photos, with the readings of a mask, and with the photo or without it."""
    mask, has_image = visible
    readings = session_readings(sessions).masked_fill(~MASKS[mask], float("nan")).numpy()  # (S, 6)
    image = ((1 - haze_share) * held_out.cnn_logits + haze_share * held_out.haze_logits).numpy()
    sensors, session = held_out.sensor_logits.numpy(), held_out.session.numpy()
    predictions = []
    for number, fusion in enumerate(fusions):
        photos = image[session == number]  # (n, 50)
        count = len(photos)
        own_readings = readings[number][None].repeat(count, 0)
        modalities = ModalityLogits(
            photos,
            sensors[number, mask][None].repeat(count, 0),
            np.full(count, has_image),
            ~np.isnan(own_readings),
        )
        fused = fusion(
            FusionInputs(modalities, own_readings, np.full(count, True), np.full(count, False))
        )
        predictions.append(whole_points(fused, fused))
    return concatenate(predictions)


def means_of_other_days(pasts: Sequence[SiteHistory], sessions: Sequence[Session]) -> Floats:
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


_HISTORY_ONLY = {"history_only": (0, False)}


def evaluate(
    predictor: Predictor, rows: tuple[DatasetRow, ...], report: Callable[[str], None]
) -> dict[str, Any]:
    """Score a model on the rows of a data folder.

    `seen_in_training` counts the sessions that the model was trained on: figures over them are no
    evidence of how it does on new ones. A model that knows sites is scored as if nobody knew the
    places, and under `with_history` with the days of each place but those of the session's date.
    """
    config, network = predictor.checkpoint.config, trained(predictor.checkpoint).network
    sessions = sessions_of(rows)
    held_out = predict_holdout(network, sessions, config.image_size, report)
    trained_on = set(config.sessions)
    head = {
        "model": predictor.name,
        "n": len(rows),
        "sessions": len(sessions),
        "seen_in_training": sum(session.key in trained_on for session in sessions),
    }
    if predictor.checkpoint.sites is not None:
        return {**head, **_at_places(predictor, held_out, sessions)}
    haze_share = network.image_encoder.haze_share.item()
    calibration = Calibration(haze_share, network.gate, config.temperature, config.reach)
    part = JudgedPhotos(held_out, calibration)
    predictions_by_kind = {
        kind: calibrated_predictions([part], *visible) for kind, visible in FULL.items()
    }
    return {**head, **_figures(sessions, predictions_by_kind)}


def _at_places(
    predictor: Predictor, held_out: HoldoutPredictions, sessions: Sequence[Session]
) -> dict[str, Any]:
    checkpoint = predictor.checkpoint
    haze_share = checkpoint.branches.haze_share
    pasts = site_histories(predictor, sessions)
    without, with_history = (
        no_history(checkpoint, sessions),
        predict_with_history(checkpoint, pasts),
    )
    alone, at_home = (
        {
            kind: answers_of(fusions, haze_share, held_out, sessions, visible)
            for kind, visible in kinds.items()
        }
        for fusions, kinds in ((without, FULL), (with_history, {**FULL, **_HISTORY_ONLY}))
    )
    days = [past.site.day_count for past in pasts]
    return {
        **_figures(sessions, alone),
        "with_history": {
            "days": {
                "fewest": min(days),
                "most": max(days),
                "mean": round(float(np.mean(days)), 1),
            },
            **_figures(sessions, at_home),
            "mean_of_other_days": _constant(
                truth_of(sessions), means_of_other_days(pasts, sessions)[held_out.session.numpy()]
            ),
        },
    }


def _figures(
    sessions: Sequence[Session], predictions_by_kind: dict[str, CalibratedPredictions]
) -> dict[str, dict[str, float]]:
    truth = truth_of(sessions)
    return summary(
        {
            kind: judged(truth, predictions, sessions, seed=0)
            for kind, predictions in predictions_by_kind.items()
        }
    )


def _constant(truth: Truth, predicted: np.ndarray) -> dict[str, float]:
    """The figures of what needs no model: there is no interval."""
    all_scores = scores(truth, predicted, seed=0)
    figures = {name: all_scores["photos"][name][0] for name in ("accuracy", "rmse", "mae")}
    return {**figures, "session_rmse": all_scores["session_rmse"]}


def summary(kinds: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The figures over photos that a reader asks for first, per kind of input."""
    return {
        kind: {
            **{name: figures["scores"]["photos"][name][0] for name in ("accuracy", "rmse", "mae")},
            "session_rmse": figures["scores"]["session_rmse"],
            "interval_coverage": figures["interval"]["coverage"],
            "interval_width": figures["interval"]["width"],
        }
        for kind, figures in kinds.items()
    }
