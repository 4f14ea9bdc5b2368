"""From people's answers to a promoted model, in a world whose answers are known."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from aqfusion.air.readings import Reading
from aqfusion.cli import main
from aqfusion.errors import InputError
from aqfusion.labels.answer import Answer
from aqfusion.model.predictor import load_model
from aqfusion.network.aqfusion_net import AQFusionNet
from aqfusion.network.image_features import photo_features
from aqfusion.registry.registry import TERMINAL, Registry
from aqfusion.registry.version import comparison
from aqfusion.retraining.batch_prediction import KINDS, predict_from_features
from aqfusion.retraining.candidate import Candidate
from aqfusion.retraining.paired_bootstrap import EVERYWHERE
from aqfusion.retraining.pipeline import register, train_candidate
from aqfusion.retraining.process import log, status
from aqfusion.retraining.readiness import NothingToLearnError
from benchmarks.retraining import retrain_bench
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


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return planted_model(tmp_path_factory.mktemp("model") / "planted")


@pytest.fixture
def registry(model, tmp_path) -> Registry:
    """What need not be done twice is kept beside the model, for all tests."""
    registry = Registry(tmp_path / "models", str(model))
    registry.home.mkdir()
    kept = model.parent / "kept"
    kept.mkdir(exist_ok=True)
    (registry.home / "kept").symlink_to(kept)
    return registry


@pytest.fixture
def terminal(registry, tmp_path, monkeypatch, capsys):
    """The command line on that registry and on the labels in `tmp_path`: status, JSON, sentence."""
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path))
    monkeypatch.setenv("AQFUSION_MODEL", registry.model)
    monkeypatch.setenv("AQFUSION_LABELS", str(tmp_path / "labels.db"))
    monkeypatch.setenv("AQFUSION_PHOTOS", str(tmp_path / "photos"))
    monkeypatch.setattr("aqfusion.retraining.fast_trainer.FAST", RECIPE)

    def command(*words: str):
        code = main(words)
        out, error = capsys.readouterr()
        return code, json.loads(out) if code == 0 else None, error

    return command


def errors(trial: Candidate, network: AQFusionNet) -> dict[str, float]:
    """RMS error at Deltapur, of photos and readings that nobody labelled."""
    photos = [deltapur(pm25, 1000 + number) for number, pm25 in enumerate(UNSEEN)]
    base = trial.context.base
    seen = photo_features(base, photos)
    nan = float("nan")
    readings = torch.tensor([[pm25, nan, nan, nan, 61.0, nan] for pm25 in UNSEEN])
    told = predict_from_features(
        network, base.config.temperature, (seen.features, seen.statistics), readings
    )
    right = np.array(UNSEEN) + SHIFT
    return {kind: float(np.sqrt(np.mean((told[kind] - right) ** 2))) for kind in KINDS}


def test_a_place_told_wrongly_is_learned_and_nothing_else_gets_worse(registry, tmp_path):
    store = labelled_store(tmp_path, shifted)
    trial = train_candidate(store, registry, RECIPE, lambda text: None)
    before = errors(trial, trial.before)
    after = errors(trial, trial.model.network)
    assert all(after[kind] < before[kind] / 2 for kind in KINDS)
    assert trial.decision.reasons == ()
    whole = [change for change in trial.validation.changes if change.place == EVERYWHERE]
    assert all(one.low <= 0 for one in whole)  # no worse beyond the interval
    kept = register(trial, registry, TERMINAL, NOW, promote=True)
    assert kept.promoted
    assert registry.current().version == kept.version.name

    served = load_model(registry.current().model)
    told = served.predict(Reading(pm25=155.0, so2=61.0), deltapur(155.0, 1), trust_photo=True)
    assert told.fused is not None
    assert told.fused.aqi == pytest.approx(155 + SHIFT, abs=45)

    labels = kept.version.manifest["labels"]
    assert (labels["settled"], labels["last_event"]) == (36, 72)
    assert labels["learned"] + labels["left_out"].get("frozen_twin", 0) == 36
    assert labels["new"] == labels["learned"] == len(comparison(kept.version)["learned"])
    assert labels["differed"] > 0.9 * labels["learned"]
    with pytest.raises(NothingToLearnError, match="labels must have changed since v0001"):
        train_candidate(store, registry, RECIPE, lambda text: None)
    store.close()


def test_random_labels_are_kept_as_a_version_and_not_promoted(registry, terminal, tmp_path):
    lot = np.random.default_rng(3)
    labelled_store(tmp_path, lambda number: Answer(aqi=int(lot.integers(0, 500)))).close()
    code, told, _ = terminal("retrain", "--by", "Ada")
    assert (code, told["promoted"], told["gate"]["passed"]) == (0, False, False)
    assert "do not follow from photo and readings" in told["gate"]["reasons"][-1]
    stands = status(registry.home)
    assert stands is not None
    assert (stands.state, stands.version, stands.by) == ("refused", told["version"], "Ada")
    assert "readings learned" in log(registry.home)
    assert terminal("retrain", "--status")[1]["run"]["state"] == "refused"

    code, listed, _ = terminal("models", "list")
    assert [one["version"] for one in listed["versions"]] == [told["version"]]
    assert (listed["serving"]["version"], listed["versions"][0]["by"]) == (None, "Ada")
    code, _, said = terminal("models", "promote", told["version"], "--reason", " ")
    assert (code, said.split(",")[0]) == (
        2,
        f"reason must be given to deploy {told['version']} against the promotion gate",
    )
    code, made, _ = terminal("models", "promote", told["version"], "--reason", "a test")
    assert made["promotion"]["reason"] == "a test"
    assert terminal("models", "show", told["version"])[1]["manifest"]["path"] == "fast"
    assert terminal("models", "verify")[1] == {"whole": [told["version"]]}
    assert terminal("models", "prune")[1] == {"deleted": []}
    assert terminal("models", "rollback")[1]["promotion"]["version"] is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["retrain", "--time-limit", "0"], "--time-limit must be a whole number from 1 to 604800"),
        (["retrain", "--seed", "-1"], "--seed must be a whole number"),
        (["retrain", "--epochs", "3"], "--epochs needs --full"),
        (["retrain", "--full"], "--data must name a data folder"),
        (["retrain", "--by", " "], "--by must have at least 1 characters"),
        (["retrain", "--promote", "maybe"], "--promote must be one of auto, never, got 'maybe'"),
        (["retrain", "--status", "--cancel"], "not allowed with"),
        (["models", "show", "v1"], "version must be one like v0001-0123456789ab, got 'v1'"),
        (["models", "rollback"], "there is no earlier version to go back to"),
        (["models", "promote", "v0001-0123456789ab"], "--reason"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(terminal, words, sentence):
    code, _, said = terminal(*words)
    assert code == 2
    assert sentence in said
    assert said.count("\n") == 1


def test_without_labels_there_is_nothing_to_learn(registry, terminal):
    code, _, said = terminal("retrain")
    assert code == 2
    assert "new labels must be at least 20 in 4 groups" in said
    assert "got 0 in 0 groups; missing: 20 more labels and 4 more groups" in said
    stands = status(registry.home)
    assert stands is not None
    assert stands.state == "failed"
    assert terminal("retrain", "--cancel")[1] == {"cancelled": False}


@pytest.mark.long
def test_a_retraining_can_be_timed(registry):
    told = retrain_bench(registry.model, 24, replace(RECIPE, sensor_steps=5, haze_steps=5))
    assert (told["corrections"], told["learned"]) == (24, 24)
    seconds = told["seconds"]
    steps = ("look_at_photos", "train_and_judge", "keep")
    assert seconds["all"] == pytest.approx(sum(seconds[step] for step in steps), abs=0.3)
    assert min(seconds.values()) >= 0
    with pytest.raises(InputError, match="must be 1 or more, got 0"):
        retrain_bench(registry.model, 0)
