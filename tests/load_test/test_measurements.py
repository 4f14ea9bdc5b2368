"""The verdict of a soak test: memory that grows, errors and lost answers fail it."""

import numpy as np
import pytest

from aqfusion.load_test.measurements import (
    AnswerCheck,
    AnswerLedger,
    LoadRecorder,
    as_json,
    memory_trend,
    verdict,
)

CLEAN = AnswerCheck(acknowledged=3, stored=3, lost=0, twice=0, never_sent=0)


def samples(minutes: float, at_end_mb: float, begin_mb: float = 500.0) -> list:
    """Half an hour as it is: a steep warm-up, then noise, peaks of decoding, and a slope."""
    rng = np.random.default_rng(1)
    seconds = np.arange(0, 60 * minutes, 5.0)
    warm = begin_mb + 300 * np.minimum(1, seconds / (60 * minutes / 4))
    late = at_end_mb * np.maximum(0, seconds / (60 * minutes) - 1 / 3) * 1.5
    noise = rng.normal(0, 4, len(seconds)) + 120 * (rng.random(len(seconds)) < 0.1)
    return list(zip(seconds, warm + late + noise, strict=True))


def test_memory_that_grows_slowly_after_the_warm_up_fails_and_peaks_do_not():
    flat, growing = memory_trend(samples(30, 0)), memory_trend(samples(30, 60))
    assert (flat.grows, growing.grows) == (False, True)
    assert growing.growth_mb == pytest.approx(60, abs=8)
    assert growing.slope_mb_per_hour == pytest.approx(180, abs=24)
    assert verdict(0, flat, CLEAN, 9) == ()
    (reason,) = verdict(0, growing, CLEAN, 9)
    assert reason.startswith("Memory must be flat after the warm-up, got ")


def test_a_short_test_says_nothing_of_memory_but_its_peak():
    trend = memory_trend(samples(5, 200))
    assert (trend.slope_mb_per_hour, trend.grows) == (None, False)
    assert trend.peak_mb > 900
    assert memory_trend([]) is None


@pytest.mark.parametrize(
    ("acknowledged", "stored", "sentence"),
    [
        ("abc", {"a": 1, "b": 1, "c": 1}, None),
        ("abc", {"a": 1, "b": 1, "c": 1, "d": 1}, None),  # sent, and the line broke before the word
        ("abc", {"a": 1, "b": 1}, "Lost answers must be 0, got 1."),
        ("abc", {"a": 1, "b": 2, "c": 1}, "Answers stored twice or never sent must be 0, got 1."),
        (
            "abc",
            {**dict.fromkeys("abcx", 1)},
            "Answers stored twice or never sent must be 0, got 1.",
        ),
    ],
)
def test_an_acknowledged_answer_that_is_lost_or_stored_twice_fails(acknowledged, stored, sentence):
    ledger = AnswerLedger()
    for request in "abcd":
        ledger.send(request)
    for request in acknowledged:
        ledger.acknowledge(request)
    assert verdict(0, None, ledger.check(stored, 0), 9) == ((sentence,) if sentence else ())


def test_an_undo_that_is_lost_fails():
    ledger = AnswerLedger()
    ledger.undo()
    assert verdict(0, None, ledger.check({}, 0), 9) == ("Lost undos must be 0, got 1.",)
    assert verdict(0, None, ledger.check({}, 1), 9) == ()


def test_errors_and_nothing_done_fail_and_all_errors_are_counted():
    recorder = LoadRecorder(lambda: 0.0)
    for number in range(250):
        recorder.error("visitor 1", "open predict", f"No answer {number}")
    figures = as_json(recorder, None, True)
    assert figures["errors"]["count"] == 250
    assert len(figures["errors"]["first"]) == 100
    assert figures["reasons"] == ("No action was completed.", "Errors must be 0, got 250.")
    assert figures["passed"] is False


def test_run_times_are_told_by_action():
    recorder = LoadRecorder(lambda: 0.0)
    for number in range(1, 101):
        recorder.time("move slider", number / 100)
    recorder.time("upload photo", 5.0)
    times = recorder.run_times()
    assert times["move slider"] == {"count": 100, "p50_s": 0.505, "p95_s": 0.95, "max_s": 1.0}
    assert (times["all"]["count"], times["all"]["max_s"]) == (101, 5.0)
