"""A run of its own: one at a time, its progress for all to read, its end on request."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aqfusion.background_jobs import running
from aqfusion.permissions import Actor, RoleError
from aqfusion.registry.registry import TERMINAL
from aqfusion.retraining.process import RunError, cancel, log, start, status
from aqfusion.settings import ROOT

HELD = """
import sys, time
from pathlib import Path
from aqfusion.background_jobs import running
with running(Path(sys.argv[1]), 'Ada', lambda text: None, float(sys.argv[2]) or None) as run:
    run.report("half way")
    print("held", flush=True)
    time.sleep(60)
"""


def other(home: Path, limit: float = 0) -> subprocess.Popen[str]:
    """Another process in the middle of a run."""
    command = [sys.executable, "-c", HELD, str(home), str(limit)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def state(home: Path) -> str:
    found = status(home)
    assert found is not None
    return found.state


def test_before_the_first_run_there_is_no_status(tmp_path):
    assert status(tmp_path) is None
    assert cancel(tmp_path, TERMINAL) is False


def test_a_run_tells_its_steps_and_its_end(tmp_path):
    told: list[str] = []
    with running(tmp_path, "Ada", told.append, None) as run:
        run.report("reading the labels")
        now = status(tmp_path)
        assert now is not None
        assert (now.state, now.step, now.pid) == ("running", "reading the labels", os.getpid())
        run.end("done", "passed the promotion gate", "v0001-0123456789ab")
    done = status(tmp_path)
    assert done is not None
    assert (done.state, done.said, done.version) == (
        "done",
        "passed the promotion gate",
        "v0001-0123456789ab",
    )
    assert told == ["reading the labels"]


def test_a_second_run_is_refused_with_the_number_of_the_first(tmp_path):
    first = other(tmp_path)
    try:
        for second in (
            lambda: running(tmp_path, "Ada", print, None).__enter__(),
            lambda: start(tmp_path, TERMINAL),
        ):
            with pytest.raises(RunError, match=f"is running already \\(process {first.pid}\\)"):
                second()
        assert state(tmp_path) == "running"
    finally:
        first.kill()
        first.communicate()


def test_a_cancelled_run_ends_and_says_so(tmp_path):
    process = other(tmp_path)
    assert cancel(tmp_path, TERMINAL) is True
    _, said = process.communicate(timeout=20)
    assert "RunError: the retraining was stopped: cancelled" in said
    assert state(tmp_path) == "cancelled"


def test_a_file_cancels_where_no_signal_arrives(tmp_path):
    def cancelled() -> None:
        with running(tmp_path, "Ada", lambda text: None, None) as run:
            (tmp_path / "cancel").touch()
            run.report("one more step")

    with pytest.raises(RunError, match="cancelled"):
        cancelled()
    with running(
        tmp_path, "Ada", lambda text: None, None
    ) as run:  # the next run is not cancelled too
        run.report("one more step")
        run.end("done", "")
    assert state(tmp_path) == "done"


def test_a_run_ends_when_its_time_is_over(tmp_path):
    process = other(tmp_path, 0.2)
    process.communicate(timeout=20)
    assert process.returncode == 1
    assert state(tmp_path) == "out of time"


def test_a_killed_run_is_told_and_does_not_block_the_next(tmp_path):
    process = other(tmp_path)
    process.kill()
    process.communicate()
    assert state(tmp_path) == "killed"
    with running(tmp_path, "Ada", lambda text: None, None) as run:
        assert state(tmp_path) == "running"
        run.end("done", "")


def test_a_run_that_fails_keeps_the_sentence(tmp_path):
    with pytest.raises(OSError, match="disk full"), running(tmp_path, "Ada", print, None):
        raise OSError("disk full")
    found = status(tmp_path)
    assert found is not None
    assert (found.state, found.said) == ("failed", "disk full")


def test_what_is_about_to_be_kept_is_not_ended(tmp_path):
    with running(tmp_path, "Ada", lambda text: None, None) as run:
        run.close()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.05)
        run.end("done", "kept")
    assert state(tmp_path) == "done"


def test_the_handlers_of_before_are_back(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    with running(tmp_path, "Ada", lambda text: None, 100) as run:
        run.end("done", "")
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_started_run_is_seen_at_once_and_its_refusal_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("AQFUSION_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("AQFUSION_LABELS", str(tmp_path / "labels.db"))
    monkeypatch.setenv("AQFUSION_PHOTOS", str(tmp_path / "photos"))
    with pytest.raises(
        RoleError, match="expert or above is needed to retrain, and your role is annotator"
    ):
        start(tmp_path / "models", Actor(4, "Ana", "annotator"))
    with pytest.raises(RunError, match="--time-limit must be a whole number"):
        start(tmp_path / "models", TERMINAL, ("--time-limit", "soon"))
    begun = start(tmp_path / "models", Actor(3, "Eva", "expert"))
    assert (begun.by, begun.state) in {("Eva", "running"), ("Eva", "failed")}
    with pytest.raises(RoleError, match="to cancel a retraining"):
        cancel(tmp_path / "models", Actor(4, "Ana", "annotator"))
    if cancel(tmp_path / "models", TERMINAL):
        end = time.monotonic() + 30
        while state(tmp_path / "models") == "running" and time.monotonic() < end:
            time.sleep(0.05)
        assert state(tmp_path / "models") in {"cancelled", "failed"}
    assert "reading the labels" in log(tmp_path / "models")
