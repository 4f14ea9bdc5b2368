"""`metrics.json`: read in full, absent parts stay absent, every fault is one sentence."""

import json

import pytest

from aqfusion.errors import InputError
from aqfusion.metric_values import Estimate, Interval, MaskedRmse, PlaceFigures, Trust
from aqfusion.metrics import (
    Catch,
    HistoryBaseline,
    HistoryFigures,
    MapMethod,
    Published,
    read_metrics,
)
from tests.planted_metrics import planted_metrics, write_metrics

RUN = ("protocols", "leak-safe", "backbones", "resnet18")
FUSED = (*RUN, "kinds", "fused")
HISTORY = ("protocols", "place", "backbones", "resnet18", "history")
SIMPLE = ("protocols", "place", "history_baselines")
GRADCAM = (*RUN, "heat_maps", "methods", "GradCAM")


@pytest.fixture
def metrics():
    return planted_metrics()


def at(metrics, path):
    for step in path:
        metrics = metrics[step]
    return metrics


def read(tmp_path, metrics):
    return read_metrics(write_metrics(tmp_path / "metrics.json", metrics))


def test_figures_are_read_as_they_are_written(tmp_path, metrics):
    at(metrics, FUSED)["scores"]["photos"]["r2"] = [-0.5, -1.25, 0.25]
    at(metrics, FUSED)["per_place"] = {
        "X": {
            "photos": 3,
            "sessions": 1,
            "accuracy": 0.5,
            "rmse": 1.5,
            "mae": 1,
            "coverage": 1,
            "width": 9,
        }
    }
    found = read(tmp_path, metrics)
    run = found.run("leak-safe", "resnet18")
    fused = run.kinds["fused"]
    assert found.published == Published("arXiv 2509.00353", "efficientnet_b0", 0.9202, 7.7)
    assert fused.scores.photos["r2"] == Estimate(-0.5, -1.25, 0.25)
    assert fused.per_place == {"X": PlaceFigures(3, 1, 0.5, 1.5, 1.0, 1.0, 9.0)}
    assert fused.calibration.after == Trust(0.05, 0.54)
    assert fused.interval_by_readings[6] == Interval(0.94, 132.0)
    assert fused.confusion[0] == (250, 91, 4, 0, 0, 0)
    assert run.partial_sensors.by_readings[0] == MaskedRmse(0, 1, 94.0, 68.9, 68.7)
    assert run.guard.pictures["skimage.data"] == Catch(17, 18)
    maps = run.heat_maps
    assert (maps.photos, maps.taken, maps.random) == (94, (10, 20), Estimate(0.2, -0.7, 1.1))
    assert list(maps.methods) == ["GradCAM", "GradCAM++", "LayerCAM", "EigenCAM"]
    of_map = MapMethod(Estimate(6.1, 5.1, 7.1), Estimate(5.9, 4.7, 7.1), 0.79, 0.11)
    assert maps.methods["GradCAM"] == of_map
    assert maps.methods["EigenCAM"].like_untrained is None
    assert len(run.sessions) == found.data.sessions == 94


def test_history_is_read_as_it_is_written(tmp_path, metrics):
    entry = {
        "kind": "nothing",
        "days": 4,
        "session_rmse": [61.2, 45.9, 73.4],
        "network": 118,
        "site": 61.5,
        "rmse": 63,
        "accuracy": 0.4,
        "coverage": 0.9,
        "width": 180,
        "draws": 24,
        "places": 6,
    }
    at(metrics, HISTORY)[:] = [entry, {**entry, "days": None}]
    at(metrics, SIMPLE)[:] = [{"method": "place_mean", "days": None, "session_rmse": [3, 2, 4]}]
    found = read(tmp_path, metrics)
    error = Estimate(61.2, 45.9, 73.4)
    figures = (error, 118.0, 61.5, 63.0, 0.4, 0.9, 180.0, 24, 6)
    assert found.run("place", "resnet18").history == (
        HistoryFigures("nothing", 4, *figures),
        HistoryFigures("nothing", None, *figures),
    )
    place = found.protocols["place"]
    assert place.history_baselines == (HistoryBaseline("place_mean", None, Estimate(3, 2, 4)),)


def test_file_of_before_the_history_is_read(tmp_path, metrics):
    for protocol in metrics["protocols"].values():
        del protocol["history_baselines"]
        for run in protocol["backbones"].values():
            del run["history"]
    found = read(tmp_path, metrics)
    assert found.run("place", "resnet18").history == ()
    assert found.protocols["place"].history_baselines == ()


def test_what_is_absent_or_null_stays_absent(tmp_path, metrics):
    run = at(metrics, RUN)
    del run["guard"], run["late_fusion"], run["kinds"]["image_only"], metrics["protocols"]["paper"]
    del run["heat_maps"]
    run["sessions"][0]["sensors_only"] = None
    found = read(tmp_path, metrics)
    read_run = found.run("leak-safe", "resnet18")
    assert (read_run.guard, read_run.late_fusion, read_run.heat_maps) == (None, None, None)
    assert list(read_run.kinds) == ["fused", "sensors_only"]
    assert read_run.sessions[0].predicted["sensors_only"] is None
    assert found.run("paper", "resnet18") is None
    assert found.run("leak-safe", "vgg") is None


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("format",), 2, "metrics.json: format must be 1, got 2"),
        (("published", "accuracy"), 92, "published.accuracy must be a number from 0 to 1, got 92"),
        (
            (*FUSED, "interval", "coverage"),
            float("nan"),
            "coverage must be a number from 0 to 1, got NaN",
        ),
        ((*FUSED, "scores", "photos", "mae"), [1, 3, 2], "mae must be [value, low, high] with"),
        ((*FUSED, "scores", "photos", "mae"), [1, 2], "mae must be [value, low, high] with"),
        ((*FUSED, "scores", "session_rmse"), -1, "session_rmse must be a number >= 0 and <"),
        ((*FUSED, "scores", "session_rmse"), 1e99, "session_rmse must be a number >= 0 and <"),
        ((*FUSED, "scores", "photos", "r2"), [0, -1e99, 1e99], "r2 must be within"),
        ((*FUSED, "confusion"), [[1]], "confusion must have 6 rows of 6 counts, got [[1]]"),
        ((*FUSED, "confusion", 2, 3), -4, "confusion[2][3] must be a whole number >= 0, got -4"),
        ((*RUN, "sessions"), {}, "backbones.resnet18.sessions must be a list, got {}"),
        ((*RUN, "guard"), {}, "guard must have 'photos', got {}"),
        (
            (*GRADCAM, "like_untrained"),
            1.5,
            "GradCAM.like_untrained must be a number from -1 to 1, got 1.5",
        ),
        (
            (*GRADCAM, "beats_random"),
            79,
            "GradCAM.beats_random must be a number from 0 to 1, got 79",
        ),
        ((*GRADCAM, "points"), 6.1, "GradCAM.points must be a list, got 6.1"),
        (
            (*RUN, "heat_maps", "taken"),
            [-1],
            "heat_maps.taken[0] must be a whole number >= 0, got -1",
        ),
        ((*HISTORY, 0, "kind"), "smell", "history[0].kind must be one of fused, image_only, "),
        (
            (*HISTORY, 0, "days"),
            -1,
            "history[0].days must be a whole number from 0 to 1000000, got -1",
        ),
        ((*HISTORY, 0, "days"), 10**9, "history[0].days must be a whole number from 0 to"),
        ((*HISTORY, 1, "days"), 0, "history must tell each kind and number of days once"),
        ((*HISTORY, 0, "session_rmse"), [9, -1, 9], "session_rmse must be 0 or more, got [9, -1"),
        ((*HISTORY, 0, "site"), -1, "history[0].site must be a number >= 0 and <"),
        ((*HISTORY, 0, "coverage"), 90, "history[0].coverage must be a number from 0 to 1, got 90"),
        ((*HISTORY, 0, "places"), 2.5, "history[0].places must be a whole number >= 0, got 2.5"),
        (HISTORY, {}, "resnet18.history must be a list, got {}"),
        ((*SIMPLE, 0, "method"), "", "history_baselines[0].method must be a text that is not"),
        ((*SIMPLE, 1, "days"), 0, "history_baselines must tell each method and number of days"),
        ((*SIMPLE, 0, "session_rmse"), [-9, 1, 9], "session_rmse must be 0 or more, got [-9"),
        (("protocols",), [], "protocols must be an object, got []"),
    ],
)
def test_a_fault_is_named_with_its_place_rule_and_value(tmp_path, metrics, path, value, sentence):
    at(metrics, path[:-1])[path[-1]] = value
    with pytest.raises(InputError) as error:
        read(tmp_path, metrics)
    assert str(error.value).startswith("metrics.json: ")
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\x00", b"[" * 200_000, json.dumps("x").encode()]
)
def test_what_is_no_table_is_a_sentence_without_a_folder(tmp_path, content):
    path = tmp_path / "metrics.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"^metrics\.json") as error:
        read_metrics(path)
    assert str(tmp_path) not in str(error.value)


def test_absent_file_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"^metrics\.json must lie in assets, got no such file$"):
        read_metrics(tmp_path / "metrics.json")
