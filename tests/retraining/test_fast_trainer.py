"""Training again behind a trunk: the same every time, and the trunk stays as it is."""

from dataclasses import replace

import pytest
import torch

from aqfusion.air.readings import Reading
from aqfusion.model.checkpoint import FEATURES
from aqfusion.network.checkpoint import load_checkpoint
from aqfusion.network.image_features import backbone_hash
from aqfusion.network.training_features import load_features
from aqfusion.retraining.fast_trainer import (
    TrainedNetwork,
    TrainingSetup,
    begin_networks,
    train_baseline,
    train_network,
)
from aqfusion.retraining.holdout import holdout_groups
from aqfusion.retraining.training_set import CorrectedSession
from tests.planted_retrain import RECIPE, planted_model, shrink

SHORT = replace(RECIPE, sensor_steps=8, haze_steps=5)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = planted_model(tmp_path_factory.mktemp("model") / "planted")
    checkpoint = load_checkpoint(folder)
    return checkpoint, load_features(folder / FEATURES, backbone_hash(checkpoint))


@pytest.fixture
def setup(base, monkeypatch):
    shrink(monkeypatch)
    monkeypatch.setattr("aqfusion.training.distillation.LESSONS", 200)
    monkeypatch.setattr("aqfusion.retraining.fast_trainer.CNN_STEPS", 3)

    def made(seed: int = 0) -> TrainingSetup:
        return TrainingSetup(*base, holdout_groups(base[1]), replace(SHORT, seed=seed))

    return made


def baseline(setup, folder) -> TrainedNetwork:
    return train_baseline(setup, folder, lambda text: None)


def network(setup, corrected, folder):
    kernels = baseline(setup, folder).kernels
    return train_network(setup, kernels, corrected, lambda text: None).network


def corrections(features) -> list[CorrectedSession]:
    return [
        CorrectedSession(
            f"g{number}",
            "Deltapur",
            Reading(pm25=100.0 + number),
            (number,),
            ((300.0, 300.0),),
            features.features[number : number + 1],
            features.statistics[number : number + 1],
        )
        for number in range(5)
    ]


def same(one, other) -> bool:
    first, second = one.state_dict(), other.state_dict()
    return all(torch.equal(first[name], second[name]) for name in first)


def test_the_seed_alone_decides_what_is_learned(setup, base, tmp_path):
    known = corrections(base[1])
    torch.manual_seed(99)
    first = network(setup(), known, tmp_path)
    again = network(setup(), known, tmp_path)
    other = network(setup(1), known, tmp_path)
    assert same(first, again)
    assert not same(first, other)
    assert not same(first, network(setup(), known[:4], tmp_path))


def test_what_is_kept_is_what_was_trained(setup, tmp_path):
    first, kept = baseline(setup(), tmp_path), baseline(setup(), tmp_path)
    assert same(first.network, kept.network)
    assert first.kernels == kept.kernels


def test_a_training_leaves_the_kernels_as_they_are(setup, base, tmp_path):
    kernels = baseline(setup(), tmp_path).kernels
    few = dict(list(kernels.items())[:3])
    given = {name: list(theta) for name, theta in few.items()}
    trained = train_network(setup(), given, corrections(base[1]), lambda text: None)
    assert given == few
    assert set(trained.kernels) > set(few)


def test_networks_trained_beside_are_those_trained_here(setup, base, tmp_path):
    known = corrections(base[1])
    kernels = baseline(setup(), tmp_path).kernels
    begun = begin_networks(setup(), kernels, [known[:2], known[2:]], 0.5, lambda text: None)
    first, second = begun()
    here = train_network(setup(), kernels, known[:2], lambda text: None, share=0.5)
    assert same(first, here.network)
    here = train_network(setup(), kernels, known[2:], lambda text: None, share=0.5)
    assert same(second, here.network)


def test_trunk_and_gate_stay_and_all_else_is_learned(setup, base, tmp_path):
    trained = baseline(setup(), tmp_path).network
    old, new = base[0].network.state_dict(), trained.state_dict()
    stays = {name for name in old if torch.equal(old[name], new[name])}
    trunk = {name for name in old if name.startswith(("image_encoder.trunk.", "gate."))}
    assert trunk <= stays
    learned = {name for name in old if name.startswith(("sensor_encoder.", "head."))}
    assert not {name for name in learned if name.endswith("weight")} & stays
    assert not any(parameter.requires_grad for parameter in trained.parameters())
