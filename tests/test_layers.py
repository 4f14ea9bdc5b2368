"""Imports run one way only, and a file is one idea: rules that a reader can rely on."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aqfusion.settings import ROOT
from tools.count_house import imported_modules, read_modules
from tools.draw_architecture import layers

# From the ground up; a module imports from its own floor and from lower ones.
FLOORS = (
    {"errors", "settings", "io", "metric_values", "metrics", "metrics_file", "resampling"}
    | {"permissions", "text_validation", "fair_queue", "own_process"},
    {"registry", "background_jobs"},
    {"air", "csv_table", "images", "time_zones", "synthetic_scenes", "data", "sites"},
    {"model"},
    {"labels", "network"},
    {"stations", "explain", "active_learning", "monitoring"},
    {"bulk", "edge"},
    {"training"},
    {"evaluation"},
    {"release"},
    {"retraining"},
    {"server", "load_test"},
    {"ui", "cli", "__main__"},
    {"pages", "app", "tools", "benchmarks"},
)
FLOOR_OF = {name: number for number, names in enumerate(FLOORS) for name in names}
FLOOR_OF |= {"Photo": FLOOR_OF["images"], "load_model": FLOOR_OF["model"]}  # by the front door
LONGEST_FILE = 400


def source_files() -> list[Path]:
    folders = ("aqfusion", "pages", "tools", "benchmarks")
    files = [*(path for name in folders for path in ROOT.glob(f"{name}/**/*.py")), ROOT / "app.py"]
    return sorted(path for path in files if path.is_file())


FILES = [path.relative_to(ROOT) for path in source_files()]


def imported(source: str) -> Iterator[str]:
    """Full names of all that is imported, inside functions and for type checkers too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(name: str) -> str | None:
    """The part that a dotted name belongs to; `None` outside and for `from aqfusion import x`."""
    first, *rest = name.split(".")
    if first in FLOORS[-1]:
        return first
    return rest[0] if first == "aqfusion" and rest and rest[0] in FLOOR_OF else None


def part_of_file(file: Path) -> str:
    return (file.parts[1] if file.parts[0] == "aqfusion" else file.parts[0]).removesuffix(".py")


def breaks(file: Path, source: str) -> list[str]:
    """What `file` imports against the rules."""
    own, names = part_of_file(file), list(imported(source))
    if own == "load_test":  # it speaks the protocol that browsers speak, and runs no Streamlit
        names = [name for name in names if not name.startswith("streamlit.proto.")]
    if file == Path("benchmarks/naive_app.py"):  # what the app is compared with, a page itself
        names = [name for name in names if name != "streamlit"]
    packages = {name.split(".")[0] for name in names}
    upwards = [name for name in names if part(name) and FLOOR_OF[part(name)] > FLOOR_OF[own]]
    streamlit = ["streamlit"] if own not in {"server", "ui", "pages", "app"} else []
    networks = {"network", "explain", "training", "evaluation", "release", "retraining"}
    networks |= {"monitoring", "active_learning", "tools", "benchmarks"}
    torch = [] if own in networks else ["torch", "timm", "torchvision", "onnx", "safetensors"]
    if own == "model":  # which reads what torch wrote
        torch.remove("safetensors")
    if own == "edge":  # which writes what runs without torch
        torch = ["torch", "timm", "torchvision"]
    return upwards + sorted(packages & {*streamlit, *torch})


# Held by the floors or not: arrows that would tie parts together that are read, tested and changed
# apart.
APART = (
    ("model", "labels"),
    ("model", "registry"),
    ("model", "stations"),
    ("registry", "labels"),
    ("registry", "model"),
    ("background_jobs", "labels"),
    ("labels", "stations"),
    ("labels", "model.predictor"),
    ("labels/exports", "labels.imports"),
    ("labels/imports", "labels.exports"),
    ("monitoring", "retraining"),
    ("active_learning", "retraining"),
)


@pytest.mark.parametrize(("package", "other"), APART)
def test_some_parts_know_nothing_of_each_other(package, other):
    folder = ROOT / "aqfusion" / package
    files = [*folder.rglob("*.py")] or [folder.with_suffix(".py")]
    names = {
        name
        for file in files
        for name in imported(file.read_text(encoding="utf-8"))
        if f"{name}.".startswith(f"aqfusion.{other}.")
    }
    assert names == set()


def test_labels_open_without_torch():
    program = (
        "import sys, aqfusion.labels.store, aqfusion.labels.exports.export, "
        "aqfusion.labels.imports.import_source; print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


# The package's own __init__ is the front door: it hands the model out, and imports it late.
@pytest.mark.parametrize("file", [f for f in FILES if f != Path("aqfusion/__init__.py")], ids=str)
def test_imports_run_one_way_only(file):
    assert part_of_file(file) in FLOOR_OF, f"{file} has no floor in this test yet"
    assert breaks(file, (ROOT / file).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("file", "source", "found"),
    [
        ("aqfusion/air/aqi.py", "from aqfusion.model import bins", ["aqfusion.model.bins"]),
        ("aqfusion/air/aqi.py", "def f():\n    import torch", ["torch"]),
        ("aqfusion/air/x.py", "from aqfusion import load_model", ["aqfusion.load_model"]),
        ("aqfusion/ui/x.py", "from torch import Tensor", ["torch"]),
        ("aqfusion/model/x.py", "import streamlit as st", ["streamlit"]),
        ("aqfusion/cli/x.py", "import streamlit.web", ["streamlit"]),
        ("aqfusion/server/x.py", "from aqfusion.ui import page", ["aqfusion.ui.page"]),
        ("aqfusion/server/x.py", "from streamlit import runtime", []),
        ("aqfusion/settings.py", "import aqfusion.images.photo", ["aqfusion.images.photo"]),
        ("aqfusion/model/x.py", "from aqfusion import cli", ["aqfusion.cli"]),
        ("aqfusion/ui/x.py", "import app, pages.predict", ["app", "pages.predict"]),
        ("aqfusion/cli/x.py", "from tools.count_house import count", ["tools.count_house.count"]),
        ("tools/x.py", "import aqfusion.cli, streamlit", ["streamlit"]),
        ("aqfusion/load_test/x.py", "import streamlit.proto.A_pb2, streamlit.web", ["streamlit"]),
        ("benchmarks/naive_app.py", "import streamlit", []),
        ("benchmarks/x.py", "import streamlit", ["streamlit"]),
        ("aqfusion/load_test/x.py", "from streamlit.proto.Alert_pb2 import Alert", []),
        ("aqfusion/model/x.py", "import torch, onnx\nimport safetensors", ["onnx", "torch"]),
        ("aqfusion/model/x.py", "from aqfusion.network import x", ["aqfusion.network.x"]),
        ("aqfusion/network/x.py", "import torch\nfrom aqfusion import __version__", []),
        ("pages/predict.py", "import streamlit\nfrom aqfusion.ui import page", []),
    ],
)
def test_the_rules_notice_what_they_are_for(file, source, found):
    assert breaks(Path(file), source) == found


def test_the_front_door_opens_without_the_heavy_modules():
    program = "import sys, aqfusion; print({'torch', 'PIL', 'numpy', 'streamlit'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_no_files_import_each_other_in_a_circle():
    modules = read_modules(ROOT)
    names = {module.name for module in modules if not module.is_package}
    imports = {m.name: imported_modules(m.tree, names) - {m.name} for m in modules}
    assert layers(imports)[0]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_is_one_idea_with_a_name(file):
    assert not {"utils", "util", "helpers", "helper", "common", "misc"} & {
        part.removesuffix(".py") for part in file.parts
    }
    assert len((ROOT / file).read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
