"""Work in a process of its own: for what would hold this interpreter for seconds.

Python runs one thread at a time, so a visitor who uploads a large table would stop the sliders of
all others, however the threads are ordered. The process ends with its work, and all its memory goes
back. It is a new interpreter, not a fork: this one has threads, whose locks a fork would keep.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ParamSpec, TypeVar

from aqfusion.errors import InputError
from aqfusion.settings import ROOT

__all__ = ["ROOM", "OwnProcessError", "ProcessRoom", "run_in_own_process"]

_SECONDS = 120.0  # that the work may take on a busy machine
_MOST_MEMORY = 1_000_000_000  # bytes of address space, libraries included
P = ParamSpec("P")
T = TypeVar("T")


class OwnProcessError(InputError):
    """The process ended without a result: too slow, too large, or killed by the system."""


class ProcessRoom:
    """Room for one large process beside this one: what a server holds in all is bounded.

    One that idles, to be at hand for the next question, is ended where another needs the room.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = threading.Lock()
        self._end_idle: Callable[[], None] | None = None

    @contextmanager
    def taken(self, end_idle: Callable[[], None] | None = None) -> Iterator[None]:
        """Wait for the room and hold it within `with`.

        `end_idle` ends a process that stays behind; without it none does.
        """
        with self._lock:
            before, self._end_idle = self._end_idle, end_idle
            if before is not None and before != end_idle:
                before()
            yield


ROOM = ProcessRoom()


def run_in_own_process(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Return what `function` returns or raise what it raises there.

    It must be at the top of a module; it, its arguments and its result must be picklable. The
    process is as nice as the calling thread. `OwnProcessError` where there is no result.
    """
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with (
        ROOM.taken(),
        subprocess.Popen(
            [sys.executable, "-m", "aqfusion.own_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        ) as child,
    ):
        assert child.stdin is not None
        assert child.stdout is not None
        timer = threading.Timer(_SECONDS, child.kill)
        timer.start()
        try:
            with suppress(BrokenPipeError), child.stdin:
                pickle.dump((function, arguments, options), child.stdin, pickle.HIGHEST_PROTOCOL)
            # From the pipe and not from its bytes as a whole: waiting for each part of it lets
            # other threads run.
            succeeded, result = pickle.load(child.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            raise OwnProcessError(
                f"the server had to stop this work after at most {_SECONDS:.0f} seconds and "
                f"{_MOST_MEMORY // 1_000_000:,} MB of memory; a smaller file may pass"
            ) from error
        finally:
            timer.cancel()
            child.kill()
    if not succeeded:
        raise result
    value: T = result
    return value


def _work() -> None:
    """The other process: what was asked for comes in, the result goes out, nothing else does."""
    with suppress(ImportError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand amid the result
    answer: tuple[bool, Any]
    try:
        function, arguments, options = pickle.load(sys.stdin.buffer)
        answer = True, function(*arguments, **options)
    except MemoryError:
        return
    except Exception as error:  # noqa: BLE001  # it is raised where the work came from
        answer = False, error
    with suppress(BrokenPipeError), out:
        pickle.dump(answer, out, pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    _work()
