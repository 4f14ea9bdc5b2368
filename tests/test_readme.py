"""README's figures are those of the committed model, and its Python example runs."""

import json
import re

from aqfusion.settings import ASSETS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMES = {"fused": "photo and readings", "image_only": "photo only", "sensors_only": "readings only"}
BASELINES = {
    "extra_trees": "extra trees, readings",
    "ridge": "ridge, readings",
    "us_formula": "US formula, PM2.5 and PM10",
    "constant": "constant",
}
MASKED = {"sensors_only": "without photo", "fused": "with photo"}


def row(name, figures):
    held = figures.get("interval_coverage")
    return (
        f"| {name} | {figures['accuracy']:.2f} | {figures['rmse']:.1f} | {figures['mae']:.1f} "
        f"| {figures['session_rmse']:.1f} | {'-' if held is None else f'{100 * held:.0f} %'} |"
    )


def test_figures_are_those_of_the_committed_model():
    path = ASSETS / "models" / "mobilenetv2_100" / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    expected = [row(name, metrics[kind]) for kind, name in NAMES.items()]
    expected += [row(name, metrics["baselines"][kind]) for kind, name in BASELINES.items()]
    by_readings = metrics["partial_sensors"]["session_rmse_by_readings"]
    for kind, name in MASKED.items():
        cells = " | ".join(f"{masks[kind]:.1f}" for masks in by_readings)
        expected.append(f"| {name} | {cells} |")
    starts = tuple(f"| {name} |" for table in (NAMES, BASELINES, MASKED) for name in table.values())
    assert [line for line in README.splitlines() if line.startswith(starts)] == expected


def test_python_example_runs(monkeypatch, tmp_path):
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example is not None
    scene = next((ASSETS / "scenes").glob("*.jpg"))
    (tmp_path / "sky.jpg").write_bytes(scene.read_bytes())
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(example.group(1), "README.md", "exec"), names)
    assert names["result"].modalities == ("image", "sensors")
