"""Heavy work takes turns: few jobs at once in a process, and one visitor after another.

Decoding a photo, embedding it, reading a table and drawing a map take a processor for a tenth of
a second to seconds. `HEAVY` runs them in at most two threads. Turns go round robin over addresses,
then over the sessions of an address, so that fifty uploads of one address delay a visitor at
another by one job, not by fifty.
"""

import os
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aqfusion.errors import InputError

__all__ = ["HEAVY", "MAPS", "BusyError", "FairQueue", "QueueClient"]

SLOTS = 2  # at once in a process, which bounds the memory of decoding
MOST_WAITING = 256  # jobs in all
MOST_OF_ADDRESS = 64  # a school behind one address, each with a phone
MOST_SECONDS = 60.0  # that anybody waits
_ASKED = 0.3  # seconds after which a waiting visitor is shown the place in the queue
T = TypeVar("T")


class BusyError(InputError):
    """The queue is full, or nobody's turn came in time; the sentence says what to do."""


@dataclass(frozen=True)
class QueueClient:
    """Whose work it is: the client's address, if it is known, and the session."""

    address: str = ""
    session: str = ""


@dataclass(eq=False)
class _Job:
    work: Callable[[], Any]
    done: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    error: BaseException | None = None


class FairQueue:
    """Jobs of visitors in turn, each run in a thread of the queue while its caller waits.

    Threads end when nothing waits, so that a process may fork. `visitor` says who calls; without
    it all work is of one visitor. Work that a job itself hands in is part of that job. `niceness`,
    0 to 19, is how far behind light work the system's scheduler puts it.
    """

    def __init__(
        self, slots: int = SLOTS, visitor: Callable[[], QueueClient] = QueueClient
    ) -> None:
        """Begin empty."""
        self.slots, self.visitor, self.niceness = slots, visitor, 0
        self._own = threading.local()
        self._forget()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._waiting: OrderedDict[str, OrderedDict[str, deque[_Job]]] = OrderedDict()

    def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns or raise what it raises, when its turn has come.

        `BusyError` where too many wait already, or the turn does not come in a minute.
        """
        if getattr(self._own, "is_worker", False):
            return work()
        visitor, job = self.visitor(), _Job(work)
        try:
            self._add(visitor, job)
            self._wait(visitor, job)
        except BaseException:  # the visitor left or asked for something else
            self._remove(visitor, job)
            raise
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    @contextmanager
    def watched(
        self, waiting: Callable[[int], None], running: Callable[[], object] = lambda: None
    ) -> Iterator[None]:
        """Call `waiting` now and then while this thread waits, with how many jobs are before it.

        Once the job runs, `running` is called instead. What they raise ends the wait.
        """
        self._own.waiting, self._own.running = waiting, running
        try:
            yield
        finally:
            self._own.waiting = self._own.running = None

    def depth(self) -> int:
        """How many jobs wait."""
        with self._lock:
            return self._depth()

    def _depth(self) -> int:
        return sum(len(jobs) for sessions in self._waiting.values() for jobs in sessions.values())

    def _add(self, visitor: QueueClient, job: _Job) -> None:
        with self._lock:
            sessions = self._waiting.setdefault(visitor.address, OrderedDict())
            own, total = sum(len(jobs) for jobs in sessions.values()), self._depth()
            if own >= MOST_OF_ADDRESS or total >= MOST_WAITING:
                raise BusyError(
                    f"The server is busy: {total} others wait already. Try again in a minute."
                )
            sessions.setdefault(visitor.session, deque()).append(job)
            if self._running < self.slots:
                threading.Thread(target=self._work, name="heavy", daemon=True).start()
                self._running += 1

    def _wait(self, visitor: QueueClient, job: _Job) -> None:
        waiting: Callable[[int], None] | None = getattr(self._own, "waiting", None)
        running: Callable[[], object] | None = getattr(self._own, "running", None)
        end = time.monotonic() + MOST_SECONDS
        while not job.done.wait(_ASKED):
            before = self._before(visitor, job)
            if before is not None and waiting is not None:
                waiting(before)
            if before is None and running is not None:
                running()
            if before is not None and time.monotonic() > end and self._remove(visitor, job):
                raise BusyError(
                    f"The server is busy: your turn did not come in {MOST_SECONDS:.0f} seconds. "
                    "Try again in a minute."
                )

    def _before(self, visitor: QueueClient, job: _Job) -> int | None:
        """About how many jobs come first if nobody else comes; `None` once it runs."""
        with self._lock:
            sessions = self._waiting.get(visitor.address, OrderedDict())
            own = sessions.get(visitor.session, deque())
            if job not in own:
                return None
            turn = own.index(job) + 1
            counts = {
                address: [len(jobs) for jobs in sessions.values()]
                for address, sessions in self._waiting.items()
            }
            round_ = sum(min(count, turn) for count in counts.pop(visitor.address))
            return round_ - 1 + sum(min(sum(others), round_) for others in counts.values())

    def _remove(self, visitor: QueueClient, job: _Job) -> bool:
        """Take a job out that has not begun; whether it was still there."""
        with self._lock:
            sessions = self._waiting.get(visitor.address, OrderedDict())
            own = sessions.get(visitor.session, deque())
            if job not in own:
                return False
            own.remove(job)
            self._tidy(visitor.address, sessions, visitor.session, own)
            return True

    def _next(self) -> _Job | None:
        with self._lock:
            if not self._waiting:
                self._running -= 1
                return None
            address, sessions = next(iter(self._waiting.items()))
            session, own = next(iter(sessions.items()))
            job = own.popleft()
            sessions.move_to_end(session)
            self._waiting.move_to_end(address)
            self._tidy(address, sessions, session, own)
            return job

    def _tidy(
        self,
        address: str,
        sessions: OrderedDict[str, deque[_Job]],
        session: str,
        own: deque[_Job],
    ) -> None:
        if not own:
            del sessions[session]
        if not sessions:
            del self._waiting[address]

    def _work(self) -> None:
        self._own.is_worker = True
        if self.niceness and sys.platform == "linux":  # where a thread has one of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self.niceness)
        while (job := self._next()) is not None:
            try:
                job.result = job.work()
            except BaseException as error:  # noqa: BLE001  # it is raised where the job came from
                job.error = error
            job.done.set()
            del job


HEAVY = FairQueue()
MAPS = FairQueue(slots=1)  # saliency maps, of which one at a time is computed, in another process
