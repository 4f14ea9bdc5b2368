"""From people's answers to a promoted model, in a world whose answers are known."""

import numpy as np
import pytest
import torch

from aqfusion.labels.answer import Answer
from aqfusion.model.network import AQFusionNet
from aqfusion.registry.registry import TERMINAL, Registry
from aqfusion.retrain.job import Trial, attempt, keep
from aqfusion.retrain.look import look
from aqfusion.retrain.said import KINDS, say
from tests.planted_retrain import (
    NOW,
    RECIPE,
    SHIFT,
    deltapur,
    labelled_store,
    planted_model,
    shifted,
    shrink,
)

UNSEEN = [45.0, 100.0, 155.0, 210.0, 265.0, 310.0]  # PM2.5 between those that were labelled


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    shrink(monkeypatch)
    monkeypatch.setattr("aqfusion.labels.secrets_kept._COST", 2)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return planted_model(tmp_path_factory.mktemp("model") / "planted")


@pytest.fixture
def registry(model, tmp_path) -> Registry:
    return Registry(tmp_path / "models", str(model))


def tried(store, registry) -> Trial:
    try:
        return attempt(store, registry, RECIPE, lambda text: None)
    finally:
        store.close()


def errors(trial: Trial, network: AQFusionNet) -> dict[str, float]:
    """RMS error at Deltapur, of photos and readings that nobody labelled."""
    photos = [deltapur(pm25, 1000 + number) for number, pm25 in enumerate(UNSEEN)]
    seen = look(trial.bench.base, photos)
    nan = float("nan")
    readings = torch.tensor([[pm25, nan, nan, nan, 61.0, nan] for pm25 in UNSEEN])
    told = say(
        network, trial.bench.base.config.temperature, (seen.features, seen.statistics), readings
    )
    right = np.array(UNSEEN) + SHIFT
    return {kind: float(np.sqrt(np.mean((told[kind] - right) ** 2))) for kind in KINDS}


def test_a_place_told_wrongly_is_learned_and_nothing_else_gets_worse(registry, tmp_path):
    trial = tried(labelled_store(tmp_path, shifted), registry)
    before = errors(trial, trial.bench.without_corrections())
    after = errors(trial, trial.outcome.network)
    assert after["fused"] < before["fused"] / 2
    print(before, after, trial.outcome.evidence, trial.outcome.verdict)
    for c in trial.outcome.changes:
        print(c)


def test_random_labels_are_refused(registry, tmp_path):
    lot = np.random.default_rng(3)
    store = labelled_store(tmp_path, lambda number: Answer(aqi=int(lot.integers(0, 500))))
    trial = tried(store, registry)
    print(trial.outcome.verdict, trial.outcome.evidence)
    kept = keep(trial, registry, TERMINAL, NOW, promote=True)
    assert not kept.promoted
