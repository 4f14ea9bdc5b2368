"""Work in a second process beside this one, for two processors: a fork, which has all at hand.

Small networks gain nothing from threads, and Python runs one thread at a time. Forking is safe only
where nothing else runs in the process; anywhere else the work is done when it is asked for, with
the same result.
"""

import os
import pickle
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import torch

__all__ = ["aside", "one_thread"]


def one_thread() -> None:
    """Let torch compute in this thread alone from now on, before it has begun any other."""
    torch.set_num_threads(1)


def aside(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin `work`, and return a function that waits for its result, to be called once.

    The result must be plain enough to be pickled; files that `work` writes are there too.
    """
    alone = threading.active_count() == 1 and torch.get_num_threads() == 1
    if not alone or len(os.sched_getaffinity(0)) < 2:
        return work
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _work(work, writing)
    os.close(writing)

    def result() -> Any:
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
        # Of this program's own other half. Where that died, the work is done here.
        return pickle.loads(told) if told else work()

    return result


def _work(work: Callable[[], Any], writing: int) -> NoReturn:
    """The other process: it holds no lock, answers no request to end, and leaves by `_exit`."""
    try:
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(one, signal.SIG_DFL)
        os.closerange(3, writing)
        os.closerange(writing + 1, 4096)
        told = pickle.dumps(work())
        with suppress(OSError), os.fdopen(writing, "wb") as pipe:
            pipe.write(told)
        os._exit(0)
    except BaseException:  # noqa: BLE001  # whatever it is, the first process will meet it too
        os._exit(1)
