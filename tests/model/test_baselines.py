"""Baselines on planted sessions."""

from pathlib import Path

from aqfusion.air.sensors import Reading
from aqfusion.dataset.folder import Row
from aqfusion.model.baselines import baselines
from aqfusion.model.sessions import sessions_of

PM25 = (5, 20, 45, 90, 150, 210, 260, 300, 12, 70)


def rows(aqi_of):
    """Ten sessions in five folds, the AQI a function of PM2.5; one has two photos."""
    return tuple(
        Row(Path(f"{i}-{n}"), "P", f"s{i}", f"g{i}", i % 5, Reading(pm25=pm25), aqi_of(pm25))
        for i, pm25 in enumerate(PM25)
        for n in range(2 if i == 0 else 1)
    )


def test_formula_is_exact_where_the_aqi_is_the_formula():
    from aqfusion.air.aqi import standard

    told = baselines(sessions_of(rows(lambda v: standard("us").sub_index("pm25", v))), seed=0)
    assert told["us_formula"] == {"accuracy": 1.0, "rmse": 0.0, "mae": 0.0, "session_rmse": 0.0}
    assert told["extra_trees"]["rmse"] < told["constant"]["rmse"]


def test_learners_cannot_see_their_fold():
    told = baselines(sessions_of(rows(lambda v: 400.0 if v == 150 else 100.0)), seed=0)
    assert told["extra_trees"]["rmse"] > 80  # the odd session is in nobody's training fold


def test_constant_of_equal_sessions_is_right():
    told = baselines(sessions_of(rows(lambda v: 120.0)), seed=0)
    assert told["constant"] == {"accuracy": 1.0, "rmse": 0.0, "mae": 0.0, "session_rmse": 0.0}
    assert told["ridge"]["rmse"] < 1e-3
