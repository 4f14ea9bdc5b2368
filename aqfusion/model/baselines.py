"""What simple methods reach on the same folds: the figures that a network has to beat."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge

from aqfusion.air.aqi import standard
from aqfusion.model.scores import scores
from aqfusion.model.sessions import Session, session_aqi, session_readings

Floats = NDArray[np.float64]
_TREES = 300


def baselines(sessions: Sequence[Session], seed: int) -> dict[str, dict[str, float]]:
    """Scores, over photos, of methods that see the six readings only, fold by fold.

    Each learns from the sessions of the other folds, weighted by the root of their photos, as the
    network's teacher does. `us_formula` learns nothing: it is the EPA index of PM2.5 and PM10; the
    gases have no sure unit in the public set.
    """
    aqi = session_aqi(sessions).double().numpy()
    fold = np.array([session.fold for session in sessions])
    photos = np.array([len(session.rows) for session in sessions])
    features = _features(sessions)
    methods: dict[str, Any] = {
        "constant": None,
        "ridge": lambda: Ridge(alpha=1.0),
        "extra_trees": lambda: ExtraTreesRegressor(_TREES, random_state=seed, n_jobs=1),
    }
    predicted = {name: np.zeros(len(aqi)) for name in methods}
    for held_out in np.unique(fold):
        train, test = fold != held_out, fold == held_out
        weight = np.sqrt(photos[train])
        for name, method in methods.items():
            if method is None:
                predicted[name][test] = np.average(aqi[train], weights=photos[train])
                continue
            model = method()
            model.fit(features[train], aqi[train], sample_weight=weight)
            predicted[name][test] = np.clip(model.predict(features[test]), 0, 500)
    predicted["us_formula"] = _formula(sessions, predicted["constant"])
    owner = np.repeat(np.arange(len(aqi)), photos)
    return {
        name: {
            score: round(figure, 4)
            for score, figure in asdict(scores(aqi[owner], values[owner], owner)).items()
        }
        for name, values in predicted.items()
    }


def _features(sessions: Sequence[Session]) -> Floats:
    """log(1 + reading), 0 where missing, and a flag that says so: (S, 12)."""
    logs = torch.log1p(session_readings(sessions)).double()
    missing = logs.isnan()
    return torch.cat([logs.nan_to_num(), missing.double()], 1).numpy()


def _formula(sessions: Sequence[Session], fallback: Floats) -> Floats:
    """The US index of each session's particles; the constant where there are none."""
    particles = [session.rows[0].reading.masked(("pm25", "pm10")) for session in sessions]
    indices = [standard("us").index(reading).aqi for reading in particles]
    return np.array(
        [other if aqi is None else aqi for aqi, other in zip(indices, fallback, strict=True)],
        dtype=np.float64,
    )
