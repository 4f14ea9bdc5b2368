"""Simple methods on the same parts, with and without a site's days: what a model has to beat."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge
from torch import Tensor

from aqfusion.air.aqi import standard
from aqfusion.evaluation.backbone_evaluation import truth_of
from aqfusion.evaluation.scores import scores
from aqfusion.evaluation.site_history_metrics import rmse_with_interval
from aqfusion.training.gaussian_process import Floats, fitted_process
from aqfusion.training.protocols import Part
from aqfusion.training.sessions import Session, session_aqi, session_readings
from aqfusion.training.site_holdout import SiteHoldout

Statistics = Callable[[Session], tuple[Tensor, Tensor]]  # haze statistics (F, 108), photo -> row
_TREES = 300


def baselines(
    parts: Sequence[Part], statistics: Statistics, seed: int
) -> dict[str, dict[str, Any]]:
    """Scores of methods without a network, part by part, on the parts' test sessions in order.

    All but the last see the readings only and learn from sessions weighted by the root of their
    photos, as the network's teacher does. `us_formula` learns nothing: it is the EPA index of PM2.5
    and PM10; the gases have no sure unit in the public set. `haze_trees` sees the photo only, by
    its haze statistics.
    """
    tested = [session for part in parts for session in part.test]
    photos = [len(session.rows) for session in tested]
    truth = truth_of(tested)
    spoken = {
        name: np.repeat(np.concatenate([method(part, seed) for part in parts]), photos)
        for name, method in _OF_READINGS.items()
    }
    spoken["haze_trees"] = np.concatenate([_haze_trees(part, statistics, seed) for part in parts])
    return {name: scores(truth, values.clip(0, 500), seed) for name, values in spoken.items()}


def _constant(part: Part, seed: int) -> Floats:
    weights = [len(session.rows) for session in part.train]
    return np.full(len(part.test), np.average(_aqi(part.train), weights=weights))


def _ridge(part: Part, seed: int) -> Floats:
    return _learned(Ridge(alpha=1.0), part)


def _extra_trees(part: Part, seed: int) -> Floats:
    return _learned(ExtraTreesRegressor(_TREES, random_state=seed, n_jobs=1), part)


def _gaussian_process(part: Part, seed: int) -> Floats:
    train = features(part.train)
    mean, std = train.mean(0), train.std(0) + 1e-6
    process = fitted_process((train - mean) / std, _aqi(part.train))
    predicted: Floats = process.predict((features(part.test) - mean) / std)
    return predicted


def _us_formula(part: Part, seed: int) -> Floats:
    particles = [session.rows[0].reading.masked(("pm25", "pm10")) for session in part.test]
    indices = [standard("us").index(reading).aqi for reading in particles]
    otherwise = _constant(part, seed)
    return np.array(
        [other if aqi is None else aqi for aqi, other in zip(indices, otherwise, strict=True)],
        dtype=np.float64,
    )


_OF_READINGS = {
    "constant": _constant,
    "ridge": _ridge,
    "extra_trees": _extra_trees,
    "gaussian_process": _gaussian_process,
    "us_formula": _us_formula,
}


def _haze_trees(part: Part, statistics: Statistics, seed: int) -> Floats:
    """Extra trees on haze statistics of stored frames; the nearest stands for each tested photo."""
    rows, aqi, weights = [], [], []
    for session in part.train:
        values, _ = statistics(session)
        rows.append(values)
        aqi += [session.aqi] * len(values)
        weights += [np.sqrt(len(session.rows)) / len(values)] * len(values)
    forest = ExtraTreesRegressor(
        _TREES, min_samples_leaf=5, max_features=0.4, random_state=seed, n_jobs=1
    )
    forest.fit(torch.cat(rows).numpy(), aqi, sample_weight=weights)
    spoken = []
    for session in part.test:
        values, row_of_photo = statistics(session)
        spoken.append(forest.predict(values.numpy())[row_of_photo.numpy()])
    return np.concatenate(spoken)


def _learned(model: Any, part: Part) -> Floats:
    weight = np.sqrt([len(session.rows) for session in part.train])
    model.fit(features(part.train), _aqi(part.train), sample_weight=weight)
    predicted: Floats = model.predict(features(part.test))
    return predicted


def features(sessions: Sequence[Session]) -> Floats:
    """log(1 + reading), 0 where missing, and a flag for that: (S, 12)."""
    logs = torch.log1p(session_readings(sessions)).double()
    missing = logs.isnan()
    return torch.cat([logs.nan_to_num(), missing.double()], 1).numpy()


def _aqi(sessions: Sequence[Session]) -> Floats:
    return session_aqi(sessions).double().numpy()


_SITE_TREES = 60

Sessions = Sequence[Session]


@dataclass(frozen=True)
class BaselineHistory:
    """State of a method from one draw of days to the next of the same fold."""

    seed: int
    theta: list[Floats] = field(default_factory=list)


Method = Callable[[Sessions, Sessions, BaselineHistory], Floats]


def site_baselines(
    questions: SiteHoldout, folds: Sequence[int], *, places: bool, seed: int
) -> list[dict[str, Any]]:
    """One entry per method and number of days, on the very days that the site model is tested on.

    `method`; `days`, null where all days of other folds are known; `session_rmse` [value, low,
    high]. `place_mean` is the mean AQI of the place's known days, and where there are none of all.
    """
    entries = []
    for name, method in METHODS.items():
        errors: dict[int | None, list[Floats]] = {}
        for fold in folds:
            of_fold: dict[int | None, list[Floats]] = {}
            memory = BaselineHistory(seed)
            for days, training_sessions, query_sessions in _tasks(questions, fold, places):
                predicted = method(training_sessions, query_sessions, memory).clip(0, 500)
                measured = np.array([session.aqi for session in query_sessions])
                of_fold.setdefault(days, []).append((predicted - measured) ** 2)
            for days, draw_errors in of_fold.items():
                errors.setdefault(days, []).append(np.concatenate(draw_errors))
        for days, by_fold in errors.items():
            rmse = rmse_with_interval(by_fold, places, seed)
            entries.append({"method": name, "days": days, "session_rmse": rmse})
    return entries


def _tasks(
    questions: SiteHoldout, fold: int, places: bool
) -> list[tuple[int | None, list[Session], list[Session]]]:
    """Days known, training sessions, sessions to predict."""
    sessions = questions.sessions
    others = [session for session in sessions if session.fold != fold]
    if not places:
        return [(None, others, [session for session in sessions if session.fold == fold])]
    return [
        (count, others + [sessions[n] for n in support], [sessions[n] for n in query])
        for count, _, support, query in questions.choices(fold)
    ]


def _site_constant(
    training_sessions: Sessions, query_sessions: Sessions, memory: BaselineHistory
) -> Floats:
    return np.full(len(query_sessions), np.mean([session.aqi for session in training_sessions]))


def _place_mean(
    training_sessions: Sessions, query_sessions: Sessions, memory: BaselineHistory
) -> Floats:
    everywhere = float(np.mean([session.aqi for session in training_sessions]))
    return np.array(
        [_level(training_sessions, session.place, everywhere) for session in query_sessions]
    )


def _level(training_sessions: Sessions, place: str, otherwise: float) -> float:
    own = [session.aqi for session in training_sessions if session.place == place]
    return float(np.mean(own)) if own else otherwise


def _site_ridge(
    training_sessions: Sessions, query_sessions: Sessions, memory: BaselineHistory
) -> Floats:
    return _fit_predict(
        Ridge(alpha=1.0), features(training_sessions), features(query_sessions), training_sessions
    )


def _ridge_place(
    training_sessions: Sessions, query_sessions: Sessions, memory: BaselineHistory
) -> Floats:
    names = sorted({session.place for session in training_sessions})

    def table(sessions: Sessions) -> Floats:
        here = [[session.place == name for name in names] for session in sessions]
        return np.concatenate([features(sessions), np.array(here, dtype=np.float64)], 1)

    return _fit_predict(
        Ridge(alpha=1.0), table(training_sessions), table(query_sessions), training_sessions
    )


def _trees(
    training_sessions: Sessions, query_sessions: Sessions, memory: BaselineHistory
) -> Floats:
    model = ExtraTreesRegressor(_SITE_TREES, random_state=memory.seed, n_jobs=1)
    return _fit_predict(
        model, features(training_sessions), features(query_sessions), training_sessions
    )


def _trees_place(
    training_sessions: Sessions, query_sessions: Sessions, memory: BaselineHistory
) -> Floats:
    everywhere = float(np.mean([session.aqi for session in training_sessions]))

    def table(sessions: Sessions) -> Floats:
        # Each training session by the level of its place's others: its own AQI would leak.
        levels = [
            _level([k for k in training_sessions if k is not session], session.place, everywhere)
            for session in sessions
        ]
        return np.concatenate([features(sessions), np.array(levels)[:, None]], 1)

    model = ExtraTreesRegressor(_SITE_TREES, random_state=memory.seed, n_jobs=1)
    return _fit_predict(model, table(training_sessions), table(query_sessions), training_sessions)


def _site_gaussian_process(
    training_sessions: Sessions, query_sessions: Sessions, memory: BaselineHistory
) -> Floats:
    train = features(training_sessions)
    mean, std = train.mean(0), train.std(0) + 1e-6
    target = np.array([session.aqi for session in training_sessions])
    # Searched once a fold: some days more or less do not move the kernel.
    process = fitted_process((train - mean) / std, target, *memory.theta)
    memory.theta[:] = [process.kernel_.theta]
    predicted: Floats = process.predict((features(query_sessions) - mean) / std)
    return predicted


def _fit_predict(model: Any, train: Floats, test: Floats, training_sessions: Sessions) -> Floats:
    model.fit(train, np.array([session.aqi for session in training_sessions]))
    predicted: Floats = model.predict(test)
    return predicted


METHODS: dict[str, Method] = {
    "constant": _site_constant,
    "place_mean": _place_mean,
    "ridge": _site_ridge,
    "ridge_place": _ridge_place,
    "extra_trees": _trees,
    "extra_trees_place": _trees_place,
    "gaussian_process": _site_gaussian_process,
}
