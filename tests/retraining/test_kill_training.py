"""kill -9 at any moment of a retraining: one whole version is served, and the next run goes on."""

import multiprocessing
import os
import random
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aqfusion.background_jobs import running
from aqfusion.labels.queue_sql import Shares
from aqfusion.labels.store import LabelStore
from aqfusion.model.predictor import load_model
from aqfusion.registry.registry import TERMINAL, Registry
from aqfusion.registry.version import faults
from aqfusion.retraining.pipeline import register, train_candidate
from aqfusion.retraining.process import status
from tests.planted_retrain import RECIPE, labelled_store, planted_model, shifted, shrink

TRIES = int(os.environ.get("AQFUSION_KILLS", "6"))
LONGEST = 8.0  # seconds: about two retrainings
SHORT = replace(RECIPE, sensor_steps=4, haze_steps=2)


def retrain_for_ever(registry: Registry, labels: str, photos: str) -> None:
    """Learn, promote, go back, again: so that there is always something to learn."""
    store = LabelStore.open(labels, photos, Shares(random=0.0, gold=0.0))
    with running(registry.home, "Ada", lambda text: None, None) as run:
        while True:
            now = datetime.now(UTC)
            if registry.current().version is not None:  # the one before was killed just then
                registry.rollback(TERMINAL, "", now)
            trial = train_candidate(store, registry, SHORT, run.report)
            kept = register(trial, registry, TERMINAL, now, promote=False)
            registry.promote(TERMINAL, kept.version.name, "hardly trained, but whole", now)


@pytest.mark.long
def test_a_killed_retraining_leaves_one_whole_version_in_force(tmp_path, monkeypatch):
    shrink(monkeypatch)
    monkeypatch.setattr("aqfusion.training.distillation.LESSONS", 200)
    monkeypatch.setattr("aqfusion.retraining.fast_trainer.CNN_STEPS", 2)
    registry = Registry(tmp_path / "models", str(planted_model(tmp_path / "planted")))
    labelled_store(tmp_path, shifted).close()
    fork = multiprocessing.get_context("fork")  # so that torch is there at once
    draw = random.Random(0)
    arguments = (registry, str(tmp_path / "labels.db"), str(tmp_path / "photos"))
    for number in range(TRIES):
        worker = fork.Process(target=retrain_for_ever, args=arguments)
        worker.start()
        time.sleep(3 * LONGEST if number == TRIES - 1 else draw.uniform(0, LONGEST))
        worker.kill()
        worker.join()
        found = status(registry.home)
        assert found is None or found.state == "killed", found
        served = registry.current()
        assert served.warning is None
        assert served.version is None or faults(registry.home, served.version) == ()
        load_model(served.model)
        assert not any(registry.verify().values())
    assert registry.versions()  # something was made
