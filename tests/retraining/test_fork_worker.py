"""Work beside this process: the same result whether there is a second one or not."""

import os
import signal
import threading

import pytest
import torch

from aqfusion.retraining.fork_worker import run_in_fork


def place() -> int:
    return os.getpid()


def end() -> int:
    """Die in the other process; answer in this one."""
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return 7


HERE = os.getpid()


@pytest.fixture
def _alone(monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert torch.get_num_threads() == 1


@pytest.mark.usefixtures("_alone")
def test_the_work_is_done_in_another_process():
    waiting = run_in_fork(place)
    other = waiting()
    assert other != os.getpid()
    with pytest.raises(ProcessLookupError):  # and it is gone
        os.kill(other, 0)


@pytest.mark.usefixtures("_alone")
def test_where_the_other_dies_the_work_is_done_here():
    assert run_in_fork(end)() == 7


@pytest.mark.usefixtures("_alone")
def test_what_is_wrong_with_the_work_is_told_here():
    def wrong() -> None:
        raise ValueError("no such label")

    with pytest.raises(ValueError, match="no such label"):
        run_in_fork(wrong)()


@pytest.mark.parametrize(("threads", "processors"), [(2, 2), (1, 1)])
def test_beside_other_threads_or_on_one_processor_it_waits_to_be_asked(
    monkeypatch, threads, processors
):
    monkeypatch.setattr(threading, "active_count", lambda: threads)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    assert run_in_fork(place)() == os.getpid()


@pytest.mark.usefixtures("_alone")
def test_two_may_work_at_once_and_large_results_come_whole():
    large = bytes(range(256)) * 20_000  # 5 MB: far more than a pipe holds
    first, second = (
        run_in_fork(lambda: (os.getpid(), large)),
        run_in_fork(lambda: (os.getpid(), torch.ones(3))),
    )
    (one, ones), (other, content) = second(), first()
    assert len({one, other, os.getpid()}) == 3
    assert content == large
    assert torch.equal(ones, torch.ones(3))


@pytest.mark.usefixtures("_alone")
def test_the_other_process_keeps_no_file_of_this_one_open(tmp_path):
    with (tmp_path / "lock").open("w") as lock:

        def is_open() -> bool:
            try:
                os.fstat(lock.fileno())
            except OSError:
                return False
            return True

        assert is_open()
        assert not run_in_fork(is_open)()
