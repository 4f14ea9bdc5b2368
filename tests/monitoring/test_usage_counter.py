"""One visitor's photo counts once, and nobody waits for the counting."""

import logging
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import numpy as np
import pytest

from aqfusion.air.readings import Reading
from aqfusion.monitoring import usage_counter as module
from aqfusion.monitoring.population_stability import Ranges
from aqfusion.monitoring.reference import ReferenceDistribution, TrainingInputs
from aqfusion.monitoring.usage_counter import (
    REST,
    UPLOAD,
    PredictionUsage,
    UsageCounter,
    VisitUsage,
)

START = datetime(2026, 11, 2, 23, 59, tzinfo=UTC)
VECTOR = np.zeros(128, dtype=np.float32)
FRAMES = np.eye(2, 128, dtype=np.float32) * 3
PM25 = Ranges("pm25", (10.0, 20.0))
FAR_OFF = Ranges("model", (1.0, 2.0))
REFERENCE = ReferenceDistribution(
    "model 0123",
    {"pm25": TrainingInputs(PM25, (0, 1, 1, 1))},
    TrainingInputs(FAR_OFF, (0, 1, 1, 1)),
    None,
    FRAMES,
)


@pytest.fixture
def clock():
    """A clock that stands still until `now` is set."""
    clock = Mock(side_effect=lambda: clock.now)
    clock.now = START
    return clock


@pytest.fixture
def written():
    return Counter()


@pytest.fixture
def tally(clock, written):
    tally = UsageCounter(written.update, clock, every=3600)
    yield tally
    tally.close()


def seen(
    pm25: float | None = None, *, photo: bool = True, refused: bool = False
) -> PredictionUsage:
    return PredictionUsage(UPLOAD, Reading(pm25=pm25), VECTOR if photo else None, refused)


def note(tally, visit, photo="a", given=None):
    tally.note(visit, photo, given or seen(), lambda: REFERENCE)


def figures(written) -> dict[tuple[str, int], int]:
    return {(cell.figure, cell.bin): times for cell, times in written.items()}


def test_two_hundred_moves_of_a_slider_count_once_as_they_last_stood(tally, clock, written):
    visit = VisitUsage()
    for move in range(200):
        note(tally, visit, given=seen(float(move)))
        tally.flush()
    assert written == {}
    clock.now += REST
    tally.flush()
    assert figures(written) == {
        **{("predictions", 0): 1, ("photo", 0): 1, ("readings", 0): 1, ("both", 0): 1},
        **{("pm25", 3): 1, ("distance", 3): 1},
    }
    (day,), (model,) = ({cell.day for cell in written}, {cell.model for cell in written})
    assert (day, model) == ("2026-11-02", "model 0123")  # when it was, not when it was written
    note(tally, visit, given=seen(1.0))
    tally.flush(everything=True)
    assert sum(written.values()) == 6


def test_a_photo_that_leaves_is_counted_and_does_not_count_when_it_comes_back(tally, written):
    visit = VisitUsage()
    for photo in "ab":
        note(tally, visit, photo)
    tally.flush()
    assert figures(written)["photo", 0] == 1  # the second has not rested
    for photo in "abab":
        note(tally, visit, photo)
    tally.flush(everything=True)
    assert figures(written)["photo", 0] == 2


def test_the_same_photo_of_two_visitors_counts_twice(tally, written):
    for _ in range(2):
        note(tally, VisitUsage())
    tally.flush(everything=True)
    assert figures(written)["photo", 0] == 2


def test_a_photo_that_cannot_be_judged_has_no_distance_and_no_reading_is_no_missing_one(
    tally, written
):
    note(tally, VisitUsage(), given=seen(refused=True))
    tally.flush(everything=True)
    assert figures(written) == {("predictions", 0): 1, ("photo", 0): 1, ("refused", 0): 1}


def test_a_sensor_is_missing_only_among_readings(tally, written):
    given = PredictionUsage(UPLOAD, Reading(co=1.0))
    note(tally, VisitUsage(), "", given)
    tally.flush(everything=True)
    assert figures(written) == {("predictions", 0): 1, ("readings", 0): 1, ("pm25", 0): 1}


def test_a_store_that_fails_loses_nothing_and_is_told_once(clock, caplog):
    written, out_of_order = Counter(), [True]

    def write(counts):
        if out_of_order:
            raise OSError("database is locked")
        written.update(counts)

    tally = UsageCounter(write, clock, every=3600)
    with caplog.at_level(logging.WARNING):
        for photo in "abc":
            note(tally, VisitUsage(), photo)
            tally.flush(everything=True)
    assert [record.getMessage() for record in caplog.records] == [
        "counts of predictions must wait, and are tried again: database is locked"
    ]
    out_of_order.clear()
    tally.close()
    assert figures(written)["photo", 0] == 3
    note(tally, VisitUsage(), "d")  # nothing is taken on after the end
    tally.close()
    assert figures(written)["photo", 0] == 3


def test_nobody_waits_for_a_store_that_hangs(clock):
    hangs, begun = threading.Event(), threading.Event()

    def write(_counts):
        begun.set()
        hangs.wait(20)

    tally = UsageCounter(write, clock, every=0.01)
    visit = VisitUsage()
    note(tally, visit)
    clock.now += REST
    assert begun.wait(10)  # by itself, while nobody calls
    slowest = 0.0
    for number in range(200):
        began = time.perf_counter()
        note(tally, visit, f"photo {number}")
        slowest = max(slowest, time.perf_counter() - began)
    hangs.set()
    tally.close()
    assert slowest < 0.5


def test_what_rests_is_counted_without_anybody_calling(clock, written):
    tally = UsageCounter(written.update, clock, every=0.01)
    note(tally, VisitUsage())
    time.sleep(0.05)
    assert written == {}
    clock.now += REST
    end = time.monotonic() + 10
    while not written and time.monotonic() < end:
        time.sleep(0.01)
    tally.close()
    assert figures(written)["photo", 0] == 1


def test_many_threads_lose_nothing(tally, written):
    def work():
        for number in range(50):
            note(tally, VisitUsage(), f"{number}")
            if number % 10 == 0:
                tally.flush(everything=True)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.flush(everything=True)
    assert figures(written)["photo", 0] == 300


def test_memory_has_an_end(tally, clock, monkeypatch, written):
    monkeypatch.setattr(module, "_MOST_WAITING", 5)
    for number in range(50):
        note(tally, VisitUsage(), f"{number}")
        clock.now += timedelta(seconds=1)
    assert (len(tally._waiting), len(tally._settled)) == (5, 5)
    monkeypatch.setattr(module, "_MOST_PHOTOS", 3)
    visit = VisitUsage()
    for number in range(50):
        note(tally, visit, f"{number}")
        tally.flush(everything=True)
    assert len(visit.done) == 3
