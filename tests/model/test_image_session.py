"""Image encoders in ONNX Runtime give what torch gives, on every backbone and any size of photo."""

import threading

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.numpy import load_file

from aqfusion.images.photo import Photo
from aqfusion.model import image_session
from aqfusion.model.architecture import BACKBONES
from aqfusion.model.checkpoint import WEIGHTS
from aqfusion.model.config import ModelError
from aqfusion.model.image_session import ImageSession, read_graph, weight_names
from aqfusion.network.checkpoint import load_checkpoint
from aqfusion.network.haze_features import haze_features, statistics
from aqfusion.network.onnx_export import image_graph, self_contained
from aqfusion.network.pixel_tensors import stack
from aqfusion.settings import ASSETS

SCENES = sorted((ASSETS / "scenes").glob("*.jpg"))


def session(name: str, side: int = 192) -> ImageSession:
    return ImageSession(name, load_file(ASSETS / "models" / name / WEIGHTS), side)


@pytest.mark.parametrize(
    ("name", "side"),
    [*((name, 192) for name in BACKBONES), *(("mobilenetv2_100", side) for side in (64, 97, 230))],
)
def test_a_session_computes_what_torch_does(name, side):
    encoder = load_checkpoint(ASSETS / "models" / name).network.image_encoder
    images = stack([Photo.open(path) for path in SCENES], side)
    figures = session(name, side)(images.numpy())
    with torch.no_grad():
        features, haze = encoder.pooled_features(images), haze_features(images)
        wanted = (encoder.combine_branches(features, haze), features, haze, statistics(images))
    for output, tensor in zip(vars(figures).values(), wanted, strict=True):
        assert output.dtype == np.float32
        assert np.abs(output - tensor.numpy()).max() < 1e-4


def test_a_self_contained_graph_needs_no_other_file():
    name = "mobilenetv2_100"
    whole = self_contained(read_graph(name), load_file(ASSETS / "models" / name / WEIGHTS))
    images = stack([Photo.open(SCENES[0])]).numpy()
    alone = onnxruntime.InferenceSession(whole, providers=["CPUExecutionProvider"])
    assert (
        np.abs(
            alone.run(["embedding"], {"pixels": images})[0] - session(name)(images).embedding
        ).max()
        < 1e-4
    )


@pytest.mark.parametrize("name", BACKBONES)
def test_normalisation_is_folded_into_convolutions(name, tmp_path, monkeypatch):
    options = image_session.session_options()
    options.optimized_model_filepath = str(tmp_path / "folded.onnx")
    monkeypatch.setattr(image_session, "session_options", lambda: options)
    session(name)
    folded = (tmp_path / "folded.onnx").read_bytes()
    assert b"BatchNormalization" in read_graph(name)
    assert b"BatchNormalization" not in folded
    assert b"Conv" in folded


def test_threads_share_a_session():
    shared = session("mobilenetv2_100")
    photos = [stack([Photo.open(path)]).numpy() for path in SCENES[:4]]
    alone = [shared(photo).embedding for photo in photos]
    seen: list[tuple[int, np.ndarray]] = []

    def look(number: int) -> None:
        seen.extend((number, shared(photos[number]).embedding) for _ in range(3))

    threads = [threading.Thread(target=look, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 12
    assert all(np.abs(vector - alone[number]).max() < 1e-5 for number, vector in seen)


def test_weights_that_do_not_fit_are_refused():
    name = "mobilenetv2_100"
    weights = load_file(ASSETS / "models" / name / WEIGHTS)
    first = weight_names(read_graph(name))[0]
    with pytest.raises(ModelError, match=f"weights must have all .* got none of {first}"):
        ImageSession(name, {key: v for key, v in weights.items() if key != first}, 192)
    with pytest.raises(ModelError, match="weights must fit the graph of mobilenetv2_100"):
        ImageSession(name, {**weights, first: np.zeros((3, 2), np.float32)}, 192)


@pytest.mark.parametrize("content", [b"", b"no graph", read_graph("resnet18")[:5000]])
def test_a_damaged_graph_is_a_sentence(content, tmp_path, monkeypatch):
    monkeypatch.setattr(image_session, "ASSETS", tmp_path)
    with pytest.raises(ModelError, match=r"resnet18\.onnx must lie in assets/graphs"):
        session("resnet18")
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "resnet18.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="must fit the graph of resnet18"):
        session("resnet18")


@pytest.mark.long
@pytest.mark.parametrize("name", BACKBONES)
def test_graphs_are_those_of_the_code(name):
    weights = load_file(ASSETS / "models" / name / WEIGHTS)
    images = stack([Photo.open(path) for path in SCENES[:2]]).numpy()
    new = onnxruntime.InferenceSession(
        self_contained(image_graph(name), weights), providers=["CPUExecutionProvider"]
    )
    wanted = vars(session(name)(images)).values()
    for output, values in zip(
        new.run(image_session.OUTPUTS, {"pixels": images}), wanted, strict=True
    ):
        assert np.abs(output - values).max() < 1e-4
