"""Baselines on planted sessions."""

import pytest
import torch

from aqfusion.air.aqi import standard
from aqfusion.air.readings import Reading
from aqfusion.evaluation import baselines as module
from aqfusion.evaluation.baselines import baselines
from aqfusion.training.protocols import split
from aqfusion.training.sessions import Session
from tests.planted import rows_of

PM25 = (5, 20, 45, 90, 150, 210, 260, 300, 12, 70)
NAMES = ["constant", "ridge", "extra_trees", "gaussian_process", "us_formula", "haze_trees"]


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch):
    monkeypatch.setattr(module, "_TREES", 20)


def parts(aqi_of, photos: int = 1, reading_of=lambda value: Reading(pm25=value)):
    """Ten sessions in five folds, the AQI a function of PM2.5; the first has two photos."""
    rows = [
        row
        for i, pm25 in enumerate(PM25)
        for row in rows_of(
            f"s{i}",
            2 * photos if i == 0 else photos,
            fold=i % 5,
            aqi=float(aqi_of(pm25)),
            reading=reading_of(pm25),
        )
    ]
    return split("leak-safe", rows, seed=0)


def blind(session: Session):
    """Statistics that tell nothing."""
    return torch.zeros(1, 108), torch.zeros(len(session.rows), dtype=torch.long)


def formula(pm25: float) -> float:
    return standard("us").sub_index("pm25", pm25)


def test_formula_is_exact_where_the_aqi_is_the_formula_and_learners_beat_the_constant():
    told = baselines(parts(formula), blind, seed=0)
    assert list(told) == NAMES
    for unit in ("photos", "sessions"):
        assert told["us_formula"][unit]["accuracy"] == [1.0, 1.0, 1.0]
        assert told["us_formula"][unit]["rmse"] == [0.0, 0.0, 0.0]
    assert told["us_formula"]["session_rmse"] == 0.0
    for name in ("ridge", "extra_trees", "gaussian_process"):
        assert told[name]["session_rmse"] < told["constant"]["session_rmse"], name


def test_learners_cannot_see_what_they_are_judged_on():
    """The odd session is in nobody's training part, so everyone misses it by far."""
    told = baselines(parts(lambda pm25: 400 if pm25 == 150 else 100), blind, seed=0)
    for name in ("extra_trees", "gaussian_process", "constant", "haze_trees"):
        assert told[name]["session_rmse"] > 80, name


def test_constant_of_equal_sessions_is_right_and_so_are_all_who_learn():
    told = baselines(parts(lambda _: 120), blind, seed=0)
    assert told["constant"]["photos"]["rmse"] == [0.0, 0.0, 0.0]
    for name in ("ridge", "gaussian_process", "extra_trees", "haze_trees"):
        assert told[name]["session_rmse"] < 1e-3, name


def test_haze_trees_see_the_photo_only():
    """Haze that tells the AQI is learned though the readings are all alike."""

    def telling(session: Session):
        photos = len(session.rows)
        return torch.full((photos, 108), session.aqi), torch.arange(photos)

    same = parts(formula, photos=8, reading_of=lambda _: Reading(pm25=50))
    told = baselines(same, telling, seed=0)
    constant = told["constant"]["session_rmse"]
    assert told["haze_trees"]["session_rmse"] < 0.7 * constant
    assert baselines(same, blind, seed=0)["haze_trees"]["session_rmse"] > 0.9 * constant


def test_each_photo_is_judged_by_the_frame_that_stands_for_it(monkeypatch):
    """Two frames, clear and hazy; the first photo has the hazy one."""
    first, second = rows_of("clear", 40, fold=0, aqi=50.0), rows_of("hazy", 40, fold=1, aqi=350.0)
    judged = rows_of("both", 2, fold=2, aqi=50.0)
    (*_, part) = split("leak-safe", first + second + judged, seed=0)

    def statistics(session: Session):
        frames = {"clear": [0.0] * 10, "hazy": [1.0] * 10, "both": [0.0, 1.0]}[session.key]
        of_photo = [1, 0] if session.key == "both" else [0] * 40
        return torch.tensor(frames)[:, None].expand(-1, 108), torch.tensor(of_photo)

    monkeypatch.setattr(module, "scores", lambda truth, values, seed: values.tolist())
    said = baselines([part], statistics, seed=0)
    assert said["haze_trees"] == pytest.approx([350.0, 50.0], abs=1)


def test_the_constant_is_the_mean_over_photos_and_stands_in_where_the_formula_says_nothing(
    monkeypatch,
):
    rows = [
        *rows_of("a", 3, fold=0, aqi=100.0),
        *rows_of("b", 1, fold=0, aqi=300.0),
        *rows_of("c", 2, fold=1, aqi=20.0, reading=Reading(so2=4.0)),
        *rows_of("d", 1, fold=1, aqi=20.0, reading=Reading(pm25=5000.0)),
    ]
    monkeypatch.setattr(module, "scores", lambda truth, values, seed: values.tolist())
    part = split("leak-safe", rows, seed=0)[1]
    said = baselines([part], blind, seed=0)
    assert said["constant"] == [150.0] * 3
    assert said["us_formula"] == [150.0, 150.0, 500.0]  # no particles; and beyond the scale
