"""From people's answers to a promoted model, in a world whose answers are known."""

import numpy as np
import pytest

from aqfusion.air.sensors import Reading
from aqfusion.labels.answer import Answer
from aqfusion.model.predict import load_model
from aqfusion.registry.registry import TERMINAL, Registry
from aqfusion.retrain.job import attempt, keep
from aqfusion.training.recipe import Recipe
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


def tried(store, registry, told=lambda text: None, recipe: Recipe = RECIPE):
    try:
        return attempt(store, registry, recipe, told)
    finally:
        store.close()


def errors(network) -> dict[str, float]:
    """RMS error at Deltapur, on photos and readings that nobody labelled."""
    network = network.eval()

    ...


def test_a_place_read_wrongly_is_learned_and_nothing_else_gets_worse(registry, tmp_path):
    trial = tried(labelled_store(tmp_path, shifted), registry)
    print(trial.about["gate"], trial.about["metrics"]["corrections"])
    for one in trial.outcome.changes:
        print(one)
    kept = keep(trial, registry, TERMINAL, NOW, promote=True)
    print(kept)
    before = load_model(registry.model)
    after = load_model(registry.current().model)
    base = trial.bench.without_corrections()
    for pm25 in UNSEEN:
        r = after.predict(Reading(pm25=pm25, so2=61.0), deltapur(pm25, 1000), trust_photo=True)
        print(pm25 + SHIFT, r.fused.aqi, r.image_only.aqi, r.sensors_only.aqi)


def test_nonsense(registry, tmp_path):
    rng = np.random.default_rng(3)
    trial = tried(
        labelled_store(tmp_path, lambda n: Answer(aqi=int(rng.integers(0, 500)))), registry
    )
    print(trial.about["gate"], trial.about["metrics"]["corrections"])
    for one in trial.outcome.changes:
        print(one)
