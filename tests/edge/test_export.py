"""An exported folder answers as the app does, with three packages and nothing else."""

import hashlib
import importlib.metadata as metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from aqfusion.cli import main
from aqfusion.edge.export import CHECKSUMS
from aqfusion.settings import ASSETS, ROOT
from aqfusion.sites.site import Day, Site
from aqfusion.sites.site_file import site_bytes
from tests.hostile import flat, png, sky

SCENE = ASSETS / "scenes" / "haze.jpg"
MOST_MEMORY_MB = 150
# What ONNX Runtime itself asks for, and no more.
PACKAGES = ("numpy", "numpy.libs", "onnxruntime", "PIL", "pillow.libs", "flatbuffers", "google")
# A small parent, as a child's peak memory begins with that of its parent.
MEASURED = (
    "import resource, subprocess, sys\n"
    "done = subprocess.run(sys.argv[1:])\n"
    "kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
    "sys.stderr.write(f'peak {kilobytes // 1024} MB')\n"
    "sys.exit(done.returncode)\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The default model, exported by the command."""
    out = tmp_path_factory.mktemp("edge") / "folder"
    assert main(["export", "--format", "onnx", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def three_packages(tmp_path_factory) -> Path:
    """A folder of packages that holds numpy, ONNX Runtime, Pillow and their own, and no others."""
    place = tmp_path_factory.mktemp("packages")
    installed = Path(importlib.util.find_spec("numpy").origin).parents[1]
    for name in PACKAGES:
        if (installed / name).exists():
            (place / name).symlink_to(installed / name)
    return place


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """The home of who runs a folder, where nothing has any business."""
    return tmp_path_factory.mktemp("home")


def in_folder(folder, packages, *arguments, home="/nonexistent"):
    """Run predict.py without this environment's packages: status, JSON or none, stderr."""
    environment = {"PYTHONPATH": str(packages), "PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-S", str(folder / "predict.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    return done.returncode, json.loads(done.stdout or "null"), done.stderr


def in_app(capsys, *arguments):
    """The same of `aqfusion predict`."""
    capsys.readouterr()
    status = main(["predict", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, json.loads(out or "null"), err


def site_with_days(landmarks=()):
    """A site of three days."""
    days = tuple(
        Day(aqi, "monitor", datetime(2026, 1, day, 8, tzinfo=UTC))
        for day, aqi in ((1, 180), (2, 210), (3, 190))
    )
    return Site("Roof", 27.7, 85.3, "Asia/Kathmandu", days, landmarks)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """Photos and site files, good and bad ones."""
    place = tmp_path_factory.mktemp("files")
    whole = json.loads(site_bytes(site_with_days()))
    contents = {
        "night.png": None,
        "bomb.png": png(9000, 9000, 8, 2, b""),
        "text.jpg": b"no photo",
        "site.json": json.dumps(whole).encode(),
        "faulty.json": json.dumps(
            whole | {"altitude": 5, "days": [*whole["days"], {"aqi": 900, "source": "monitor"}]}
        ).encode(),
        "bad.json": json.dumps(whole | {"latitude": "north"}).encode(),
        "cut.json": b'{"format": 1, "name": ',
    }
    for name, content in contents.items():
        if content is None:
            flat("RGB", (3, 3, 5), (320, 240)).save(place / name)
        else:
            (place / name).write_bytes(content)
    sky(400, 300).save(place / "sky.webp", lossless=True)
    return {path.name: path for path in place.iterdir()}


CASES = {
    "a photo alone": ("--image", SCENE),
    "readings alone": ("--pm25", "80", "--no2", " 40 ", "--json"),
    "a place of the model": ("--site", "tamil  nadu"),
    "everything": (
        *("--image", SCENE, "--pm25", "80", "--co", "900", "--unit", "co=ppb", "--unit=o3=ppb"),
        *("--o3", "31", "--site", "site.json", "--taken-at", "2026-01-04 08:30"),
    ),
    "WebP without OpenCV": ("--image", "sky.webp", "--trust-photo", "--pm10", "3"),
    "a refused photo beside readings": ("--image", "night.png", "--pm25", "12.5"),
    "a site's file with faults": ("--site", "faulty.json", "--pm25", "50"),
    "a refused photo": ("--image", "night.png"),
    "nothing": (),
    "a negative reading": ("--pm25", "-1"),
    "a reading that is none": ("--pm25", "1,5"),
    "an unknown unit": ("--o3", "1", "--unit", "o3=furlong"),
    "half a unit": ("--o3", "1", "--unit", "o3"),
    "a bomb": ("--image", "bomb.png"),
    "a text for a photo": ("--image", "text.jpg"),
    "no file": ("--image", "none.jpg"),
    "a bad site": ("--site", "bad.json"),
    "half a site": ("--site", "cut.json"),
    "a time without offset": ("--pm25", "1", "--taken-at", "2026-01-04 08:30"),
    "a time that is none": ("--site", "site.json", "--taken-at", "noon"),
    "an option without its value": ("--image",),
    "one word too many": ("--pm25", "1", "now"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_folder_answers_as_the_app(case, folder, three_packages, files, home, capsys):
    arguments = [files.get(str(part), part) for part in CASES[case]]
    status, answer, err = in_app(capsys, *arguments)
    expected = status, answer, err.replace("aqfusion predict --help", "predict.py --help")
    assert in_folder(folder, three_packages, *arguments, home=home) == expected
    assert (answer is None) == (status == 2)
    assert [*home.rglob("*")] == []


def test_what_a_folder_cannot_do_costs_a_sentence(folder, three_packages, tmp_path):
    def refusal(*arguments):
        status, answer, err = in_folder(folder, three_packages, *arguments)
        assert (status, answer, err.count("\n")) == (2, None, 1)
        return err.rstrip("\n")

    assert re.fullmatch(
        r"--site must be a file \(\.json\), or a place of the model, such as .+, got 'Atlantis'",
        refusal("--site", "Atlantis"),
    )
    assert refusal("--pm25", "1", "--model", "resnet18") == (
        "--model must be mobilenetv2_100 in this folder, got 'resnet18'"
    )
    assert refusal("--pm25", "1", "--heat-map", "x.png") == (
        "No such option '--heat-map' (see predict.py --help)"
    )
    assert (
        "numpy is not installed; run: python -m pip install -r requirements.txt"
        in (in_folder(folder, tmp_path, "--pm25", "1")[2])
    )


def test_a_first_answer_fits_into_the_memory(folder, three_packages, tmp_path):
    photo = tmp_path / "phone.jpg"
    with Image.open(SCENE) as scene:
        scene.resize((4032, 3024)).save(photo, quality=85)
    arguments = ["--image", str(photo), "--pm25", "80", "--site", "Tamil Nadu"]
    command = [sys.executable, "-S", str(folder / "predict.py"), *arguments]
    done = subprocess.run(
        [sys.executable, "-S", "-c", MEASURED, *command],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(three_packages)},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert int(re.search(r"peak (\d+) MB", done.stderr)[1]) < MOST_MEMORY_MB


def test_every_file_is_listed_with_its_checksum(folder):
    lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    caches = "__pycache__"
    files = [path for path in folder.rglob("*") if path.is_file() and caches not in path.parts]
    assert {path.relative_to(folder).as_posix() for path in files} == {*sums, CHECKSUMS}
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {"README.md", "MODEL_CARD.md", "LICENSE", "export.json", "predict.py"} <= {*sums}
    assert sum(path.stat().st_size for path in files) < 7_000_000


def test_nothing_but_an_export_is_replaced(folder, tmp_path, capsys):
    own = tmp_path / "again"
    shutil.copytree(folder, own)
    (own / "aqfusion" / "__pycache__").mkdir(exist_ok=True)
    (own / "aqfusion" / "__pycache__" / "x.pyc").write_bytes(b"")
    assert main(["export", "--out", str(own)]) == 0
    (own / "thesis.txt").write_text("years of work", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    capsys.readouterr()
    for out, got in ((own, f"{own} with 'thesis.txt' in it"), (tmp_path / "file", "the file")):
        assert main(["export", "--out", str(out)]) == 2
        assert capsys.readouterr().err.startswith(
            f"--out must be new, empty or hold nothing but an export, got {got}"
        )
    assert (own / "thesis.txt").read_text(encoding="utf-8") == "years of work"


@pytest.mark.long
def test_an_empty_environment_with_three_packages_is_enough(folder, files, tmp_path, capsys):
    """The same by pip, as README.md of the folder says it."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    held = [f"{name}=={metadata.version(name)}" for name in ("numpy", "onnxruntime", "pillow")]
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(folder / "requirements.txt"), *held], check=True, cwd=ROOT)
    for case in ("everything", "a photo alone", "a refused photo", "a bad site"):
        arguments = [str(files.get(str(part), part)) for part in CASES[case]]
        done = subprocess.run(
            [str(python), "-I", str(folder / "predict.py"), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
        )
        answer = json.loads(done.stdout or "null")
        assert (done.returncode, answer, done.stderr) == in_app(capsys, *arguments)
