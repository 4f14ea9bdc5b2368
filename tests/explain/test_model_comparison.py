"""Planted models side by side: nothing vanishes, each keeps its own guard, times are told."""

from dataclasses import replace
from itertools import count

import pytest

from aqfusion.air.readings import Reading
from aqfusion.explain import model_comparison
from aqfusion.explain.model_comparison import ComparedModel, Unusable
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Predictor, load_model
from aqfusion.network.checkpoint import served, trained
from aqfusion.network.photo_screen import PhotoScreen
from tests.planted import sky
from tests.planted_models import ship

READING = Reading(pm25=80, no2=40)
PHOTO = Photo.from_image(sky(200, seed=1, size=120))


@pytest.fixture(scope="module")
def assets(tmp_path_factory, checkpoint_folder):
    return ship(tmp_path_factory.mktemp("assets"), checkpoint_folder)


@pytest.fixture(autouse=True)
def _planted(assets, monkeypatch):
    monkeypatch.setattr("aqfusion.model.predictor.ASSETS", assets)
    monkeypatch.setattr(model_comparison, "ASSETS", assets)


@pytest.fixture
def everyone():
    return model_comparison.contenders()


def test_models_stand_in_the_order_of_the_backbones_and_a_broken_one_says_why(everyone, assets):
    assert [(type(one), one.name, one.title) for one in everyone] == [
        (ComparedModel, "mobilenetv2_100", "MobileNetV2"),
        (ComparedModel, "resnet18", "ResNet18"),
        (Unusable, "efficientnet_b0", "EfficientNet-B0"),
    ]
    sizes = [
        (assets / "models" / one.name / "model.safetensors").stat().st_size for one in everyone
    ]
    assert [one.weights_bytes for one in everyone[:2]] == sizes[:2]
    assert "sha256 must be" in everyone[2].problem


def test_the_title_is_that_of_the_network_not_of_the_folder(assets):
    odd = assets / "models" / "another"
    odd.symlink_to(assets / "models" / "resnet18")
    try:
        last = model_comparison.contenders()[-1]
    finally:
        odd.unlink()
    assert (last.name, last.title) == ("another", "ResNet18")


def test_no_model_is_no_contender(monkeypatch, tmp_path):
    monkeypatch.setattr("aqfusion.model.predictor.ASSETS", tmp_path)
    assert model_comparison.contenders() == ()


def test_models_are_loaded_by_the_loader_that_is_given(everyone):
    asked = []

    def load(name):
        asked.append(name)
        return everyone[0].predictor

    assert all(
        contender.predictor is everyone[0].predictor
        for contender in model_comparison.contenders(load)
    )
    assert asked == ["mobilenetv2_100", "resnet18", "efficientnet_b0"]


def test_a_look_and_a_verdict_are_what_the_model_says_itself(everyone):
    for one in everyone[:2]:
        seen = model_comparison.predict_with(one.predictor, PHOTO)
        assert (seen.embedding.vector == one.predictor.embed(PHOTO).vector).all()
        verdict = model_comparison.model_agreement(one.predictor, READING, seen)
        assert verdict.result == one.predictor.predict(READING, PHOTO)
        assert min(seen.embed_ms, verdict.predict_ms) > 0
    assert model_comparison.model_agreement(
        one.predictor, READING, None
    ).result == one.predictor.predict(READING)


def test_only_the_second_run_is_timed(everyone, monkeypatch):
    ticks, runs = count(step=0.25), []
    clock_at = []

    def clock():
        clock_at.append(len(runs))
        return next(ticks)

    embed = Predictor.embed
    monkeypatch.setattr(Predictor, "embed", lambda of, photo: runs.append(1) or embed(of, photo))
    seen = model_comparison.predict_with(everyone[0].predictor, PHOTO, clock=clock)
    assert (seen.embed_ms, clock_at) == (250.0, [1, 2])
    assert (
        model_comparison.model_agreement(
            everyone[0].predictor, READING, seen, clock=clock
        ).predict_ms
        == 250.0
    )
    assert len(runs) == 2  # a moved slider embeds nothing


def test_each_model_asks_its_own_guard(everyone):
    guard = PhotoScreen(1280)
    guard.threshold.fill_(-1.0)
    trusting = everyone[0].predictor
    refusing = Predictor("refusing", served(replace(trained(trusting.checkpoint), guard=guard)))
    verdicts = [
        model_comparison.model_agreement(
            model, READING, model_comparison.predict_with(model, PHOTO)
        )
        for model in (trusting, refusing)
    ]
    assert verdicts[0].result.photo_problem is None
    assert verdicts[0].result.image_only is not None
    assert isinstance(verdicts[1].result.photo_problem, str)
    assert verdicts[1].result.image_only is None
    insisted = model_comparison.model_agreement(
        refusing, READING, model_comparison.predict_with(refusing, PHOTO), trust_photo=True
    )
    assert insisted.result.fused == verdicts[0].result.fused


def test_the_spread_is_between_the_lowest_and_the_highest():
    result = load_model(model_comparison.contenders()[0].name).predict(READING)
    results = [replace(result, fused=replace(result.fused, aqi=aqi)) for aqi in (150, 164, 158)]
    assert model_comparison.spread(results) == 14
    assert model_comparison.spread(results[:1]) == 0
