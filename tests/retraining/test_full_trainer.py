"""The trunk learns again: from the data folder and the labels, never from the frozen part."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch

from aqfusion.data.dataset_folder import read_folder
from aqfusion.errors import InputError
from aqfusion.labels.answer import Answer
from aqfusion.model.checkpoint import FEATURES
from aqfusion.network.checkpoint import load_checkpoint
from aqfusion.network.training_features import save_features
from aqfusion.registry.registry import TERMINAL, Registry
from aqfusion.retraining.context import load_context
from aqfusion.retraining.fast_trainer import TrainingSetup
from aqfusion.retraining.features import write_features
from aqfusion.retraining.full_trainer import Full, full_rows, train_full_candidate
from aqfusion.retraining.pipeline import register
from aqfusion.retraining.readiness import settled_labels
from tests.planted import FRAMES, planted_records, write_folder
from tests.planted_retrain import NOW, RECIPE, labelled_store, planted_model, shifted, shrink

SMALL = replace(
    RECIPE,
    epochs=1,
    frames_per_session=2,
    image_size=48,
    batch_size=12,
    sensor_steps=4,
    haze_steps=2,
    committee=False,
)
pytestmark = [pytest.mark.usefixtures("_tiny"), pytest.mark.long]


@pytest.fixture
def data_folder(tmp_path):
    """Four days of each of three places, a session each."""
    records = [
        {**one, "Day": 1 + number // (3 * FRAMES)} for number, one in enumerate(planted_records())
    ]
    return write_folder(tmp_path / "data", records)


@pytest.fixture
def world(tmp_path, data_folder, monkeypatch):
    """A model whose features are of the planted data folder, and a store with labels."""
    shrink(monkeypatch)
    monkeypatch.setattr("aqfusion.training.distillation.LESSONS", 200)
    monkeypatch.setattr("aqfusion.retraining.fast_trainer.CNN_STEPS", 2)
    monkeypatch.setattr("aqfusion.retraining.full_trainer.FAST", SMALL)
    # To a trunk of random weights all photos are much alike.
    monkeypatch.setattr("aqfusion.retraining.holdout.ALIKE", 0.999)
    folder = planted_model(tmp_path / "planted")
    data = read_folder(data_folder)
    features = write_features(load_checkpoint(folder), data, "planted", lambda text: None)
    save_features(folder / FEATURES, features)
    store = labelled_store(tmp_path, shifted)
    yield store, Registry(tmp_path / "models", str(folder)), data
    store.close()


def test_a_full_version_carries_its_own_features_and_is_the_ground_of_the_next(
    world, data_folder, tmp_path
):
    store, registry, _ = world
    full = Full(data_folder, SMALL, datetime.now(UTC))
    trial = train_full_candidate(store, registry, full, tmp_path / "work", lambda text: None)
    kept = register(trial, registry, TERMINAL, NOW, promote=False)
    registry.promote(TERMINAL, kept.version.name, "hardly trained, but whole", NOW)
    assert (kept.version.manifest["path"], kept.version.manifest["root"]) == ("full", None)
    assert kept.version.manifest["recipe"]["epochs"] == SMALL.epochs
    assert registry.verify() == {kept.version.name: ()}

    trunk = "image_encoder.trunk.conv1.weight"
    before, after = (
        load_checkpoint(Path(where)) for where in (registry.model, kept.version.folder)
    )
    assert not torch.equal(before.network.state_dict()[trunk], after.network.state_dict()[trunk])
    frozen = {session.key for session in trial.model.features.sessions} - set(after.config.sessions)
    assert {
        s.key for s in trial.model.features.sessions if s.group in trial.context.holdout
    } <= frozen

    # Other labels than those that it has learned of the items of these numbers.
    other = labelled_store(tmp_path / "more", lambda number: Answer(aqi=number * 9), count=24)
    on = load_context(registry)
    assert settled_labels(other, on)
    other.close()
    assert on.parent is not None
    assert on.root == on.parent.name == kept.version.name
    assert torch.equal(on.base.network.state_dict()[trunk], after.network.state_dict()[trunk])
    assert on.learned_bands  # what the full version has learned of labels


def test_nothing_frozen_is_among_the_rows_and_another_data_folder_is_refused(world):
    store, registry, data = world
    on = load_context(registry)
    assert settled_labels(store, on)
    setup = TrainingSetup(on.base, on.features, on.holdout, SMALL)
    frozen = next(iter(on.holdout))
    seen = next(row for row in data if row.group == frozen)
    known = next(row for row in data if row.group not in on.holdout)
    labelled = [
        replace(seen, group="a day of its own"),  # a frozen photo under another name
        replace(known, group=frozen),
        replace(known, fold=(known.fold + 1) % 5),
    ]
    rows = full_rows(setup, data, labelled)
    assert not {row.group for row in rows} & {*on.holdout, "a day of its own"}
    assert rows[-1] == replace(known, session=f"labels {known.session}")  # on its day's side
    assert len(rows) == sum(row.group not in on.holdout for row in data) + 1
    with pytest.raises(InputError, match="data folder must be the one that the model's features"):
        full_rows(setup, data[1:], [])
