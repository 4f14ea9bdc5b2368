"""README's figures are those of the committed model, and its Python example runs."""

import json
import re

from aqfusion.settings import ASSETS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMES = {"fused": "photo and readings", "image_only": "photo only", "sensors_only": "readings only"}


def row(name, figures):
    return (
        f"| {name} | {figures['accuracy']:.2f} | {figures['rmse']:.1f} | {figures['mae']:.1f} "
        f"| {figures['session_rmse']:.1f} | {100 * figures['interval_coverage']:.0f} % |"
    )


def test_figures_are_those_of_the_committed_model():
    path = ASSETS / "models" / "mobilenetv2_100" / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    stated = [
        line for line in README.splitlines() if line.startswith("| photo") or "only |" in line
    ]
    assert stated == [row(name, metrics[kind]) for kind, name in NAMES.items()]


def test_python_example_runs(monkeypatch, tmp_path):
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example is not None
    scene = next((ASSETS / "scenes").glob("*.jpg"))
    (tmp_path / "sky.jpg").write_bytes(scene.read_bytes())
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(example.group(1), "README.md", "exec"), names)
    assert names["result"].modalities == ("image", "sensors")
