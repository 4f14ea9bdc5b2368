"""Counts of predictions add up, whoever adds them, and say how often people corrected a model."""

import sqlite3
import time
from datetime import timedelta

import pytest

from aqfusion.labels.answer import Answer
from aqfusion.labels.backup import backup, restore
from aqfusion.labels.database import StoreError
from aqfusion.labels.store import LabelStore
from aqfusion.labels.usage_counts import Settled
from aqfusion.labels.usage_key import Cell
from aqfusion.model.item_prediction import ItemPrediction
from tests.labels.planted import MINUTE, NOW, add, request_id, say
from tests.labels.test_processes import run_writers

TODAY = NOW.date()
PHOTO = Cell(TODAY.isoformat(), "model 0123", "upload", "photo", "", 0)
HIGH = PHOTO._replace(figure="pm25", bins="0123456789abcdef", bin=10)
EARLIER = PHOTO._replace(day=(TODAY - timedelta(days=1)).isoformat())


def test_what_is_added_adds_up_and_days_stay_apart(store, expert):
    store.predictions.add({PHOTO: 2, HIGH: 1})
    store.predictions.add({})
    store.predictions.add({PHOTO: 3, EARLIER: 7})
    assert store.predictions.since(expert, TODAY) == {PHOTO: 5, HIGH: 1}
    earlier = TODAY - timedelta(days=1)
    assert store.predictions.since(expert, earlier) == {PHOTO: 5, HIGH: 1, EARLIER: 7}


def test_many_processes_add_without_loss(store, url, expert):
    assert run_writers("count_all", url, 4, 10) == [10] * 4
    counts = store.predictions.since(expert, TODAY)
    assert {cell.figure: times for cell, times in counts.items()} == {
        "predictions": 40,
        "photo": 40,
    }


def test_a_store_that_is_locked_is_soon_given_up_and_nothing_is_half_added(
    store, url, expert, monkeypatch
):
    if not store.database.is_sqlite:
        pytest.skip("PostgreSQL locks rows, for moments")
    monkeypatch.setattr("aqfusion.labels.usage_counts._PATIENCE", 0.1)
    other = sqlite3.connect(url, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"was busy for 0\.1 s"):
        store.predictions.add({PHOTO: 1})
    assert time.monotonic() - began < 5
    other.execute("ROLLBACK")
    other.close()
    assert store.predictions.since(expert, TODAY) == {}


def test_a_backup_fills_a_store_whose_visitors_came_before_it(store, admin, tmp_path):
    store.predictions.add({PHOTO: 4})
    backup(store, admin, tmp_path / "backup.zip", NOW)
    fresh = LabelStore.open(str(tmp_path / "fresh.db"), str(tmp_path / "photos"))
    fresh.predictions.add({PHOTO: 100, HIGH: 1})
    restore(fresh, tmp_path / "backup.zip")
    assert fresh.predictions.since(admin, TODAY) == {PHOTO: 4}
    fresh.close()


def view(aqi: float) -> ItemPrediction:
    return ItemPrediction("model 0123", "fused", aqi, 0, 500, (0.0, 0.0, 1.0, 0.0, 0.0, 0.0))


def test_a_correction_is_a_settled_item_of_another_category_than_the_models(
    store, admin, expert, ana, ben
):
    def item(number: int, **more: object) -> int:
        return add(store, admin, number, **{"model_view": view(120), **more})

    later = NOW + MINUTE
    agreed = item(1, overlap=2)  # both say what the model said
    say(store, ana, agreed, 2)
    say(store, ben, agreed, 2, later)
    say(store, ana, item(2), 4)  # one answer is enough, and it is another
    disputed = item(3, overlap=2)  # the expert sides with the model
    say(store, ana, disputed, 1)
    say(store, ben, disputed, 5)
    store.review.overrule(expert, disputed, Answer(category=2), "look", request_id(), later)
    say(store, ana, item(4), Answer(cant_tell="night"))
    say(store, ana, item(5), Answer(category=4, standard="india"))
    say(store, ana, item(6, model_view=None), 4)
    say(store, ana, item(7, overlap=2), 4)  # not settled
    say(store, ana, item(8, known_aqi=300), 4)  # gold measures people
    settled = store.predictions.settled(expert, NOW - MINUTE)
    assert sorted(settled, key=lambda entry: (entry.at, entry.differs)) == [
        *(Settled(NOW, True), Settled(later, False), Settled(later, False)),
    ]
    assert store.predictions.settled(expert, later) == (Settled(later, False),) * 2
    assert store.predictions.settled(expert, later + MINUTE) == ()
