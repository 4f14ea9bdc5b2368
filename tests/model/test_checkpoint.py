"""A model folder is whole, or refused with a sentence that names the file."""

import hashlib
import json
import os
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save

from aqfusion.air.readings import Reading
from aqfusion.model.checkpoint import CONFIG, METRICS, WEIGHTS
from aqfusion.model.config import Config, ModelError
from aqfusion.model.prediction import KINDS
from aqfusion.model.predictor import Predictor, load_model
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, served
from aqfusion.network.photo_screen import PhotoScreen
from tests.conftest import ARCHITECTURE

HALVES = dict.fromkeys(KINDS, 0.5)


@pytest.fixture
def folder(checkpoint_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(checkpoint_folder, tmp_path / "model"))


def reconfigure(folder: Path, **changes: object) -> None:
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | changes))


def replant(folder: Path, weights: bytes) -> None:
    """Put other weights there with the checksum that fits them."""
    (folder / WEIGHTS).write_bytes(weights)
    reconfigure(folder, sha256={WEIGHTS: hashlib.sha256(weights).hexdigest()})


def fault(folder: Path) -> str:
    with pytest.raises(ModelError) as refused:
        load_checkpoint(folder)
    assert "\n" not in " ".join(str(refused.value).split())
    return str(refused.value)


def some_checkpoint(seed: int) -> Checkpoint:
    torch.manual_seed(seed)
    network = AQFusionNet(ARCHITECTURE).eval().requires_grad_(False)
    config = Config(
        ARCHITECTURE, 64, dict.fromkeys(KINDS, 1.5), dict.fromkeys(KINDS, 0.4), ("s",), {"a": 1}
    )
    return Checkpoint(network, PhotoScreen(1280), config, {"n": seed})


def test_what_is_saved_is_loaded(tmp_path):
    saved = some_checkpoint(1)
    save_checkpoint(tmp_path / "new" / "model", saved)
    loaded = load_checkpoint(tmp_path / "new" / "model")
    assert (loaded.config, loaded.metrics) == (saved.config, saved.metrics)
    assert loaded.network.architecture == ARCHITECTURE
    assert not loaded.network.training
    assert not any(p.requires_grad for p in loaded.network.parameters())
    names = sorted(path.name for path in (tmp_path / "new" / "model").iterdir())
    assert names == sorted([CONFIG, METRICS, WEIGHTS])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model"]


def test_a_round_trip_keeps_the_predictions(tmp_path):
    saved = some_checkpoint(1)
    save_checkpoint(tmp_path / "model", saved)
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    readings = torch.tensor([[60.0, 100, 20, 1, 5, 30], [float("nan")] * 6])
    with torch.no_grad():
        before = saved.network(images, readings).softmax(1)
        after = load_checkpoint(tmp_path / "model").network(images, readings).softmax(1)
    assert (before - after).abs().max() < 1e-3  # float16 on disk


def test_the_config_states_what_a_reader_needs(checkpoint_folder):
    config = json.loads((checkpoint_folder / CONFIG).read_text())
    assert sorted(config) == [
        "about",
        "architecture",
        "format",
        "image_size",
        "reach",
        "sessions",
        "sha256",
        "sites",
        "temperature",
    ]


def test_an_absent_folder_or_file_is_named(folder, tmp_path):
    assert fault(tmp_path / "none") == (
        f"model must be a folder with {WEIGHTS} and {CONFIG}, got {tmp_path / 'none'}"
    )
    for name in (METRICS, WEIGHTS, CONFIG):
        (folder / name).unlink()
        assert fault(folder) == f"{folder / name} must be readable: No such file or directory"


def test_weights_cut_in_half_are_refused(folder):
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: len(content) // 2])
    assert fault(folder).startswith(f"{folder / WEIGHTS}: sha256 must be ")
    replant(folder, content[: len(content) // 2])
    assert fault(folder).startswith(f"{folder / WEIGHTS} must fit {CONFIG}: ")


def test_one_flipped_byte_is_noticed(folder):
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1000] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    assert "the file is damaged or not this model's" in fault(folder)


def test_a_pickle_is_refused_and_not_run(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    replant(folder, pickle.dumps(Trap()))
    assert fault(folder).startswith(f"{folder / WEIGHTS} must fit {CONFIG}: ")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", [CONFIG, METRICS])
@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b'{"format": 1, "sha', "must be valid JSON: "),
        (b"\xff\xfe{}", "must be valid JSON: "),
        (b"", "must be valid JSON: "),
        (b"[" * 200_000, "must be valid JSON: "),
        (b"[1]", "must hold one JSON object, got list"),
        (b'"text"', "must hold one JSON object, got str"),
        (b"null", "must hold one JSON object, got NoneType"),
    ],
)
def test_a_damaged_json_file_is_named(folder, name, content, rule):
    (folder / name).write_bytes(content)
    assert fault(folder).startswith(f"{folder / name} {rule}")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"format": 1}, "format must be 2 or 3, got 1"),
        ({"sha256": None}, "sha256 must state the checksum of model.safetensors"),
        ({"sha256": {WEIGHTS: 7}}, "sha256 must state the checksum of model.safetensors"),
        ({"image_size": 0}, "image_size must be a whole number from 64 to 512, got 0"),
        ({"image_size": 63}, "image_size must be a whole number from 64 to 512, got 63"),
        ({"image_size": 10**6}, "image_size must be a whole number from 64 to 512, got 1000000"),
        (
            {"image_size": float("inf")},
            "image_size must be a whole number from 64 to 512, got Infinity",
        ),
        ({"image_size": "large"}, 'image_size must be a whole number from 64 to 512, got "large"'),
        ({"reach": {}}, "reach must have 'fused', got {}"),
        (
            {"reach": {**HALVES, "image_only": 9}},
            "reach.image_only must be a number from 0 to 0.5, got 9",
        ),
        (
            {"reach": {**HALVES, "nothing": float("nan")}},
            "reach.nothing must be a number from 0 to 0.5",
        ),
        ({"temperature": {"fused": 1.0}}, "temperature must have 'image_only', got"),
        (
            {"temperature": {**HALVES, "fused": 0}},
            "temperature.fused must be a number from 0.1 to 10",
        ),
        (
            {"temperature": {**HALVES, "nothing": 11}},
            "temperature.nothing must be a number from 0.1 to 10",
        ),
        (
            {"temperature": {**HALVES, "fused": float("nan")}},
            "temperature.fused must be a number from",
        ),
        ({"temperature": 1.0}, "temperature must be an object, got 1.0"),
        ({"architecture": []}, "architecture must be an object, got []"),
        ({"sessions": 3}, "sessions must be a list, got 3"),
        ({"about": 3}, "about must be an object, got 3"),
    ],
)
def test_a_config_that_describes_no_model_is_refused(folder, changes, rule):
    reconfigure(folder, **changes)
    sentence = fault(folder)
    assert sentence.startswith(str(folder / CONFIG))
    assert rule in sentence


@pytest.mark.parametrize(
    ("part", "value", "rule"),
    [
        ("backbone", "vgg16", "architecture.backbone must be one of mobilenetv2_100, resnet18"),
        ("backbone", ["resnet18"], "architecture.backbone must be one of"),
        ("sensor_mean", [1.0] * 5, "architecture.sensor_mean must have 6 entries, got [1.0"),
        ("sensor_mean", [float("nan")] * 6, "sensor_mean[0] must be a number, got NaN"),
        ("sensor_std", [1.0] * 5 + [0.0], "sensor_std[5] must be a number > 0, got 0.0"),
        ("sensor_std", [1.0] * 5 + [-1.0], "sensor_std[5] must be a number > 0, got -1.0"),
        ("sensor_token_dim", 10**9, "sensor_token_dim must be a whole number from 1 to 1024"),
        ("sensor_token_dim", "16", "sensor_token_dim must be a whole number from 1 to 1024"),
        ("sensor_hidden_dim", 1.5, "sensor_hidden_dim must be a whole number from 1 to 4096"),
        ("heads", 3, 'architecture must have no unknown names, got "heads"'),
    ],
)
def test_an_architecture_that_nobody_built_is_refused(folder, part, value, rule):
    architecture = json.loads((folder / CONFIG).read_text())["architecture"]
    reconfigure(folder, architecture=architecture | {part: value})
    sentence = fault(folder)
    assert sentence.startswith(str(folder / CONFIG))
    assert rule in sentence


def test_weights_of_another_architecture_are_refused(folder):
    architecture = json.loads((folder / CONFIG).read_text())["architecture"]
    reconfigure(folder, architecture=architecture | {"backbone": "resnet18"})
    assert fault(folder).startswith(f"{folder / WEIGHTS} must fit {CONFIG}: ")


def test_weights_that_are_not_finite_are_refused(folder):
    state = load_file(folder / WEIGHTS)
    state["network.head.bias"][7] = float("nan")
    replant(folder, save(state))
    assert fault(folder) == f"{folder / WEIGHTS}: weights must be finite, got some that are not"


def test_a_huge_file_is_refused_unread(folder):
    with (folder / WEIGHTS).open("r+b") as file:
        file.truncate(500_000_001)  # sparse: takes no room
    assert "must have at most 500 MB, got 500000001 bytes" in fault(folder)


def test_saving_over_a_model_replaces_it(folder):
    save_checkpoint(folder, some_checkpoint(5))
    assert load_checkpoint(folder).metrics == {"n": 5}
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


@pytest.mark.parametrize(("step", "call"), [("os.fsync", 1), ("os.fsync", 3), ("Path.rename", 2)])
def test_a_save_that_fails_midway_leaves_the_old_model_and_nothing_else(
    folder, monkeypatch, step, call
):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    owner, name = {"os": os, "Path": Path}[step.split(".")[0]], step.split(".")[1]
    real, calls = getattr(owner, name), []

    def full(*given):
        calls.append(given)
        if len(calls) == call:
            raise OSError(28, "No space left on device")
        return real(*given)

    monkeypatch.setattr(owner, name, full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(folder, some_checkpoint(5))
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("kind", ["full folder", "file"])
def test_what_is_no_model_is_never_overwritten(tmp_path, kind):
    place = tmp_path / "holiday"
    if kind == "file":
        place.write_text("precious")
    else:
        place.mkdir()
        (place / "beach.jpg").write_text("precious")
    with pytest.raises(ModelError, match=r"must be new, empty or .*, got .*holiday"):
        save_checkpoint(place, some_checkpoint(5))
    kept = place if kind == "file" else place / "beach.jpg"
    assert kept.read_text() == "precious"


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "model").mkdir()
    save_checkpoint(tmp_path / "model", some_checkpoint(5))
    assert load_checkpoint(tmp_path / "model").metrics == {"n": 5}


def test_a_loaded_model_predicts_as_the_one_in_memory(tmp_path):
    saved = some_checkpoint(2)
    save_checkpoint(tmp_path / "model", saved)
    reading = Reading(pm25=80, co=1.5)
    now = Predictor("a", served(saved)).predict(reading).fused
    later = load_model(tmp_path / "model").predict(reading).fused
    assert abs(now.aqi - later.aqi) <= 1
