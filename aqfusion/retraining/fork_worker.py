"""Work in a second process beside this one, for two processors: a fork, which has all at hand.

Small networks gain nothing from threads, and Python runs one thread at a time. Forking is safe only
where nothing else runs in the process; anywhere else the work is done when it is asked for, with
the same result.
"""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import torch

__all__ = ["one_thread", "run_in_fork"]


def one_thread() -> None:
    """Let torch compute in this thread alone from now on, before it has begun any other."""
    torch.set_num_threads(1)


def run_in_fork(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin `work`, and return a function that waits for its result, to be called once.

    The result must be plain enough to be pickled; files that `work` writes are there too. Where the
    other process dies or `work` raises there, the work is done here, and raises here.
    """
    alone = threading.active_count() == 1 and torch.get_num_threads() == 1
    if not alone or len(os.sched_getaffinity(0)) < 2:
        return work
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(work, sending), daemon=True)
    child.start()
    sending.close()

    def result() -> Any:
        with receiving:
            try:
                content = receiving.recv_bytes()
            except (EOFError, OSError):  # it ended without an answer
                content = None
        child.join()
        child.close()
        return work() if content is None else pickle.loads(content)

    return result


def _work(work: Callable[[], Any], sending: Connection) -> None:
    """The other process: it holds no lock of the first one and answers no request to end."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    os.closerange(3, sending.fileno())
    os.closerange(sending.fileno() + 1, 4096)
    try:
        # Pickled here: the connection's own pickler would put tensors into shared memory.
        sending.send_bytes(pickle.dumps(work()))
    except BaseException:  # noqa: BLE001  # whatever it is, the first process will meet it too
        os._exit(1)
    os._exit(0)
