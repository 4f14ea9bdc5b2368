"""int8 is offered where it costs less than 1 AQI of RMSE on unseen days, and refused elsewhere."""

import json

import numpy as np
import pytest

from aqfusion.cli import main
from aqfusion.edge import int8
from aqfusion.edge.export import ExportedModel, ModelExportError
from aqfusion.edge.quantisation_loss import (
    LabelledPhotos,
    QuantisationLoss,
    quantisation_loss,
    ridge,
)
from aqfusion.images.photo import Photo
from aqfusion.model.checkpoint import load_served
from aqfusion.model.predictor import model_folder
from tests.hostile import sky


@pytest.fixture(scope="module")
def served():
    return load_served(model_folder("resnet18"))


def planted(folds=5, photos=60):
    """Features in which the AQI is a straight line, and days in folds."""
    draw = np.random.default_rng(4)
    features = draw.normal(size=(photos, 512)).astype(np.float32)
    aqi = 200 + 40 * features[:, 0].astype(float)
    fold = np.arange(photos) % folds
    return features, LabelledPhotos(np.zeros((photos, 3, 1, 1), np.uint8), aqi, fold, photos)


def test_the_loss_is_zero_for_the_same_features_and_grows_with_noise(served):
    features, labelled = planted()
    haze = np.zeros((len(features), 108), np.float32)
    same = quantisation_loss(served, labelled, (features, haze), (features, haze))
    assert (same.rmse_loss, same.answers_moved) == (0.0, 0.0)
    noise = np.random.default_rng(5).normal(size=features.shape).astype(np.float32)
    noisy = quantisation_loss(served, labelled, (features, haze), (features + 3 * noise, haze))
    assert noisy.rmse_loss > 1
    assert noisy.answers_moved > 1


def test_no_head_sees_the_fold_that_it_is_judged_on(served):
    """Labels that only their own photo tells are no better met than by the mean of the others."""
    draw = np.random.default_rng(6)
    features = draw.normal(size=(40, 512)).astype(np.float32)
    aqi = draw.uniform(0, 500, 40)
    labelled = LabelledPhotos(np.zeros((40, 3, 1, 1), np.uint8), aqi, np.arange(40) % 4, 40)
    haze = np.zeros((40, 108), np.float32)
    loss = quantisation_loss(served, labelled, (features, haze), (features, haze))
    assert loss.rmse_float > 0.9 * aqi.std()
    remembered = ridge(features, aqi)(features)  # what it would be, had the head seen them
    assert np.sqrt(np.mean((remembered - aqi) ** 2)) < 0.7 * aqi.std()


def test_a_backbone_that_loses_too_much_is_refused_with_the_figure(monkeypatch):
    def attempts(model, calibration, data, report):
        for layers, after in ((0, 70.0), (2, 66.25), (4, 68.0)):
            yield int8.Attempt(model, layers, QuantisationLoss(64.0, after, 9.0, 100, 20))

    monkeypatch.setattr(int8, "attempts", attempts)
    model = ExportedModel(model_folder("resnet18"), b"", {})
    with pytest.raises(ModelExportError) as refused:
        int8.quantised(model, None, None, print)
    assert str(refused.value).startswith(
        "int8 must cost less than 1 AQI of RMSE, got 2.25 at best (64.0 to 66.2)"
    )


def test_a_quantised_graph_is_a_quarter_of_the_size_and_near(tmp_path):
    exported = ExportedModel.of("resnet18")
    pictures, source = int8.calibration_pictures(None, 64)
    assert (source, pictures.shape) == ("rendered scenes", (27, 3, 64, 64))
    few = pictures[::9]  # of several scenes
    graph = int8._quantised(int8._prepared(exported.graph, tmp_path), few, 2, tmp_path)
    assert len(graph) < 0.6 * len(exported.graph)  # which has halves
    plain, _ = int8._features(exported.graph, few)
    small, _ = int8._features(graph, few)
    assert 0 < np.linalg.norm(small - plain) < 0.5 * np.linalg.norm(plain - plain.mean(0))


def test_photos_to_calibrate_by_may_be_any_and_must_be_some(tmp_path):
    with pytest.raises(ModelExportError, match="--calibration must be a folder with photos, got"):
        int8.calibration_pictures(tmp_path, 64)
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    (tmp_path / "deep").mkdir()
    sky(200, 160).save(tmp_path / "deep" / "roof.PNG")
    pictures, source = int8.calibration_pictures(tmp_path, 64)
    assert (pictures.shape, source) == ((1, 3, 64, 64), "1 photos of a folder")
    assert Photo.open(tmp_path / "deep" / "roof.PNG").original_size == (200, 160)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--int8"], "--int8 needs --data: what it costs is measured on photos with a measured"),
        (["--calibration", "x"], "--calibration needs --int8"),
        (["--data", "x"], "--data needs --int8"),
        (["--format", "tflite"], "--format must be one of onnx, got 'tflite'"),
    ],
)
def test_options_that_do_not_fit_are_refused(arguments, sentence, tmp_path, capsys):
    assert main(["export", "--out", str(tmp_path / "out"), *arguments]) == 2
    assert capsys.readouterr().err.startswith(sentence)
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_resnet18_is_offered_in_int8(real_data, tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--model", "resnet18", "--int8", "--data", str(real_data)]
    assert main(["export", "--out", str(out), *options]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["int8"]["rmse_loss"] < 1
    assert about["bytes"] < 14_000_000
