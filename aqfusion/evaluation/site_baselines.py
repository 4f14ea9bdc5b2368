"""Simple methods that know a site's days too: the figures that the site model has to beat."""

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
    """What a method keeps from one draw of days to the next of the same fold."""

    seed: int
    theta: list[Floats] = field(default_factory=list)


Method = Callable[[Sessions, Sessions, Memory], Floats]


def site_baselines(
    questions: SiteQuestions, folds: Sequence[int], *, places: bool, seed: int
) -> list[dict[str, Any]]:
    """One entry per method and number of days, on the very days that the site model is judged on.

    `method`; `days`, null where all days of other folds are known; `session_rmse` [value, low,
    high]. `place_mean` is the mean AQI of the place's known days, and where there are none of all.
    """
    entries = []
    for name, method in METHODS.items():
        errors: dict[int | None, list[Floats]] = {}
        for fold in folds:
            of_fold: dict[int | None, list[Floats]] = {}
            memory = Memory(seed)
            for days, known, asked in _tasks(questions, fold, places):
                said = method(known, asked, memory).clip(0, 500)
                measured = np.array([session.aqi for session in asked])
                of_fold.setdefault(days, []).append((said - measured) ** 2)
            for days, found in of_fold.items():
                errors.setdefault(days, []).append(np.concatenate(found))
        for days, by_fold in errors.items():
            told = rmse_with_interval(by_fold, places, seed)
            entries.append({"method": name, "days": days, "session_rmse": told})
    return entries


def _tasks(
    questions: SiteQuestions, fold: int, places: bool
) -> list[tuple[int | None, list[Session], list[Session]]]:
    """Days known, sessions to learn from, sessions to judge."""
    sessions = questions.sessions
    others = [session for session in sessions if session.fold != fold]
    if not places:
        return [(None, others, [session for session in sessions if session.fold == fold])]
    return [
        (count, others + [sessions[n] for n in support], [sessions[n] for n in asked])
        for count, _, support, asked in questions.choices(fold)
    ]


def _constant(known: Sessions, asked: Sessions, memory: Memory) -> Floats:
    return np.full(len(asked), np.mean([session.aqi for session in known]))


def _place_mean(known: Sessions, asked: Sessions, memory: Memory) -> Floats:
    everywhere = float(np.mean([session.aqi for session in known]))
    return np.array([_level(known, session.place, everywhere) for session in asked])


def _level(known: Sessions, place: str, otherwise: float) -> float:
    own = [session.aqi for session in known if session.place == place]
    return float(np.mean(own)) if own else otherwise


def _ridge(known: Sessions, asked: Sessions, memory: Memory) -> Floats:
    return _told(Ridge(alpha=1.0), features(known), features(asked), known)


def _ridge_place(known: Sessions, asked: Sessions, memory: Memory) -> Floats:
    names = sorted({session.place for session in known})

    def table(sessions: Sessions) -> Floats:
        here = [[session.place == name for name in names] for session in sessions]
        return np.concatenate([features(sessions), np.array(here, dtype=np.float64)], 1)

    return _told(Ridge(alpha=1.0), table(known), table(asked), known)


def _trees(known: Sessions, asked: Sessions, memory: Memory) -> Floats:
    model = ExtraTreesRegressor(_TREES, random_state=memory.seed, n_jobs=1)
    return _told(model, features(known), features(asked), known)


def _trees_place(known: Sessions, asked: Sessions, memory: Memory) -> Floats:
    everywhere = float(np.mean([session.aqi for session in known]))

    def table(sessions: Sessions) -> Floats:
        # Each known session by the level of its place's others: its own AQI would give it away.
        levels = [
            _level([k for k in known if k is not session], session.place, everywhere)
            for session in sessions
        ]
        return np.concatenate([features(sessions), np.array(levels)[:, None]], 1)

    model = ExtraTreesRegressor(_TREES, random_state=memory.seed, n_jobs=1)
    return _told(model, table(known), table(asked), known)


def _gaussian_process(known: Sessions, asked: Sessions, memory: Memory) -> Floats:
    train = features(known)
    mean, std = train.mean(0), train.std(0) + 1e-6
    target = np.array([session.aqi for session in known])
    # Searched once a fold: some days more or less do not move the kernel.
    process = fitted_process((train - mean) / std, target, *memory.theta)
    memory.theta[:] = [process.kernel_.theta]
    said: Floats = process.predict((features(asked) - mean) / std)
    return said


def _told(model: Any, train: Floats, test: Floats, known: Sessions) -> Floats:
    model.fit(train, np.array([session.aqi for session in known]))
    said: Floats = model.predict(test)
    return said


METHODS: dict[str, Method] = {
    "constant": _constant,
    "place_mean": _place_mean,
    "ridge": _ridge,
    "ridge_place": _ridge_place,
    "extra_trees": _trees,
    "extra_trees_place": _trees_place,
    "gaussian_process": _gaussian_process,
}
