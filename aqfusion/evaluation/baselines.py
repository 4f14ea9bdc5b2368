"""Simple methods on the same parts: the metrics that a network has to beat."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge
from torch import Tensor

from aqfusion.air.aqi import standard
from aqfusion.evaluation.assess import truth_of
from aqfusion.evaluation.scores import scores
from aqfusion.training.gaussian_process import Floats, fitted_process
from aqfusion.training.protocols import Part
from aqfusion.training.sessions import Session, session_aqi, session_readings

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
