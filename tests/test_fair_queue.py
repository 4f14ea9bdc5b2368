"""Heavy work takes turns by address and session, within bounds, and never runs all at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from aqfusion import fair_queue
from aqfusion.fair_queue import BusyError, FairQueue, QueueClient


class Visits:
    """A queue of one slot that is held shut, and threads that come as visitors."""

    def __init__(self, slots: int = 1) -> None:
        self._own = threading.local()
        self.queue = FairQueue(slots, lambda: self._own.visitor)
        self.done: list[str] = []
        self.refused: list[str] = []
        self._open = threading.Event()
        self._threads: list[threading.Thread] = []
        for _ in range(slots):
            self.come("holder", "", self._open.wait)

    def come(self, address: str, session: str, work: Callable[[], object] | None = None) -> None:
        name = f"{address}{session}"
        thread = threading.Thread(
            target=self._visit, args=(QueueClient(address, session), work, name)
        )
        before = self.queue.depth() + len(self.refused)
        thread.start()
        self._threads.append(thread)
        while work is None and self.queue.depth() + len(self.refused) == before:
            time.sleep(0.001)

    def _visit(self, visitor: QueueClient, work: Callable[[], object] | None, name: str) -> None:
        self._own.visitor = visitor
        try:
            self.queue.run(work or (lambda: self.done.append(name)))
        except BusyError as error:
            self.refused.append(str(error))

    def finish(self) -> list[str]:
        self._open.set()
        for thread in self._threads:
            thread.join(10)
        return self.done


@contextmanager
def visits(slots: int = 1) -> Iterator[Visits]:
    held = Visits(slots)
    time.sleep(0.02)
    try:
        yield held
    finally:
        held.finish()


def test_turns_go_round_addresses_and_then_sessions():
    with visits() as held:
        for session in "1112":
            held.come("a", session)
        held.come("b", "1")
        held.come("a", "3")
        held.come("b", "2")
        assert held.finish() == ["a1", "b1", "a2", "b2", "a3", "a1", "a1"]


def test_fifty_uploads_of_one_address_delay_another_by_one():
    with visits() as held:
        for number in range(50):
            held.come("school", str(number))
        held.come("bystander", "")
        assert held.finish()[1] == "bystander"


def test_of_one_address_all_who_came_are_served_in_their_order():
    with visits() as held:
        for number in range(9):
            held.come("", str(number))
        assert held.finish() == [str(number) for number in range(9)]


def test_no_more_run_at_once_than_there_are_slots():
    queue, running, most = FairQueue(2), [], []

    def work() -> None:
        running.append(1)
        most.append(len(running))
        time.sleep(0.01)
        running.pop()

    threads = [threading.Thread(target=queue.run, args=(work,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (max(most), len(most), queue.depth()) == (2, 12, 0)


def test_what_a_job_hands_in_is_part_of_it():
    queue = FairQueue(1)
    assert queue.run(lambda: queue.run(lambda: queue.run(lambda: 7))) == 7


def test_an_error_comes_to_the_caller_and_the_queue_goes_on():
    queue = FairQueue(1)
    with pytest.raises(KeyError, match="sky"):
        queue.run(lambda: {}["sky"])
    assert queue.run(lambda: 7) == 7


def test_a_full_queue_refuses_in_a_sentence(monkeypatch):
    monkeypatch.setattr(fair_queue, "MOST_OF_ADDRESS", 3)
    monkeypatch.setattr(fair_queue, "MOST_WAITING", 5)
    with visits() as held:
        for number in range(4):
            held.come("a", str(number))
        assert len(held.refused) == 1
        for number in range(3):
            held.come("b", str(number))
        assert held.refused == [
            "The server is busy: 3 others wait already. Try again in a minute.",
            "The server is busy: 5 others wait already. Try again in a minute.",
        ]


def test_who_waits_too_long_is_refused_and_taken_out(monkeypatch):
    monkeypatch.setattr(fair_queue, "MOST_SECONDS", 0.01)
    monkeypatch.setattr(fair_queue, "_ASKED", 0.01)
    with visits() as held:
        held.come("a", "1")
        while not held.refused:
            time.sleep(0.01)
        assert held.refused[0].startswith("The server is busy: your turn did not come in ")
        assert held.queue.depth() == 0
        assert held.finish() == []


def test_a_waiting_visitor_sees_the_place_and_may_leave(monkeypatch):
    monkeypatch.setattr(fair_queue, "_ASKED", 0.01)
    with visits() as held:
        for number in range(3):
            held.come("a", str(number))
        held._own.visitor = QueueClient("b", "me")
        seen: list[int] = []

        def waiting(before: int) -> None:
            seen.append(before)
            if len(seen) == 2:
                raise ConnectionError

        with held.queue.watched(waiting), pytest.raises(ConnectionError):
            held.queue.run(lambda: held.done.append("me"))
        assert seen == [1, 1]
        assert held.finish() == ["a0", "a1", "a2"]


def test_threads_end_when_nothing_waits():
    before = threading.active_count()
    queue = FairQueue(2)
    queue.run(lambda: None)
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.001)
    assert threading.active_count() == before
