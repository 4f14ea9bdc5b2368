"""The commands predict, evaluate and train: their JSON, and one sentence for all bad input."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import aqfusion
from aqfusion.cli import main
from aqfusion.cli.train import WeightsOption
from aqfusion.data.dataset_folder import CSV_NAME
from aqfusion.evaluation.saliency_faithfulness import saliency_faithfulness
from aqfusion.settings import ROOT
from tests.planted import planted_records, sky, write_folder
from tests.planted_sites import save_with_sites

PREDICTION = ["aqi", "low", "high", "category", "probabilities"]
SCORES = [
    "accuracy",
    "rmse",
    "mae",
    "session_rmse",
    "interval_coverage",
    "interval_width",
]
KINDS = ["fused", "image_only", "sensors_only"]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "sky.jpg"
    sky(300, seed=1).save(path)
    return path


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in ("DATA", "WEIGHTS", "MODEL", "HOME"):
        monkeypatch.delenv(f"AQFUSION_{name}", raising=False)


def answer(capsys, *arguments: object) -> dict:
    assert main([str(argument) for argument in arguments]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refusal(capsys, *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert "Traceback" not in err
    return err.rstrip("\n")


def test_predict_prints_every_documented_key(capsys, photo, checkpoint_folder):
    given = ["--image", photo, "--pm25", "180", "--o3", "30", "--unit", "o3=ppb"]
    said = answer(capsys, "predict", *given, "--model", checkpoint_folder)
    assert list(said) == [
        *PREDICTION,
        "modalities",
        "readings",
        "photo_share",
        "site_share",
        "photo_problem",
        "photo_notes",
        "image_only",
        "sensors_only",
        "site_only",
        "site",
        "landmarks",
        "haze",
        "formula",
        "model",
    ]
    assert (said["modalities"], said["readings"]) == (["image", "sensors"], ["pm25", "o3"])
    assert said["model"] == "untrained"
    for prediction in (said, said["image_only"], said["sensors_only"]):
        assert list(prediction)[:5] == PREDICTION
        assert prediction["low"] <= prediction["aqi"] <= prediction["high"]
        assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert list(said["formula"]) == ["us", "india"]
    assert said["formula"]["us"]["dominant"] == "pm25"


def test_predict_says_none_for_what_was_not_given(capsys, photo, checkpoint_folder):
    image = answer(capsys, "predict", "--image", photo, "--model", checkpoint_folder)
    assert (image["sensors_only"], image["readings"], image["photo_share"]) == (None, [], 1.0)
    assert image["formula"]["us"]["aqi"] is None
    sensors = answer(capsys, "predict", "--pm10", "0", "--json", "--model", checkpoint_folder)
    assert (sensors["image_only"], sensors["readings"]) == (None, ["pm10"])


def test_the_model_of_the_settings_is_the_default(capsys, checkpoint_folder, monkeypatch):
    monkeypatch.setenv("AQFUSION_MODEL", str(checkpoint_folder))
    assert answer(capsys, "predict", "--pm25", "9")["model"] == "untrained"


def test_evaluate_prints_every_documented_key(capsys, data_folder, checkpoint_folder):
    said = answer(capsys, "evaluate", "--data", data_folder, "--model", checkpoint_folder)
    assert list(said) == ["model", "n", "sessions", "seen_in_training", *KINDS]
    assert (said["n"], said["sessions"], said["seen_in_training"]) == (36, 12, 1)
    assert [list(said[kind]) for kind in KINDS] == [SCORES] * 3


def test_evaluate_tells_a_model_that_knows_sites_with_their_history_too(
    capsys, data_folder, checkpoint_folder, tmp_path
):
    model = save_with_sites(tmp_path / "m", checkpoint_folder)
    said = answer(capsys, "evaluate", "--data", data_folder, "--model", model)
    assert list(said) == ["model", "n", "sessions", "seen_in_training", *KINDS, "with_history"]
    told = said["with_history"]
    assert [list(told[kind]) for kind in (*KINDS, "history_only")] == [SCORES] * 4


@pytest.mark.usefixtures("_tiny")
def test_train_prints_every_documented_key_and_the_model_is_there(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("aqfusion.training.training_loop.fit_sensors", lambda *_: None)
    monkeypatch.setattr("aqfusion.training.training_loop.fit_haze", lambda *_: None)
    data = write_folder(tmp_path / "data", planted_records()[::3][:4])
    out = tmp_path / "model"
    options = ["--epochs", "1", "--seed", "3", "--licence", "planted"]
    said = answer(capsys, "train", "--data", data, "--out", out, *options)
    assert list(said) == ["model", "recipe", "n", "sessions", "protocol", *KINDS]
    assert (said["model"], said["recipe"]["epochs"], said["recipe"]["seed"]) == (str(out), 1, 3)
    assert json.loads((out / "config.json").read_text())["about"]["data_licence"] == "planted"
    assert json.loads((out / "metrics.json").read_text())["fused"] == said["fused"]
    assert answer(capsys, "predict", "--pm25", "50", "--model", out)["model"] == "model"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", "predict must have --image, --site or at least one of --pm25, --pm10, --o3"),
        ("--pm25=", "predict must have --image, --site or at least one of --pm25, --pm10, --o3"),
        ("--pm25 -1", "pm25 must be >= 0 ug/m3, got -1"),
        ("--pm25 nan", "pm25 must be a finite number, got nan"),
        ("--pm25 1e9", "pm25 must be <= 5000 ug/m3, got 1e9"),
        ("--pm25 much", "pm25 must be a number, got 'much'"),
        ("--pm25 1 --unit pm25=ppb", "unit of pm25 must be one of"),
        ("--pm25 1 --unit o3", "--unit must look like o3=ppb, got 'o3'"),
        ("--image none.jpg", "none.jpg must be an image file, got nothing there"),
        ("--image assets", "assets must be an image file, got a folder"),
        ("--image pyproject.toml", "pyproject.toml must be"),
        ("--pm25 1 --model nothing-like-it", "model must be "),
        ("--pm25 1 --model ~nobody-of-this-name", "model must be "),
        (f"--pm25 1 --model {'x' * 5000}", "File name too long: "),
        ("--pm25 1 --model pyproject.toml", "model must be "),
        ("--pm25 1 --model tests", "tests/config.json must be readable: No such file"),
    ],
)
def test_predict_refuses_bad_input_in_one_sentence(capsys, monkeypatch, arguments, sentence):
    monkeypatch.chdir(ROOT)
    assert refusal(capsys, "predict", *arguments.split()).startswith(sentence)


def test_predict_refuses_a_cut_model(capsys, checkpoint_folder, tmp_path):
    for name in ("config.json", "metrics.json", "model.safetensors"):
        content = (checkpoint_folder / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) * 2 // 3])
    refused = refusal(capsys, "predict", "--pm25", "1", "--model", tmp_path)
    assert refused.startswith(f"{tmp_path / 'config.json'} must be valid JSON")
    (tmp_path / "config.json").write_bytes((checkpoint_folder / "config.json").read_bytes())
    refused = refusal(capsys, "predict", "--pm25", "1", "--model", tmp_path)
    assert refused.startswith(f"{tmp_path / 'model.safetensors'}: sha256 must be")


@pytest.mark.parametrize("command", ["evaluate", "evaluate --protocol all", "train --out model"])
def test_bad_data_folders_are_refused(capsys, monkeypatch, tmp_path, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    data = write_folder(tmp_path / "bad", planted_records()[:3])
    table = data / "Combined_Dataset" / CSV_NAME
    table.write_text(re.sub(r"(?m)^(([^,]*,){6})[0-9]+,", r"\1-3,", table.read_text()))
    for folder, sentence in (
        ("none", "data folder must exist, got none"),
        ("empty", f"data folder must hold {CSV_NAME}"),
        (
            "bad",
            f"{CSV_NAME} must have at least one good row, got 3 bad ones, the first in",
        ),
    ):
        assert refusal(capsys, *command.split(), "--data", folder).startswith(sentence)
    assert refusal(capsys, *command.split()).startswith("--data must name a data folder")
    monkeypatch.setenv("AQFUSION_DATA", "none")
    assert refusal(capsys, *command.split()).startswith("AQFUSION_DATA must name a folder")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--epochs 0", "--epochs must be a whole number from 1 to 1000, got '0'"),
        ("--epochs 1.5", "--epochs must be a whole number from 1 to 1000, got '1.5'"),
        ("--epochs ²", "--epochs must be a whole number from 1 to 1000, got '²'"),
        (f"--epochs {'9' * 5000}", "--epochs must be a whole number from 1 to 1000, got '999"),
        ("--seed -1", "--seed must be a whole number from 0 to 2147483647, got '-1'"),
        ("--backbone vgg16", "backbone must be one of mobilenetv2_100, resnet18"),
        ("--weights none-there", "--weights must be hub, none or a folder that exists, got 'none-"),
        (
            "--weights busy",
            "no pretrained weights: busy/mobilenetv2_100.safetensors does not exist",
        ),
        ("--out busy", "model folder to write must be new, empty or hold nothing but a model"),
        ("--out file", "model folder to write must be new, empty or hold nothing but a model"),
        ("--out file/below", "Not a directory: "),
    ],
)
def test_train_refuses_bad_input_before_any_work(
    capsys, data_folder, monkeypatch, tmp_path, arguments, sentence
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "notes.txt").touch()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    given = ["train", "--data", data_folder, "--out", "model", *arguments.split()]
    assert refusal(capsys, *given).startswith(sentence)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--protocol kaggle", "protocol must be one of leak-safe, place, paper, got 'kaggle'"),
        ("--protocol=", "protocol must be one of leak-safe, place, paper, got ''"),
        ("--backbone resnet18", "--backbone needs --protocol: leak-safe, place, paper or all, got"),
        ("--protocol paper --backbone vgg16", "backbone must be one of mobilenetv2_100, resnet18"),
        (
            "--protocol paper --weights none-there",
            "--weights must be hub, none or a folder that exists, got 'none-there'",
        ),
        (
            "--protocol all --backbone efficientnet_b0 --weights none-there",
            "--weights must be hub, none or a folder that exists, got 'none-there'",
        ),
        (
            "--protocol all --weights empty",
            "no pretrained weights: empty/mobilenetv2_100.safetensors does not exist",
        ),
        ("--protocol all --out damaged.json", "damaged.json must be valid JSON: "),
        ("--out other.json", "--out needs --protocol: leak-safe, place, paper or all, got none"),
        ("--cache kept", "--cache needs --protocol: "),
        ("--weights none", "--weights needs --protocol: "),
        (
            "--protocol all --model mine",
            "--model is not allowed with --protocol, which trains its own",
        ),
        ("--protocol all --out empty", "empty must be readable: Is a directory"),
    ],
)
def test_evaluate_refuses_a_bad_protocol_before_any_photo_is_read(
    capsys, data_folder, monkeypatch, tmp_path, arguments, sentence
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("aqfusion.images.photo.Photo.open", pytest.fail)
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged.json").write_text('{"format": 1, "proto')
    before = sorted(tmp_path.rglob("*"))
    refused = refusal(capsys, "evaluate", "--data", data_folder, *arguments.split())
    assert refused.startswith(sentence)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "bad",
    ["--protocol kaggle", "--protocol all --backbone vgg16", "--protocol all --weights none-"],
)
def test_a_name_that_is_wrong_is_told_before_the_data_folder_is_looked_at(capsys, bad):
    refused = refusal(capsys, "evaluate", *bad.split(), "--data", "no-such-folder")
    assert "data folder" not in refused


def test_evaluate_measures_what_is_asked_for_and_says_where(
    capsys, data_folder, monkeypatch, tmp_path
):
    """The measuring itself is `test_measure`'s; here it is what is handed over."""
    asked = []
    monkeypatch.setattr(
        "aqfusion.release.measure_metrics.MetricsMeasurement.run",
        lambda *given: asked.append(given),
    )
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / "home"))
    options = ["--data", data_folder, "--out", tmp_path / "figures.json"]
    said = answer(capsys, "evaluate", "--protocol", "all", "--backbone", "resnet18", *options)
    assert said == {
        "wrote": str(tmp_path / "figures.json"),
        "protocols": ["leak-safe", "place", "paper"],
        "backbones": ["resnet18"],
    }
    answer(capsys, "evaluate", "--protocol", "paper", "--cache", tmp_path / "kept", *options)
    assert [told.heat_map_figures for told, *_ in asked] == [
        saliency_faithfulness,
        saliency_faithfulness,
    ]
    assert [(len(told.rows), runs, told.cache, out) for told, runs, out in asked] == [
        (
            36,
            [("leak-safe", "resnet18"), ("place", "resnet18"), ("paper", "resnet18")],
            tmp_path / "home" / "evaluation",
            tmp_path / "figures.json",
        ),
        (
            36,
            [("paper", name) for name in ("mobilenetv2_100", "resnet18", "efficientnet_b0")],
            tmp_path / "kept",
            tmp_path / "figures.json",
        ),
    ]


def first_weights(source: object) -> WeightsOption:
    return WeightsOption(None if source is None else str(source))


def test_a_backbone_without_weights_of_its_own_is_distilled_where_others_have_some(
    capsys, tmp_path
):
    (tmp_path / "resnet18.safetensors").touch()
    recipe = first_weights(tmp_path).recipe("efficientnet_b0", "leak-safe", 1)
    assert [elder.backbone for elder in recipe.distilled_from] == ["mobilenetv2_100", "resnet18"]
    assert capsys.readouterr().err.startswith("efficientnet_b0: no pretrained weights, so it is")
    assert first_weights(tmp_path).recipe("resnet18", "leak-safe", 1).distilled_from == ()
    for source in (None, "none", "hub"):
        assert first_weights(source).recipe("efficientnet_b0", "paper", 1).distilled_from == ()
    (tmp_path / "efficientnet_b0.safetensors").touch()
    assert first_weights(tmp_path).recipe("efficientnet_b0", "place", 1).distilled_from == ()


def test_a_place_that_cannot_be_written_is_one_sentence(capsys, tmp_path):
    (tmp_path / "file").touch()
    below = tmp_path / "file" / "scenes"
    refused = refusal(capsys, "render-scenes", "--out", below)
    assert refused == f"Not a directory: {below}"


def test_a_full_disk_is_one_sentence(capsys, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("aqfusion.synthetic_scenes.write_scenes", full)
    assert refusal(capsys, "render-scenes") == "No space left on device"


def test_an_interrupt_is_one_short_sentence_and_130(capsys, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("aqfusion.synthetic_scenes.write_scenes", interrupted)
    assert main(["render-scenes"]) == 130
    assert capsys.readouterr() == ("", "interrupted\n")


def python(program: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [["--pm25", "-1"], [], ["--image", "none.jpg"]])
def test_bad_input_of_predict_is_told_without_loading_torch(arguments):
    done = python(
        "import sys; from aqfusion.cli import main; "
        f"code = main(['predict', *{arguments!r}]); "
        "print(code, sorted({'torch', 'timm', 'streamlit'} & set(sys.modules)))"
    )
    assert done.stdout == "2 []\n"


def test_the_package_is_three_lines_away(checkpoint_folder, photo):
    from aqfusion import Photo, Reading, load_model

    result = load_model(checkpoint_folder).predict(Reading(pm25=180), Photo.open(photo))
    assert result.fused.low <= result.fused.aqi <= result.fused.high


def test_the_package_has_no_other_names():
    with pytest.raises(AttributeError, match="module 'aqfusion' has no attribute 'predict_all'"):
        _ = aqfusion.predict_all
    assert all(hasattr(aqfusion, name) for name in aqfusion.__all__)
