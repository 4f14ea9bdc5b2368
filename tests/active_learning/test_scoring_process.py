"""Scoring as a process of its own: killed, cancelled, started twice, and where items come late."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from aqfusion.active_learning import scoring, scoring_process
from aqfusion.active_learning.scoring import Scored, score_unlabelled
from aqfusion.air.readings import Reading
from aqfusion.background_jobs import RunError
from aqfusion.cli import main
from aqfusion.images.photo import Photo
from aqfusion.labels.item_insertion import NewItem
from aqfusion.model.predictor import load_model
from aqfusion.permissions import Actor, RoleError
from aqfusion.registry.registry import TERMINAL
from aqfusion.settings import ROOT, load_settings
from tests.planted_labels import NOW, PIN, planted_photo

MODEL = "mobilenetv2_100"
SECONDS = 90


def fill(labels, count, start=0):
    admin = labels.accounts.operator(NOW)
    for number in range(start, start + count):
        photo_hash = labels.photos.put(planted_photo(number))
        item = NewItem(photo_hash=photo_hash, reading=Reading(pm25=number))
        labels.items.add(admin, item, NOW)
    return admin


def unscored(labels):
    return labels.unscored.counts().get(None, 0)


def state():
    found = scoring_process.status(load_settings())
    assert found is not None
    return found


def until(rule):
    end = time.monotonic() + SECONDS
    while not rule():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_killed_scoring_goes_on_where_it_was(labels):
    fill(labels, 96)
    command = [sys.executable, "-m", "aqfusion", "labels", "score", "--by=Ada"]
    killed = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: unscored(labels) <= 80)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    left = unscored(labels)
    assert 0 < left < 96
    assert left % scoring.BATCH == 0  # whole batches, or nothing of one
    assert (state().state, state().by, state().total) == ("killed", "Ada", 96)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"new": left, "known": 96 - left, "missing": 0}
    assert unscored(labels) == 0
    assert (state().state, state().done, state().total) == ("done", left, left)
    assert f"{left} of {left} scored" in done.stderr


def test_a_scoring_is_started_once_seen_and_cancelled(labels, monkeypatch):
    admin = fill(labels, 400)
    settings = load_settings()
    with pytest.raises(
        RoleError, match="admin or above is needed to score items, and your role is expert"
    ):
        scoring_process.start(settings, Actor(3, "Eva", "expert"))
    begun = scoring_process.start(settings, admin)
    try:
        assert (begun.state, begun.by) == ("running", admin.name)
        assert os.getpriority(os.PRIO_PROCESS, begun.pid) == 10
        with pytest.raises(RunError, match="scoring is running already"):
            scoring_process.start(settings, admin)
        until(lambda: state().done >= scoring.BATCH)
        with pytest.raises(RoleError, match="to cancel a scoring"):
            scoring_process.cancel(settings, Actor(3, "Eva", "expert"))
    finally:
        assert scoring_process.cancel(settings, TERMINAL)
    until(lambda: state().state != "running")
    assert state().state == "cancelled"
    assert 0 < unscored(labels) < 400
    # The process holds its lock for a moment after it has written how it ended.
    until(lambda: scoring_process.cancel(settings, TERMINAL) is False)


def test_two_starts_at_once_are_one_scoring(labels):
    fill(labels, 40)
    command = [sys.executable, "-m", "aqfusion", "labels", "score"]
    pipe = subprocess.PIPE
    both = [
        subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) for _ in range(2)
    ]
    told = [one.communicate() for one in both]
    assert sorted(one.returncode for one in both) == [0, 2]
    done, refused = sorted(told, key=lambda one: not one[0])
    assert json.loads(done[0]) == {"new": 40, "known": 0, "missing": 0}
    assert "scoring is running already" in refused[1]


def test_items_that_come_while_a_scoring_runs_are_scored_too(labels):
    admin = fill(labels, 20)
    late = iter([True])

    def count(done, total, missing):
        if done and next(late, False):
            fill(labels, 5, start=20)

    found = score_unlabelled(labels, admin, load_model(MODEL), count)
    assert (found.new, unscored(labels)) == (25, 0)


def test_a_batch_says_what_one_photo_alone_says(labels):
    admin = fill(labels, 20)
    model = load_model(MODEL)
    assert score_unlabelled(labels, admin, model, lambda *told: None) == Scored(20, 0, 0)
    for number in range(1, 21):
        item = labels.review.view(admin, number).item
        task, view = item.task, item.model_view
        photo = Photo.decode(labels.photos.get(task.photo_hash))
        alone = model.predict(task.reading, photo).fused
        assert (view.aqi, view.low, view.high) == pytest.approx(
            (alone.aqi, alone.low, alone.high), abs=1
        )


def test_the_former_name_still_works_and_tells_how_it_stands(labels, capsys):
    fill(labels, 3)
    assert main(["labels", "look", "--status"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run": None}
    assert main(["labels", "look", "--model", MODEL]) == 0
    assert json.loads(capsys.readouterr().out) == {"new": 3, "known": 0, "missing": 0}
    assert main(["labels", "score", "--cancel"]) == 0
    assert json.loads(capsys.readouterr().out) == {"cancelled": False}


def test_only_admins_score(labels):
    admin = fill(labels, 1)
    ana = labels.accounts.add_user(admin, "Ana", PIN, "annotator", NOW)
    with pytest.raises(RoleError):
        score_unlabelled(labels, ana, load_model(MODEL), lambda *told: None)
