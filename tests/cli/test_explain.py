"""The command explain: a report, two pictures, a repetition; one sentence for all bad input."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from aqfusion.cli import main
from aqfusion.explain.saliency import METHODS
from aqfusion.explain.saliency_targets import METHOD_NAMES
from aqfusion.images.photo import Photo
from aqfusion.model.photo_screening import RULES, PhotoScreening
from aqfusion.settings import ROOT
from tests.planted import sky


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "sky.jpg"
    sky(300, seed=1, size=64).save(path)
    return path


@pytest.fixture(autouse=True)
def _untrained(monkeypatch, checkpoint_folder):
    for name in ("DATA", "HOME"):
        monkeypatch.delenv(f"AQFUSION_{name}", raising=False)
    monkeypatch.setenv("AQFUSION_MODEL", str(checkpoint_folder))


def printed(capsys, *arguments: object) -> str:
    assert main(["explain", *map(str, arguments)]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def refusal(capsys, *arguments: object) -> str:
    assert main(["explain", *map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), "Traceback" in err) == ("", 1, False)
    return err.rstrip("\n")


def picture(path: Path) -> Image.Image:
    opened = Image.open(io.BytesIO(path.read_bytes()))
    opened.load()
    assert (opened.format, opened.mode, opened.info) == ("PNG", "RGB", {})
    return opened


def test_explain_prints_the_report_and_says_the_same_as_predict(capsys, photo):
    given = ["--image", str(photo), "--pm25", "180", "--o3", "30", "--unit", "o3=ppb"]
    told = json.loads(printed(capsys, *given))
    assert list(told)[-5:] == ["inputs", "prediction", "explanation", "formula", "in_words"]
    assert told["inputs"]["readings"]["o3"] == 58.86
    assert main(["predict", *given]) == 0
    predicted = json.loads(capsys.readouterr().out)
    assert told["prediction"]["fused"] == {
        key: predicted[key]
        for key in predicted
        if key in ("aqi", "low", "high", "category", "probabilities")
    }
    assert told["prediction"]["image_only"] == predicted["image_only"]
    assert told["formula"] == predicted["formula"]


def test_explain_writes_the_card_and_the_heat_map(capsys, photo, tmp_path):
    out, heat = tmp_path / "new" / "card.PNG", tmp_path / "heat.png"
    asked = ["--method", "EigenCAM", "--target", "Good"]
    printed(capsys, "--image", photo, "--pm25", "9", "--out", out, "--heat-map", heat, *asked)
    assert picture(out).width == 1200
    assert picture(heat).size == Photo.open(photo).image.size
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heat.png", "new", "sky.jpg"]


def test_method_and_target_change_the_heat_map(capsys, photo, tmp_path):
    maps = set()
    for method, target in (("GradCAM", "raises"), ("GradCAM", "lowers"), ("EigenCAM", "raises")):
        heat = tmp_path / "heat.png"
        asked = ("--heat-map", heat, "--method", method, "--target", target)
        printed(capsys, "--image", photo, *asked)
        maps.add(picture(heat).tobytes())
    assert len(maps) == 3


def test_a_card_needs_no_photo_and_its_file_is_replaced_whole(capsys, tmp_path):
    out = tmp_path / "card.png"
    out.write_bytes(b"an old card")
    printed(capsys, "--pm10", "0", "--out", out)
    assert picture(out).width == 1200
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_a_refused_photo_alone_gets_a_sentence(capsys, photo, monkeypatch, command):
    monkeypatch.setattr(PhotoScreening, "reason", lambda *_: RULES[0].words)
    assert main([command, "--image", str(photo)]) == 2
    assert capsys.readouterr() == (
        "",
        f"{command} must have a usable photo, --site with days or at least one of "
        "--pm25, --pm10, --o3, --co, --so2, --no2, got only a photo that is left out: too dark, "
        "as at night or indoors (--trust-photo uses it anyway)\n",
    )
    assert main([command, "--image", str(photo), "--trust-photo"]) == 0
    assert main([command, "--image", str(photo), "--pm25", "9"]) == 0


def test_a_refused_photo_has_a_card_but_no_heat_map(capsys, photo, tmp_path, monkeypatch):
    monkeypatch.setattr(PhotoScreening, "reason", lambda *_: RULES[0].words)
    out, heat = tmp_path / "card.png", tmp_path / "heat.png"
    given = ("--image", photo, "--pm25", "9")
    refused = refusal(capsys, *given, "--out", out, "--heat-map", heat)
    assert refused == (
        "--heat-map needs a photo that is used; this one is left out: too dark, as at night or "
        "indoors (--trust-photo uses it anyway)"
    )
    assert not out.exists()
    told = json.loads(printed(capsys, *given, "--out", out))
    assert told["prediction"]["photo_problem"] == RULES[0].words
    printed(capsys, "--image", photo, "--heat-map", heat, "--trust-photo")
    picture(heat)


@pytest.mark.parametrize("readings", [["--pm25", "180", "--co", "0.333333333"], []])
@pytest.mark.parametrize("shown", [True, False])
def test_a_saved_report_agrees_with_its_repetition(capsys, photo, tmp_path, readings, shown):
    image = ["--image", photo] if shown else []
    if not image and not readings:
        return
    report = tmp_path / "report.json"
    report.write_text(printed(capsys, *image, *readings))
    said = json.loads(printed(capsys, "--repeat", report, *image))
    assert (said["agrees"], said["report"], said["model"]) == (True, "report.json", "untrained")


def test_a_changed_report_does_not_agree_and_the_place_is_named(capsys, tmp_path):
    report = tmp_path / "report.json"
    told = json.loads(printed(capsys, "--pm25", "180"))
    found = told["prediction"]["fused"]["aqi"]
    told["prediction"]["fused"]["aqi"] = 7
    told["formula"]["us"]["aqi"] = 7
    report.write_text(json.dumps(told))
    assert refusal(capsys, "--repeat", report) == (
        "report.json: the report and this run differ: prediction.fused.aqi is 7 in the report and "
        f"{found} now; 1 more values differ"
    )


def test_another_model_photo_or_no_report_is_one_sentence(capsys, photo, tmp_path):
    report = tmp_path / "report.json"
    report.write_text(printed(capsys, "--image", photo, "--pm25", "180"))
    other = tmp_path / "other.png"
    sky(20, seed=2).save(other)
    assert refusal(capsys, "--repeat", report).startswith("report.json was made with a photo")
    refused = refusal(capsys, "--repeat", report, "--image", other)
    assert refused.startswith("photo must have the digest ")
    told = json.loads(report.read_text())
    told["model"]["sha256"] = "0" * 64
    report.write_text(json.dumps(told))
    refused = refusal(capsys, "--repeat", report, "--image", photo)
    assert refused.startswith("model must have the sha256 000000000000... as report.json says")
    report.write_text('{"format": 1')
    assert refusal(capsys, "--repeat", report).startswith("report.json must be a readable JSON")
    refused = refusal(capsys, "--repeat", tmp_path)
    assert refused == f"{tmp_path.name} must be a readable file: Is a directory"


BAD = [
    ("", "explain must have --image, --site or at least one of --pm25, --pm10, --o3"),
    ("--pm25 -1", "pm25 must be >= 0 ug/m3, got -1"),
    ("--image none.jpg", "none.jpg must be an image file, got nothing there"),
    ("--pm25 1 --out card.jpg", "--out must name a file that ends in .png, got 'card.jpg'"),
    ("--pm25 1 --out card", "--out must name a file that ends in .png, got 'card'"),
    ("--pm25 1 --out=", "--out must name a file that ends in .png, got ''"),
    ("--pm25 1 --out folder.png", "--out must name a file, got the folder folder.png"),
    ("--pm25 1 --heat-map a.png", "--heat-map needs --image, got none"),
    ("--image sky.jpg --heat-map a.txt", "--heat-map must name a file that ends in .png, got"),
    ("--image sky.jpg --out a.png --heat-map ./a.png", "--out and --heat-map must be two files"),
    (
        "--image sky.jpg --out a.png --method CAM",
        "--method must be one of GradCAM, GradCAM++, Layer",
    ),
    ("--image sky.jpg --out a.png --target bad", "--target must be one of raises, lowers, Good, "),
    ("--image sky.jpg --method GradCAM", "--method needs --image, and --heat-map or --out"),
    ("--pm25 1 --out a.png --target Good", "--target needs --image, and --heat-map or --out"),
    ("--repeat none.json", "none.json must be a readable file: No such file or directory"),
    ("--repeat none.json --pm25 1", "--repeat takes --image, --site and --model and nothing else"),
    (
        "--repeat none.json --trust-photo",
        "--repeat takes --image, --site and --model and nothing else",
    ),
    (
        "--repeat none.json --out a.png",
        "--repeat takes --image, --site and --model and nothing else",
    ),
    ("--repeat empty.json", "empty.json: the table must have 'format', got {}"),
]


@pytest.fixture
def _folder(tmp_path, monkeypatch, photo):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "empty.json").write_text("{}")


@pytest.mark.usefixtures("_folder")
@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_explain_refuses_bad_input_in_one_sentence(capsys, tmp_path, arguments, sentence):
    before = sorted(tmp_path.rglob("*"))
    assert refusal(capsys, *arguments.split()).startswith(sentence)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("_folder")
def test_bad_input_of_explain_is_told_without_loading_torch(tmp_path):
    program = (
        "import sys; from aqfusion.cli import main\n"
        f"codes = [main(['explain', *line.split()]) for line in {[line for line, _ in BAD]!r}]\n"
        "print(set(codes), sorted({'torch', 'timm', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "{2} []\n", done.stderr
    assert done.stderr.count("\n") == len(BAD)


def test_a_place_that_cannot_be_written_is_one_sentence(capsys, tmp_path):
    (tmp_path / "file").touch()
    refused = refusal(capsys, "--pm25", "1", "--out", tmp_path / "file" / "card.png")
    assert refused.endswith(f": {tmp_path / 'file'}")


def test_the_names_of_the_methods_are_those_that_there_are():
    assert tuple(METHODS) == METHOD_NAMES
