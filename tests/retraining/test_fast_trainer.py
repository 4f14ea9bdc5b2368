"""Training again behind a trunk: the same every time, and the trunk stays as it is."""

from dataclasses import replace

import pytest
import torch

from aqfusion.air.readings import Reading
from aqfusion.model.checkpoint import FEATURES, load_checkpoint
from aqfusion.model.image_features import backbone_hash
from aqfusion.model.training_features import load_features
from aqfusion.retraining.cached_trainer import CachedTrainer
from aqfusion.retraining.training_set import CorrectedSession
from tests.planted_retrain import RECIPE, planted_model, shrink

SHORT = replace(RECIPE, sensor_steps=8, haze_steps=5)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = planted_model(tmp_path_factory.mktemp("model") / "planted")
    checkpoint = load_checkpoint(folder)
    return checkpoint, load_features(folder / FEATURES, backbone_hash(checkpoint))


@pytest.fixture
def bench(base, tmp_path, monkeypatch):
    shrink(monkeypatch)
    monkeypatch.setattr("aqfusion.training.distillation.LESSONS", 200)
    monkeypatch.setattr("aqfusion.retraining.fast_trainer.CNN_STEPS", 3)

    def made(seed: int = 0) -> CachedTrainer:
        return CachedTrainer(*base, replace(SHORT, seed=seed), tmp_path, lambda text: None)

    return made


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


def test_the_seed_alone_decides_what_is_learned(bench, base):
    known = corrections(base[1])
    torch.manual_seed(99)
    first = bench().network(known)
    again = bench().network(known)
    other = bench(1).network(known)
    assert same(first, again)
    assert not same(first, other)
    assert not same(first, bench().network(known[:4]))


def test_what_is_kept_is_what_was_trained(bench):
    first, kept = bench().without_corrections(), bench().without_corrections()
    assert same(first, kept)


def test_trunk_and_gate_stay_and_all_else_is_learned(bench, base):
    network = bench().without_corrections()
    old, new = base[0].network.state_dict(), network.state_dict()
    stays = {name for name in old if torch.equal(old[name], new[name])}
    trunk = {name for name in old if name.startswith(("image_encoder.trunk.", "gate."))}
    assert trunk <= stays
    learned = {name for name in old if name.startswith(("sensor_encoder.", "head."))}
    assert not {name for name in learned if name.endswith("weight")} & stays
    assert not any(parameter.requires_grad for parameter in network.parameters())
