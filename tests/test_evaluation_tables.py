"""Figures of README and docs/evaluation.md are those of metrics.json; README's example runs."""

import json
import re

import pytest

from aqfusion.release.model_card import card_of, shipped_names, table
from aqfusion.settings import ASSETS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLES = README + (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
TITLES = {
    "mobilenetv2_100": "MobileNetV2",
    "resnet18": "ResNet18",
    "efficientnet_b0": "EfficientNet-B0",
}
WITH_HISTORY = {"nothing": "neither, only the days"}
KINDS = {"fused": "photo and readings", "image_only": "photo only", "sensors_only": "readings only"}
BASELINES = {
    "gaussian_process": "Gaussian process, readings",
    "extra_trees": "extra trees, readings",
    "ridge": "ridge, readings",
    "haze_trees": "extra trees, haze statistics of the photo",
    "us_formula": "US formula, PM2.5 and PM10",
    "constant": "constant",
}
HISTORY_BASELINES = {
    "gaussian_process": "Gaussian process, readings, place not known",
    "ridge_place": "ridge, readings and place",
    "place_mean": "mean of those days",
    "constant": "constant",
}


def metrics() -> dict:
    return json.loads((ASSETS / "metrics.json").read_text(encoding="utf-8"))


def row(name: str, scores: dict, held: float | None) -> list[str]:
    photos = scores["photos"]
    return [
        name,
        f"{photos['accuracy'][0]:.2f}",
        f"{photos['rmse'][0]:.1f}",
        f"{photos['mae'][0]:.1f}",
        f"{scores['session_rmse']:.1f}",
        "-" if held is None else f"{100 * held:.0f} %",
    ]


def figures(protocol: str, baselines: dict[str, str]) -> str:
    told = metrics()["protocols"][protocol]
    rows = [
        row(f"{TITLES[name]}, {words}", kind["scores"], kind["interval"]["coverage"])
        for name in TITLES
        if name in told["backbones"]
        for key, words in KINDS.items()
        for kind in [told["backbones"][name]["kinds"][key]]
    ]
    rows += [row(words, told["baselines"][name], None) for name, words in baselines.items()]
    return table(["", "accuracy", "RMSE", "MAE", "session RMSE", "90 % interval coverage"], rows)


def summary() -> str:
    """Session RMSE of the default backbone: unknown place, some of its days, known place."""
    place = metrics()["protocols"]["place"]["backbones"]["mobilenetv2_100"]["history"]
    learned = metrics()["protocols"]["leak-safe"]["backbones"]["mobilenetv2_100"]["history"]
    rows = []
    for key in ("image_only", "fused", "nothing"):
        unknown = {each["days"]: each["session_rmse"][0] for each in place if each["kind"] == key}
        known = next(each["session_rmse"][0] for each in learned if each["kind"] == key)
        values = (f"{unknown[days]:.1f}" for days in (0, 2, 8))
        rows.append([(KINDS | WITH_HISTORY)[key], *values, f"{known:.1f}"])
    titles = [f"new place, {days} measured days" for days in (0, 2, 8)]
    return table(["MobileNetV2", *titles, "known place with its days"], rows)


def masks() -> str:
    told = metrics()["protocols"]["leak-safe"]["backbones"]["mobilenetv2_100"]["partial_sensors"]
    rows = [
        [words, *(f"{masked[key]:.1f}" for masked in told["by_readings"])]
        for key, words in (("sensors_only", "without photo"), ("fused", "with photo"))
    ]
    return table(["readings shown", *map(str, range(7))], rows)


def history() -> str:
    """Session RMSE by the days known of a place that no network saw."""
    told = metrics()["protocols"]["place"]
    days, words = (0, 1, 2, 4, 8), KINDS | WITH_HISTORY
    rows = []
    for name in TITLES:
        run = told["backbones"].get(name, {}).get("history", [])
        by = {(one["kind"], one["days"]): one["session_rmse"][0] for one in run}
        for key in ("image_only", "fused", "nothing") if by else ():
            values = (f"{by[key, count]:.1f}" for count in days)
            rows.append([f"{TITLES[name]}, {words[key]}", *values])
    by = {(o["method"], o["days"]): o["session_rmse"][0] for o in told["history_baselines"]}
    for method, title in HISTORY_BASELINES.items():
        rows.append([title, *(f"{by[method, count]:.1f}" for count in days)])
    return table(["days known", *map(str, days)], rows)


def known() -> str:
    """Accuracy and session RMSE where all days of other folds are known."""
    told = metrics()["protocols"]["leak-safe"]
    rows = []
    for name in TITLES:
        run = told["backbones"][name]
        for one in run.get("history", []):
            alone = run["kinds"].get(one["kind"])
            without = f"{alone['scores']['session_rmse']:.1f}" if alone else "-"
            rows.append(
                [
                    f"{TITLES[name]}, {(KINDS | WITH_HISTORY)[one['kind']]}",
                    without,
                    f"{one['session_rmse'][0]:.1f}",
                    f"{one['accuracy']:.2f}",
                    f"{100 * one['coverage']:.0f} %",
                ]
            )
    (mean,) = (o for o in told["history_baselines"] if o["method"] == "place_mean")
    rows.append(["mean of the place's other days", "-", f"{mean['session_rmse'][0]:.1f}", "-", "-"])
    head = ["", "without history", "with history", "accuracy", "90 % interval coverage"]
    return table(head, rows)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("history", history),
        ("known", known),
        ("leak-safe", lambda: figures("leak-safe", BASELINES)),
        ("paper", lambda: figures("paper", {"gaussian_process": BASELINES["gaussian_process"]})),
        ("place", lambda: figures("place", BASELINES)),
        ("readings", masks),
        ("summary", summary),
    ],
)
def test_figures_are_those_of_the_metrics_file(what, expected):
    found = re.search(rf"<!-- {what}: .*? -->\n(.*?)\n\n", TABLES, re.DOTALL)
    assert found is not None
    assert found.group(1) == expected()


@pytest.mark.parametrize("name", shipped_names())
def test_card_is_the_one_that_the_files_give(name):
    path = ASSETS / "models" / name / "README.md"
    assert path.read_text(encoding="utf-8") == card_of(name)


@pytest.mark.parametrize("name", shipped_names())
def test_model_s_own_figures_are_those_of_the_metrics_file(name):
    own = json.loads((ASSETS / "models" / name / "metrics.json").read_text(encoding="utf-8"))
    kinds = metrics()["protocols"]["leak-safe"]["backbones"][name]["kinds"]
    for kind, told in kinds.items():
        photos = {n: told["scores"]["photos"][n][0] for n in ("accuracy", "rmse", "mae")}
        assert {n: own[kind][n] for n in photos} == photos
        assert own[kind]["interval_coverage"] == told["interval"]["coverage"]


def test_python_example_runs(monkeypatch, tmp_path):
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example is not None
    scene = next((ASSETS / "scenes").glob("*.jpg"))
    (tmp_path / "sky.jpg").write_bytes(scene.read_bytes())
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(example.group(1), "README.md", "exec"), names)
    assert names["result"].modalities == ("image", "sensors")
