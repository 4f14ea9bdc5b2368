"""Simple methods that use a site's days too: the metrics that the site model has to beat."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge

from aqfusion.evaluation.baselines import features
from aqfusion.evaluation.site_figures import Floats, rmse_with_interval
from aqfusion.training.gaussian_process import fitted_process
from aqfusion.training.sessions import Session
from aqfusion.training.site_questions import SiteQuestions

_TREES = 60

Sessions = Sequence[Session]


@dataclass(frozen=True)
class Memory:
    """State of a method from one draw of days to the next of the same fold."""

    seed: int
    theta: list[Floats] = field(default_factory=list)


Method = Callable[[Sessions, Sessions, Memory], Floats]


def site_baselines(
    questions: SiteQuestions, folds: Sequence[int], *, places: bool, seed: int
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
            memory = Memory(seed)
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
    questions: SiteQuestions, fold: int, places: bool
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


def _constant(training_sessions: Sessions, query_sessions: Sessions, memory: Memory) -> Floats:
    return np.full(len(query_sessions), np.mean([session.aqi for session in training_sessions]))


def _place_mean(training_sessions: Sessions, query_sessions: Sessions, memory: Memory) -> Floats:
    everywhere = float(np.mean([session.aqi for session in training_sessions]))
    return np.array(
        [_level(training_sessions, session.place, everywhere) for session in query_sessions]
    )


def _level(training_sessions: Sessions, place: str, otherwise: float) -> float:
    own = [session.aqi for session in training_sessions if session.place == place]
    return float(np.mean(own)) if own else otherwise


def _ridge(training_sessions: Sessions, query_sessions: Sessions, memory: Memory) -> Floats:
    return _fit_predict(
        Ridge(alpha=1.0), features(training_sessions), features(query_sessions), training_sessions
    )


def _ridge_place(training_sessions: Sessions, query_sessions: Sessions, memory: Memory) -> Floats:
    names = sorted({session.place for session in training_sessions})

    def table(sessions: Sessions) -> Floats:
        here = [[session.place == name for name in names] for session in sessions]
        return np.concatenate([features(sessions), np.array(here, dtype=np.float64)], 1)

    return _fit_predict(
        Ridge(alpha=1.0), table(training_sessions), table(query_sessions), training_sessions
    )


def _trees(training_sessions: Sessions, query_sessions: Sessions, memory: Memory) -> Floats:
    model = ExtraTreesRegressor(_TREES, random_state=memory.seed, n_jobs=1)
    return _fit_predict(
        model, features(training_sessions), features(query_sessions), training_sessions
    )


def _trees_place(training_sessions: Sessions, query_sessions: Sessions, memory: Memory) -> Floats:
    everywhere = float(np.mean([session.aqi for session in training_sessions]))

    def table(sessions: Sessions) -> Floats:
        # Each training session by the level of its place's others: its own AQI would leak.
        levels = [
            _level([k for k in training_sessions if k is not session], session.place, everywhere)
            for session in sessions
        ]
        return np.concatenate([features(sessions), np.array(levels)[:, None]], 1)

    model = ExtraTreesRegressor(_TREES, random_state=memory.seed, n_jobs=1)
    return _fit_predict(model, table(training_sessions), table(query_sessions), training_sessions)


def _gaussian_process(
    training_sessions: Sessions, query_sessions: Sessions, memory: Memory
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
    "constant": _constant,
    "place_mean": _place_mean,
    "ridge": _ridge,
    "ridge_place": _ridge_place,
    "extra_trees": _trees,
    "extra_trees_place": _trees_place,
    "gaussian_process": _gaussian_process,
}
